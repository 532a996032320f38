// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import PKIX
internal import SwiftASN1

/// One recipient who knows a password (RFC 5652 §6.2.4): how a SCEP client is answered whose key can't decrypt (RFC 8894 §3.1).
///
///     PasswordRecipientInfo ::= SEQUENCE {
///       version CMSVersion,   -- always 0
///       keyDerivationAlgorithm [0] KeyDerivationAlgorithmIdentifier OPTIONAL,
///       keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///       encryptedKey EncryptedKey }
public struct PasswordRecipient: Sendable, Hashable {
    /// How the key-encryption key comes from the password; nil when it is not said.
    public let keyDerivationAlgorithm: AlgorithmIdentifier?
    /// How the content-encryption key is wrapped.
    public let keyEncryptionAlgorithm: AlgorithmIdentifier
    /// The wrapped content-encryption key.
    public let encryptedKey: [UInt8]

    init(_ node: EncodedValue) throws {
        var reader = try NodeReader(node, .context(3), "PasswordRecipientInfo")
        _ = try reader.next(.integer, "version")
        if let wrapper = reader.nextIf(.context(0)) {
            // The tag is implicit: under it stand the members of the AlgorithmIdentifier.
            var members = try NodeReader(wrapper, .context(0), "keyDerivationAlgorithm")
            let algorithm = try members.next(.objectIdentifier, "algorithm").objectIdentifier("keyDerivationAlgorithm")
            let parameters = members.next().map { Array($0.encodedBytes) }
            self.keyDerivationAlgorithm = AlgorithmIdentifier(algorithm, parameters: parameters)
        } else {
            self.keyDerivationAlgorithm = nil
        }
        self.keyEncryptionAlgorithm = try AlgorithmIdentifier(
            try reader.next(.sequence, "keyEncryptionAlgorithm"),
            "keyEncryptionAlgorithm"
        )
        self.encryptedKey = Array(try reader.next(.octetString, "encryptedKey").octets("encryptedKey"))
    }

    /// Opens the content-encryption key.
    ///
    /// - Parameters:
    ///   - password: the password.
    ///   - byteCount: how long the key has to be.
    ///   - limits: how much work the peer may cause.
    /// - Returns: the key.
    /// - Throws: `unsupportedAlgorithm` when the key is not wrapped by PBKDF2 and PWRI-KEK, `limitExceeded`, `undecryptable`.
    func contentKey(password: String, byteCount: Int, limits: CMSLimits) throws(CMSError) -> [UInt8] {
        guard let keyDerivationAlgorithm else {
            throw .unsupportedAlgorithm("password recipient without key derivation")
        }
        let derivation = try keyDerivationAlgorithm.passwordDerivation(limits: limits)
        guard let (cipher, iv) = try keyEncryptionAlgorithm.passwordKeyWrap() else {
            throw .unsupportedAlgorithm("key wrap \(keyEncryptionAlgorithm.algorithm)")
        }
        do {
            let key = try derivation.key(password: password, byteCount: cipher.keyByteCount)
            return try PasswordKeyWrap.unwrap(encryptedKey, byteCount: byteCount, under: key, cipher: cipher, iv: iv)
        } catch {
            throw .undecryptable
        }
    }

    /// Makes the RecipientInfo for a password.
    ///
    /// The parameters are those of `openssl cms -pwri_password`, with a longer salt, which the most peers read: the iterations protect a
    /// weak password, and a reply is only made for a strong one.
    ///
    /// - Returns: the encoding, under its implicit tag.
    static func encoded(
        contentKey: [UInt8],
        password: String,
        cipher: ContentCipher,
        using generator: inout some RandomNumberGenerator
    ) throws(CMSError) -> [UInt8] {
        let iv = generator.bytes(cipher.blockByteCount)
        let salt = generator.bytes(16)
        let wrapped: [UInt8]
        do {
            let derivation = try PasswordDerivation(salt: salt, iterations: replyIterations, digest: .sha1)
            let key = try derivation.key(password: password, byteCount: cipher.keyByteCount)
            wrapped = try PasswordKeyWrap.wrap(contentKey, under: key, cipher: cipher, iv: iv, using: &generator)
        } catch {
            throw .unencodable("PasswordRecipientInfo")
        }
        return try mapping {
            try encode("PasswordRecipientInfo") { serializer in
                try serializer.constructed(.context(3)) { info in
                    info.integer(0)
                    try info.constructed(.context(0)) { derivation in
                        try derivation.serialize(ASN1ObjectIdentifier.CMS.pbkdf2)
                        try derivation.sequence { parameters in
                            parameters.octetString(salt)
                            try parameters.serialize(replyIterations)
                        }
                    }
                    try info.sequence { encryption in
                        try encryption.serialize(ASN1ObjectIdentifier.CMS.pwriKEK)
                        try AlgorithmIdentifier.contentCipher(cipher, iv: iv).append(to: &encryption)
                    }
                    info.octetString(wrapped)
                }
            }
        }
    }

    private static let replyIterations = 2048
}

extension AlgorithmIdentifier {
    /// The key derivation that this identifies (RFC 8018 §A.2).
    ///
    /// - Throws: `unsupportedAlgorithm` when it is not PBKDF2 with HMAC over SHA-1 or SHA-2, `malformed`, `limitExceeded`.
    func passwordDerivation(limits: CMSLimits) throws(CMSError) -> PasswordDerivation {
        guard algorithm == .CMS.pbkdf2, let parameters else {
            throw .unsupportedAlgorithm("key derivation \(algorithm)")
        }
        return try mapping {
            let node = try ASN1Parsing.parse(parameters[...], "PBKDF2-params")
            var reader = try NodeReader(node, .sequence, "PBKDF2-params")
            let salt = Array(try reader.next(.octetString, "salt").octets("salt"))
            let octets = try reader.next(.integer, "iterationCount").primitive("iterationCount")
            _ = reader.nextIf(.integer)
            var digest = DigestAlgorithm.sha1
            if let prf = reader.nextIf(.sequence) {
                let identifier = try AlgorithmIdentifier(prf, "prf")
                guard let known = identifier.authenticationDigest else {
                    throw CMSError.unsupportedAlgorithm("pseudo-random function \(identifier.algorithm)")
                }
                digest = known
            }
            // The peer chooses the work (CVE-2024-43541 and its like): it is bounded before it is done.
            guard salt.count <= limits.passwordSaltByteCount else { throw CMSError.limitExceeded("bytes of salt") }
            guard let first = octets.first, first < 0x80, octets.count <= 4 else {
                throw CMSError.limitExceeded("PBKDF2 iterations")
            }
            let iterations = octets.reduce(0) { $0 << 8 | Int($1) }
            guard iterations <= limits.passwordIterations else { throw CMSError.limitExceeded("PBKDF2 iterations") }
            do {
                return try PasswordDerivation(salt: salt, iterations: iterations, digest: digest)
            } catch {
                throw CMSError.malformed("PBKDF2-params: \(iterations) iterations")
            }
        }
    }

    /// The cipher and vector that id-alg-PWRI-KEK names as its parameters (RFC 3211 §2.3); nil when this is another algorithm.
    func passwordKeyWrap() throws(CMSError) -> (cipher: ContentCipher, iv: [UInt8])? {
        guard algorithm == .CMS.pwriKEK, let parameters else { return nil }
        let inner = try mapping {
            try AlgorithmIdentifier(try ASN1Parsing.parse(parameters[...], "PWRI-KEK"), "PWRI-KEK")
        }
        guard let found = try inner.contentCipher(), found.cipher != .insecureDESCBC else { return nil }
        return found
    }

    private var authenticationDigest: DigestAlgorithm? {
        switch algorithm {
        case .CMS.hmacWithSHA1: .sha1
        case .CMS.hmacWithSHA256: .sha256
        case .CMS.hmacWithSHA384: .sha384
        case .CMS.hmacWithSHA512: .sha512
        default: nil
        }
    }
}
