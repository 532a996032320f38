// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEPClient

extension ClientExit {
    /// The exit code of what ended a client's dealings with a server.
    init(_ error: SCEPClientError) {
        switch error {
        case .invalidInput, .unsupportedKey, .challengeMissing, .requestNotMade: self = .usage
        case .network, .http, .oversizedAnswer: self = .network
        case .standardNotAnnounced, .unusableCACertificates, .fingerprintMismatch, .untrustedCACertificate:
            self = .caNotTrusted
        case .refused: self = .refused
        case .pending, .pollingEnded: self = .pending
        case .replyRejected, .nextCARejected: self = .replyRejected
        }
    }
}
