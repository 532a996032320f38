// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import SwiftASN1
public import X509

/// A PKCS#10 certification request, kept as it came (RFC 2986 §4).
///
///     CertificationRequest ::= SEQUENCE {
///         certificationRequestInfo CertificationRequestInfo,
///         signatureAlgorithm       AlgorithmIdentifier,
///         signature                BIT STRING }
public struct CertificationRequest: Sendable, Hashable {
    /// The most attributes that are read: Windows sends half a dozen.
    static let maximumAttributeCount = 32

    /// The whole encoding.
    public let der: [UInt8]
    /// The encoded CertificationRequestInfo: what the signature covers.
    public let info: [UInt8]
    /// The subject asked for.
    public let subject: Name
    /// The key to be certified.
    public let subjectPublicKeyInfo: SubjectPublicKeyInfo
    /// The challenge; nil when there is none.
    ///
    /// An empty one is no challenge (client-quirks K7). A secret: never log it.
    public let challengePassword: String?
    /// The extensions asked for: wishes, each to be allowed by somebody before it is granted.
    public let requestedExtensions: [Certificate.Extension]
    /// How it is signed.
    public let signatureAlgorithm: AlgorithmIdentifier
    /// The signature value.
    public let signature: [UInt8]

    /// Reads an encoded request.
    ///
    /// - Throws: `malformed`, also when an attribute that has one value has several, or occurs twice, or more follows the attributes:
    ///   guessing which is meant would let two readers see two requests.
    public init(derEncoded der: [UInt8]) throws(PKIXError) {
        let node = try ASN1Parsing.parse(ASN1Parsing.withoutTrailingPadding(der), "CertificationRequest")
        var request = try NodeReader(node, .sequence, "CertificationRequest")
        let body = try request.next(.sequence, "certificationRequestInfo")
        self.signatureAlgorithm = try AlgorithmIdentifier(
            try request.next(.sequence, "signatureAlgorithm"),
            "signatureAlgorithm"
        )
        self.signature = Array(try request.next(.bitString, "signature").bits("signature"))
        self.der = Array(node.encodedBytes)
        self.info = Array(body.encodedBytes)

        var reader = try NodeReader(body, .sequence, "CertificationRequestInfo")
        _ = try reader.next(.integer, "version")
        self.subject = try Name(try reader.next(.sequence, "subject"))
        self.subjectPublicKeyInfo = try SubjectPublicKeyInfo(try reader.next(.sequence, "subjectPKInfo"))
        let attributes = try Self.attributes(reader.nextIf(.context(0)))
        try reader.end()
        self.challengePassword = try Self.challenge(attributes)
        self.requestedExtensions = try Self.extensions(attributes)
    }

    /// Whether the request is signed with the key that it asks a certificate for.
    public func isSigned(by key: PublicKey) -> Bool {
        guard let scheme = signatureAlgorithm.signatureScheme() else { return false }
        return key.isValidSignature(signature, for: info, scheme: scheme)
    }

    /// The request without its challengePassword, to be stored.
    ///
    /// Its signature no longer fits.
    public func withoutChallengePassword() throws(PKIXError) -> [UInt8] {
        let node = try ASN1Parsing.parse(info[...], "CertificationRequestInfo")
        var reader = try NodeReader(node, .sequence, "CertificationRequestInfo")
        return try encode("CertificationRequest") { serializer in
            try serializer.sequence { request in
                try request.sequence { body in
                    while let member = reader.next() {
                        if member.identifier == .context(0) {
                            try Self.appendWithoutChallenge(member, to: &body)
                        } else {
                            body.serializeRawBytes(member.encodedBytes)
                        }
                    }
                }
                try signatureAlgorithm.append(to: &request)
                request.bitString(signature)
            }
        }
    }

    // MARK: - Attributes

    private struct Attribute {
        var type: ASN1ObjectIdentifier
        var values: [EncodedValue]
    }

    private static func attributes(_ node: EncodedValue?) throws(PKIXError) -> [Attribute] {
        guard let node else { return [] }
        var list: [Attribute] = []
        var reader = try NodeReader(node, .context(0), "attributes")
        while let member = reader.next() {
            guard list.count < maximumAttributeCount else {
                throw .malformed("attributes: more than \(maximumAttributeCount)")
            }
            var fields = try NodeReader(member, .sequence, "Attribute")
            let type = try fields.next(.objectIdentifier, "type").objectIdentifier("type")
            var values: [EncodedValue] = []
            var set = try NodeReader(try fields.next(.set, "values"), .set, "values")
            while let value = set.next() { values.append(value) }
            list.append(Attribute(type: type, values: values))
        }
        return list
    }

    private static func challenge(_ attributes: [Attribute]) throws(PKIXError) -> String? {
        let found = attributes.filter { $0.type == .PKIX.challengePassword }
        guard let attribute = found.first else { return nil }
        guard found.count == 1, attribute.values.count == 1, let value = attribute.values.first else {
            throw .malformed("challengePassword: not exactly one value")
        }
        guard let text = CharacterString.text(value) else { throw .malformed("challengePassword: not a string") }
        return text.isEmpty ? nil : text
    }

    private static func extensions(_ attributes: [Attribute]) throws(PKIXError) -> [Certificate.Extension] {
        let carriers: [ASN1ObjectIdentifier] = [
            .PKIX.extensionRequest, .PKIX.microsoftExtensions, .PKIX.verisignExtensions,
        ]
        var list: [Certificate.Extension] = []
        for attribute in attributes where carriers.contains(attribute.type) {
            guard attribute.values.count == 1, let value = attribute.values.first else {
                throw .malformed("extensionRequest: not exactly one value")
            }
            for entry in try CertificateExtensions.parse(value) {
                guard let earlier = list.first(where: { $0.oid == entry.oid }) else {
                    list.append(entry)
                    continue
                }
                guard earlier == entry else { throw .malformed("extensionRequest: two different \(entry.oid)") }
            }
        }
        return list
    }

    private static func appendWithoutChallenge(_ node: EncodedValue, to serializer: inout DEREncoder) throws {
        var reader = try NodeReader(node, .context(0), "attributes")
        try serializer.constructed(.context(0)) { attributes in
            while let member = reader.next() {
                var fields = try NodeReader(member, .sequence, "Attribute")
                let type = try fields.next(.objectIdentifier, "type").objectIdentifier("type")
                if type != .PKIX.challengePassword { attributes.serializeRawBytes(member.encodedBytes) }
            }
        }
    }
}
