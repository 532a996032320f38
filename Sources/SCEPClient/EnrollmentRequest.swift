// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
public import X509

/// What a client asks a certificate for.
public struct EnrollmentRequest: Sendable {
    /// The subject asked for.
    public var subject: Name
    /// The key to be certified, which signs the request and decrypts the reply.
    public var key: any KeyDecryptionKey
    /// The secret that authorises the request; nil when there is none.
    public var challenge: ChallengePassword?
    /// The subject alternative names asked for.
    public var alternativeNames: [RequestedName]
    /// Further extensions asked for.
    public var extensions: [Certificate.Extension]

    /// Puts a request together.
    public init(
        subject: Name,
        key: any KeyDecryptionKey,
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

    /// Refuses what could be sent, but whose reply could not be read.
    ///
    /// - Throws: `unsupportedKey` for keys that do not decrypt: a reply to them is encrypted under the challenge (RFC 8894 §3.1).
    public static func check(_ key: KeyAlgorithm) throws(SCEPClientError) {
        guard case .rsa = key else {
            throw .unsupportedKey(
                "replies to EC keys need PasswordRecipientInfo, which this version does not have yet; use an RSA key"
            )
        }
    }
}
