// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import SCEP

extension ReasonCode {
    /// The step, reason and detail of a message that was not opened.
    static func explain(_ error: SCEPError) -> (step: String, reason: ReasonCode, detail: String) {
        switch error {
        case .unreadable(let detail): ("message", .messageUnreadable, detail)
        case .algorithmNotAccepted(let detail): ("algorithms", .messageAlgorithm, detail)
        case .integrityCheckFailed(let detail): ("signature", .messageIntegrity, detail)
        case .messageTypeNotServed(let detail): ("message", .messageType, detail)
        case .notOpened(let detail): ("envelope", .envelopeUnopened, detail)
        case .replyRejected(let detail), .unusableCACertificates(let detail), .unencodable(let detail):
            ("server", .internalError, detail)
        }
    }
}

extension IssuanceError {
    var reason: ReasonCode {
        switch self {
        case .lint: .issuerLint
        case .issuerExpired: .issuerExpired
        case .signingFailed, .unencodable: .issuerFailed
        }
    }

    var sentence: String {
        switch self {
        case .lint(let codes): "broken rules: \(codes.joined(separator: ", "))"
        case .issuerExpired: "the issuer's certificate has expired"
        case .signingFailed(let detail), .unencodable(let detail): detail
        }
    }
}

extension StoreError {
    var sentence: String {
        switch self {
        case .unavailable(let detail), .corrupted(let detail), .conflict(let detail): detail
        case .newerSchema: "the database was written by a newer version"
        case .unfinishedCopy: "a state is being copied into the database"
        }
    }
}

extension ClaimRefusal {
    var reason: ReasonCode {
        switch self {
        case .unknown: .challengeUnknown
        case .expired: .challengeExpired
        case .used: .challengeUsed
        case .revoked: .challengeRevoked
        case .locked: .registrationLocked
        case .decided: .approvalDecided
        }
    }
}

extension Duplicate {
    var reason: ReasonCode {
        switch self {
        case .subject: .policyDuplicateSubject
        case .key: .policyDuplicateKey
        }
    }
}

extension KeyDelivery {
    var label: String {
        switch self {
        case .transport(.pkcs1): "key transport PKCS#1 v1.5"
        case .transport(.oaep(let digest, _)): "key transport OAEP with \(digest.rawValue)"
        case .password: "key under a password"
        }
    }
}
