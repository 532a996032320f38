// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
public import X509

/// What a client asks a certificate for.
public struct EnrollmentRequest: Sendable {
    /// The subject asked for.
    public var subject: Name
    /// The key to be certified, which signs the request and, if it is RSA, decrypts the reply.
    public var key: any PrivateKey
    /// The secret that authorises the request; nil when there is none.
    ///
    /// The reply to a key that can't decrypt is encrypted under it (RFC 8894 §3.1).
    public var challenge: ChallengePassword?
    /// The subject alternative names asked for.
    public var alternativeNames: [RequestedName]
    /// Further extensions asked for.
    public var extensions: [Certificate.Extension]

    /// Puts a request together.
    public init(
        subject: Name,
        key: any PrivateKey,
        challenge: ChallengePassword? = nil,
        alternativeNames: [RequestedName] = [],
        extensions: [Certificate.Extension] = []
    ) {
        self.subject = subject
        self.key = key
        self.challenge = challenge
        self.alternativeNames = alternativeNames
        self.extensions = extensions
    }
}

extension KeyAlgorithm {
    /// Refuses what could be sent, but whose reply could not be read.
    ///
    /// - Parameter challenge: the challenge of the request.
    /// - Throws: `challengeMissing` for a key that does not decrypt, when there is no challenge to encrypt the reply under
    ///   (RFC 8894 §3.1).
    public func checkReplies(challenge: ChallengePassword?) throws(SCEPClientError) {
        guard case .ec = self, challenge == nil else { return }
        throw .challengeMissing("a reply to an EC key is encrypted under the challenge, and there is none")
    }
}
