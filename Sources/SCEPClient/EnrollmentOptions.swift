// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

/// How a pkiMessage travels (RFC 8894 §4.1).
public enum Transport: String, Sendable, Hashable, CaseIterable {
    /// In the query of a GET, as base64.
    case get
    /// As the body of a POST.
    case post
}

/// Whether a server has to announce the standard set of capabilities (RFC 8894 §7.5).
public enum StandardPolicy: Sendable, Hashable {
    /// The server's list is taken as it is.
    case optional
    /// A list without `SCEPStandard` is taken for a downgrade, and enrolment stops.
    case required
}

/// How an enrolment is done; what is nil follows from the server's capabilities.
public struct EnrollmentOptions: Sendable, Hashable {
    /// The digest of the signatures.
    public var digest: DigestAlgorithm?
    /// The cipher of the envelope.
    public var cipher: ContentCipher?
    /// How the message travels.
    public var transport: Transport?
    /// Whether the server has to announce `SCEPStandard`.
    public var standard: StandardPolicy

    /// Puts options together.
    public init(
        digest: DigestAlgorithm? = nil,
        cipher: ContentCipher? = nil,
        transport: Transport? = nil,
        standard: StandardPolicy = .optional
    ) {
        self.digest = digest
        self.cipher = cipher
        self.transport = transport
        self.standard = standard
    }
}
