// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP

/// One device's wish for one certificate, with all that it needs to ask for it again and again.
struct Application: Sendable {
    let profile: String
    /// Which of the profile's challenges it has.
    let challenge: Int
    let wanted: CertificationRequest
    private let parties: ClientRequest.Parties
    /// The message, made once: what is sent again is the very same bytes.
    let request: ClientRequest

    private static let options = ClientRequest.Options(digest: .sha256, cipher: .aes128CBC)

    init(
        subject: Name,
        profile: String,
        challenge: (number: Int, code: String),
        key: SoftwareKey,
        recipient: EncodedCertificate
    ) throws {
        var generator = SystemRandomNumberGenerator()
        let now = Date()
        self.profile = profile
        self.challenge = challenge.number
        self.wanted = try CertificationRequest.make(subject: subject, key: key, challengePassword: challenge.code)
        self.parties = ClientRequest.Parties(
            signer: try TemporaryCertificate.make(subject: subject, key: key, now: now, using: &generator),
            key: key,
            recipient: recipient
        )
        self.request = try ClientRequest.pkcsReq(
            wanted,
            parties: parties,
            options: Self.options,
            now: now,
            using: &generator
        )
    }

    /// Another message around the same request.
    func remade() throws -> ClientRequest {
        var generator = SystemRandomNumberGenerator()
        return try ClientRequest.pkcsReq(
            wanted,
            parties: parties,
            transactionID: request.transactionID,
            options: Self.options,
            now: Date(),
            using: &generator
        )
    }

    /// A question what became of it.
    func poll(issuer: Name) throws -> ClientRequest {
        var generator = SystemRandomNumberGenerator()
        return try ClientRequest.certPoll(
            for: wanted,
            issuer: issuer,
            parties: parties,
            transactionID: request.transactionID,
            options: Self.options,
            now: Date(),
            using: &generator
        )
    }
}

/// What a device does with its challenge.
enum Story: String, Sendable, Encodable {
    /// Asks until it is answered.
    case plain
    /// Sends the same message to two nodes at the same instant.
    case twice
    /// Asks again some seconds after it was answered, the same message and another one.
    case late
    /// Two devices with one challenge ask two nodes at the same instant.
    case rivals

    static func draw(using generator: inout SplitMix) -> Story {
        switch generator.next() % 100 {
        case ..<40: .plain
        case ..<60: .twice
        case ..<75: .late
        default: .rivals
        }
    }
}

/// A small generator that repeats itself for the same seed (SplitMix64, by Steele, Lea and Flood).
struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
