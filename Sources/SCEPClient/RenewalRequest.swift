// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

/// The message that asks for a renewal.
public enum RenewalMessage: Sendable, Hashable, CaseIterable {
    /// RenewalReq where the server announces `Renewal`, else PKCSReq (RFC 8894 §3.5.2).
    case automatic
    /// RenewalReq (RFC 8894 §3.3.1).
    case renewalReq
    /// PKCSReq signed with the old certificate, as in drafts of old.
    case pkcsReq
}

/// The key that a renewed certificate is for.
public enum RenewalKey: Sendable {
    /// A new one (RFC 8894 §2.5: recommended); store it before the request is sent.
    case new(any PrivateKey)
    /// The old certificate's.
    case reused
}

/// What a client asks a new certificate in place of an old one for: the same subject and alternative names.
public struct RenewalRequest: Sendable {
    /// The old certificate and its key, which sign the request and open the reply.
    public var current: ClientIdentity
    /// The key to be certified.
    public var key: RenewalKey
    /// The secret to send along: RFC 8894 §2.4 says that a client should send none.
    ///
    /// The reply to an old key that can't decrypt is encrypted under it (RFC 8894 §3.1).
    public var challenge: ChallengePassword?
    /// The message to send.
    public var message: RenewalMessage

    /// Puts a request together.
    public init(
        current: ClientIdentity,
        key: RenewalKey,
        challenge: ChallengePassword? = nil,
        message: RenewalMessage = .automatic
    ) {
        self.current = current
        self.key = key
        self.challenge = challenge
        self.message = message
    }

    /// The key to be certified.
    var certifiedKey: any PrivateKey {
        switch key {
        case .new(let key): key
        case .reused: current.key
        }
    }
}
