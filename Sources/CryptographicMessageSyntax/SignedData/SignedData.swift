// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
public import SwiftASN1

/// Content with signatures and certificates, as it came (RFC 5652 §5.1).
///
///     SignedData ::= SEQUENCE {
///       version CMSVersion,
///       digestAlgorithms DigestAlgorithmIdentifiers,
///       encapContentInfo EncapsulatedContentInfo,
///       certificates [0] IMPLICIT CertificateSet OPTIONAL,
///       crls [1] IMPLICIT RevocationInfoChoices OPTIONAL,
///       signerInfos SignerInfos }
public struct SignedData: Sendable, Hashable {
    /// What the content is.
    public let contentType: ASN1ObjectIdentifier
    /// The content octets; nil when they are absent, which isn't the same as empty.
    public let content: [UInt8]?
    /// The certificates as encoded, in the order in which they came.
    public let encodedCertificates: [[UInt8]]
    /// The CRLs as encoded.
    public let encodedCRLs: [[UInt8]]
    /// The signatures.
    public let signerInfos: [SignerInfo]

    /// Reads a message, BER or DER.
    ///
    /// - Throws: `malformed`, `limitExceeded`.
    public init(contentInfo bytes: [UInt8], limits: CMSLimits = .standard) throws(CMSError) {
        self = try mapping {
            let node = try ContentInfo.unwrap(ASN1Parsing.withoutTrailingPadding(bytes), .CMS.signedData, "SignedData")
            return try SignedData(node, limits: limits)
        }
    }

    private init(_ node: EncodedValue, limits: CMSLimits) throws {
        var reader = try NodeReader(node, .sequence, "SignedData")
        _ = try reader.next(.integer, "version")
        _ = try reader.next(.set, "digestAlgorithms")
        let encapsulated = try reader.next(.sequence, "encapContentInfo")
        var contentReader = try NodeReader(encapsulated, .sequence, "EncapsulatedContentInfo")
        self.contentType = try contentReader.next(.objectIdentifier, "eContentType").objectIdentifier("eContentType")
        self.content = try contentReader.nextIf(.context(0)).map { wrapper in
            var content = try NodeReader(wrapper, .context(0), "eContent")
            return Array(try content.next(.octetString, "eContent").octets("eContent"))
        }
        self.encodedCertificates = try Self.members(reader.nextIf(.context(0)), limits.certificates, "certificates")
        self.encodedCRLs = try Self.members(reader.nextIf(.context(1)), limits.certificates, "crls")
        var signerInfos: [SignerInfo] = []
        var signers = try NodeReader(try reader.next(.set, "signerInfos"), .set, "signerInfos")
        while let signer = signers.next() {
            // SCEP has one signer; a second one is reported by its count, not parsed into a long list.
            guard signerInfos.count < 2 else { throw CMSError.limitExceeded("signers") }
            signerInfos.append(try SignerInfo(signer, limits: limits))
        }
        self.signerInfos = signerInfos
    }

    private static func members(_ node: EncodedValue?, _ limit: Int, _ what: String) throws -> [[UInt8]] {
        guard let node, node.isConstructed else { return [] }
        var members: [[UInt8]] = []
        var reader = try NodeReader(node, node.identifier, what)
        while let member = reader.next() {
            guard members.count < limit else { throw CMSError.limitExceeded(what) }
            members.append(Array(member.encodedBytes))
        }
        return members
    }

    /// The certificates that can be read, in the order in which they came.
    public var certificates: [EncodedCertificate] {
        encodedCertificates.compactMap { try? EncodedCertificate(derEncoded: $0) }
    }

    /// The certificate that an identifier names, among those that came along.
    public func certificate(_ identifier: CertificateIdentifier) -> EncodedCertificate? {
        for encoded in encodedCertificates {
            if let certificate = try? EncodedCertificate(derEncoded: encoded), identifier.matches(certificate) {
                return certificate
            }
        }
        return nil
    }
}
