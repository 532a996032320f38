// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
internal import SwiftASN1

/// What a CertPoll carries: the CA's name and the subject asked for (RFC 8894 §3.3.3).
///
/// Both are redundant, and clients fill them in wrongly (client-quirks I5): a server goes by transactionID and signer.
///
///     IssuerAndSubject ::= SEQUENCE { issuer Name, subject Name }
public struct IssuerAndSubject: Sendable, Hashable {
    /// The CA's subject; nil when it can't be read as a name, or was not read.
    public let issuer: Name?
    /// The subject of the request; nil when it can't be read as a name, or was not read.
    public let subject: Name?

    /// Puts names together.
    public init(issuer: Name, subject: Name) {
        self.issuer = issuer
        self.subject = subject
    }

    /// What a poll is taken for whose envelope stays closed.
    init() {
        self.issuer = nil
        self.subject = nil
    }

    /// Reads a structure of two members, whatever they are.
    ///
    /// - Throws: `malformed` when it is anything else, such as a PKCS#10 request.
    init(derEncoded der: [UInt8]) throws(PKIXError) {
        let node = try ASN1Parsing.parse(ASN1Parsing.withoutTrailingPadding(der), "IssuerAndSubject")
        var reader = try NodeReader(node, .sequence, "IssuerAndSubject")
        guard let issuer = reader.next(), let subject = reader.next() else {
            throw .malformed("IssuerAndSubject: not two names")
        }
        try reader.end()
        // Of a SEQUENCE of numbers or the like nobody means a name.
        guard issuer.identifier != .integer, subject.identifier != .integer else {
            throw .malformed("IssuerAndSubject: not two names")
        }
        self.issuer = try? Name(issuer)
        self.subject = try? Name(subject)
    }

    /// The DER encoding.
    func derEncoded() throws(PKIXError) -> [UInt8] {
        try encode("IssuerAndSubject") { serializer in
            serializer.sequence { names in
                names.serializeRawBytes(issuer?.der ?? [0x30, 0x00])
                names.serializeRawBytes(subject?.der ?? [0x30, 0x00])
            }
        }
    }
}

/// Names the certificate that a GetCert or GetCRL is about (RFC 8894 §3.3.4, RFC 5652 §10.2.4).
public struct IssuerAndSerialNumber: Sendable, Hashable {
    /// The issuer.
    public let issuer: Name
    /// The serial number's content octets.
    public let serialNumber: [UInt8]

    /// Puts both together.
    public init(issuer: Name, serialNumber: [UInt8]) {
        self.issuer = issuer
        self.serialNumber = serialNumber
    }

    /// Names a certificate.
    public init(of certificate: EncodedCertificate) {
        self.init(issuer: certificate.issuer, serialNumber: certificate.serialNumber)
    }

    /// Reads an encoding.
    init(derEncoded der: [UInt8]) throws(PKIXError) {
        let node = try ASN1Parsing.parse(ASN1Parsing.withoutTrailingPadding(der), "IssuerAndSerialNumber")
        var reader = try NodeReader(node, .sequence, "IssuerAndSerialNumber")
        self.issuer = try Name(try reader.next(.sequence, "issuer"))
        self.serialNumber = Array(try reader.next(.integer, "serialNumber").primitive("serialNumber"))
        try reader.end()
    }

    /// The DER encoding.
    func derEncoded() throws(PKIXError) -> [UInt8] {
        try encode("IssuerAndSerialNumber") { serializer in
            serializer.sequence { pair in
                pair.serializeRawBytes(issuer.der)
                pair.integer(serialNumber)
            }
        }
    }
}
