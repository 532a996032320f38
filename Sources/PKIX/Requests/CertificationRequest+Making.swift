// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import SwiftASN1
public import X509

extension CertificationRequest {
    /// Makes and signs a request (RFC 2986 §4.2).
    ///
    /// - Parameters:
    ///   - subject: the subject asked for.
    ///   - key: the key to be certified, which signs.
    ///   - challengePassword: the challenge; left out when nil (RFC 2985 §5.4.1).
    ///   - extensions: the extensions asked for.
    ///   - scheme: how to sign; the key's own preference when nil.
    /// - Returns: the signed request.
    /// - Throws: `unencodable`.
    public static func make(
        subject: Name,
        key: some PrivateKey,
        challengePassword: String? = nil,
        extensions: [Certificate.Extension] = [],
        scheme: SignatureScheme? = nil
    ) throws(PKIXError) -> CertificationRequest {
        var attributes: [[UInt8]] = []
        if let challengePassword {
            attributes.append(
                try attribute(.PKIX.challengePassword) { CharacterString.append(challengePassword, to: &$0) }
            )
        }
        if !extensions.isEmpty {
            attributes.append(
                try attribute(.PKIX.extensionRequest) { try CertificateExtensions.append(extensions, to: &$0) }
            )
        }
        let keyInfo = try SubjectPublicKeyInfo(key.publicKey)
        let info = try encode("CertificationRequestInfo") { serializer in
            serializer.sequence { body in
                body.integer(0)
                body.serializeRawBytes(subject.der)
                body.serializeRawBytes(keyInfo.der)
                body.sortedSet(attributes, .context(0))
            }
        }
        let scheme = scheme ?? key.publicKey.algorithm.preferredScheme
        return try CertificationRequest(derEncoded: try SignedStructure.sign(info, key: key, scheme: scheme))
    }

    private static func attribute(
        _ type: ASN1ObjectIdentifier,
        _ value: (inout DEREncoder) throws -> Void
    ) throws(PKIXError) -> [UInt8] {
        try encode("Attribute") { serializer in
            try serializer.sequence { fields in
                try fields.serialize(type)
                try fields.constructed(.set, value)
            }
        }
    }
}
