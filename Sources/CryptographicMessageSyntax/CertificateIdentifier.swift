// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
internal import SwiftASN1

/// Names a certificate: the signer's or a recipient's (RFC 5652 §5.3, §6.2.1).
public enum CertificateIdentifier: Sendable, Hashable {
    /// By issuer and serial number, the latter as its content octets.
    case issuerAndSerialNumber(issuer: Name, serialNumber: [UInt8])
    /// By the subject key identifier.
    case subjectKeyIdentifier([UInt8])

    /// The identifier that everybody understands.
    public init(of certificate: EncodedCertificate) {
        self = .issuerAndSerialNumber(issuer: certificate.issuer, serialNumber: certificate.serialNumber)
    }

    package init(_ node: EncodedValue) throws(PKIXError) {
        if node.identifier == .context(0) {
            self = .subjectKeyIdentifier(Array(try node.octets("subjectKeyIdentifier", tag: .context(0))))
            return
        }
        var reader = try NodeReader(node, .sequence, "issuerAndSerialNumber")
        let issuer = try Name(try reader.next(.sequence, "issuer"))
        let serialNumber = try reader.next(.integer, "serialNumber").primitive("serialNumber")
        self = .issuerAndSerialNumber(issuer: issuer, serialNumber: Array(serialNumber))
    }

    func append(to serializer: inout DEREncoder) {
        switch self {
        case .issuerAndSerialNumber(let issuer, let serialNumber):
            serializer.sequence { pair in
                pair.serializeRawBytes(issuer.der)
                pair.integer(serialNumber)
            }
        case .subjectKeyIdentifier(let identifier):
            serializer.octetString(identifier, .context(0))
        }
    }

    /// Whether this names a certificate.
    ///
    /// Issuers are compared by meaning, since clients re-encode them (client-quirks F4), and serial numbers as numbers,
    /// since some write leading zeros (D7).
    public func matches(_ certificate: EncodedCertificate) -> Bool {
        switch self {
        case .issuerAndSerialNumber(let issuer, let serialNumber):
            func number(_ octets: [UInt8]) -> ArraySlice<UInt8> { octets.drop { $0 == 0 } }
            return number(serialNumber) == number(certificate.serialNumber)
                && issuer.isEquivalent(to: certificate.issuer)
        case .subjectKeyIdentifier(let identifier):
            return certificate.subjectKeyIdentifier == identifier
        }
    }
}
