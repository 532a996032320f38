// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

/// Whether something that is not in every server's reach is accepted.
public enum Acceptance: String, Sendable, Hashable, Codable, CaseIterable {
    /// It is refused.
    case refused
    /// It is accepted.
    case accepted
}

/// Which algorithms a profile accepts in requests, and so uses in replies (design §6.15).
public struct AlgorithmPolicy: Sendable, Hashable {
    /// The digests accepted in the outer signature.
    public var digests: Set<DigestAlgorithm>
    /// The content ciphers accepted.
    public var ciphers: Set<ContentCipher>
    /// The sizes of RSA key accepted from clients.
    public var clientKeyLimits: RSAKeyLimits
    /// Whether outer signatures may be RSASSA-PSS, which replies never are (client-quirks E7).
    public var pss: Acceptance
    /// Whether a request may be encrypted under a password instead of to the RA's key (RFC 8894 §3.1): whoever captures one may guess
    /// the password at leisure.
    public var passwordRecipients: Acceptance

    /// Puts a policy together.
    public init(
        digests: Set<DigestAlgorithm>,
        ciphers: Set<ContentCipher>,
        clientKeyLimits: RSAKeyLimits,
        pss: Acceptance = .refused,
        passwordRecipients: Acceptance = .refused
    ) {
        self.digests = digests
        self.ciphers = ciphers
        self.clientKeyLimits = clientKeyLimits
        self.pss = pss
        self.passwordRecipients = passwordRecipients
    }

    /// SHA-1 and SHA-2, AES and triple DES.
    public static let standard = AlgorithmPolicy(
        digests: [.sha1, .sha256, .sha384, .sha512],
        ciphers: [.aes128CBC, .aes192CBC, .aes256CBC, .tripleDESCBC],
        clientKeyLimits: .verification
    )

    /// The digest to answer with: the request's, if a reply may have it, else SHA-256.
    ///
    /// MD5 is never sent, not even under the legacy exception (RFC 8894 §2.9).
    public func replyDigest(to request: DigestAlgorithm?) -> DigestAlgorithm {
        guard let request, digests.contains(request), request != .insecureMD5 else { return .sha256 }
        return request
    }

    /// The cipher to answer with: the request's, or triple DES for single DES, which is never sent (RFC 8894 §2.9).
    public func replyCipher(to request: ContentCipher) -> ContentCipher {
        request == .insecureDESCBC ? .tripleDESCBC : request
    }
}
