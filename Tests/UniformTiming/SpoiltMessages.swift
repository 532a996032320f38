// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting

/// One way in which a request fails before its sender has authenticated, with messages that fail so.
struct FailureClass: Sendable {
    var name: String
    var messages: [[UInt8]]
}

/// Challenges that are not good, by what is wrong with them.
struct BadChallenges: Sendable {
    var used: String
    var revoked: String
    var expired: String
}

/// Makes the messages of all classes.
struct SpoiltMessages {
    let recipient: EncodedCertificate
    let bad: BadChallenges
    /// A challenge that would be good, so that only what is spoilt is wrong.
    let good: String
    let device: SoftwareKey
    let stranger: SoftwareKey
    let count: Int

    init(recipient: EncodedCertificate, bad: BadChallenges, good: String, count: Int) throws {
        self.recipient = recipient
        self.bad = bad
        self.good = good
        self.count = count
        self.device = try SoftwareKey.generate(.rsa(bits: 2048))
        self.stranger = try SoftwareKey.generate(.rsa(bits: 2048))
    }

    /// The class that all others are compared with: everything is right but the challenge.
    static let reference = "challenge: unknown"

    func classes() throws -> [FailureClass] {
        let unknown = String(repeating: "Q", count: good.count)
        return [
            try make(Self.reference) { try message(unknown) },
            try make("challenge: missing") { try message(nil) },
            try make("challenge: used") { try message(bad.used) },
            try make("challenge: revoked") { try message(bad.revoked) },
            try make("challenge: expired") { try message(bad.expired) },
            try make("key transport: changed") {
                try message(good) { $0.spoilKey = { key in key.map { $0 ^ 0x55 } } }
            },
            try make("key transport: another key's") { try message(good) { $0.key = stranger.publicKey } },
            try make("key transport: OAEP, changed") {
                try message(good) { envelope in
                    envelope.useOAEP()
                    envelope.spoilKey = { key in key.map { $0 ^ 0x55 } }
                }
            },
            try make("key transport: OAEP, another's") {
                try message(good) { envelope in
                    envelope.useOAEP()
                    envelope.key = stranger.publicKey
                }
            },
            try make("ciphertext: padding, OAEP") {
                try message(good) { envelope in
                    envelope.useOAEP()
                    envelope.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
                }
            },
            try make("ciphertext: padding") {
                try message(good) { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }
            },
            try make("ciphertext: first block") {
                try message(good) { $0.spoilContent = { [($0.first ?? 0) ^ 1] + $0.dropFirst() } }
            },
            try make("ciphertext: no whole blocks") { try message(good) { $0.spoilContent = { $0.dropLast() } } },
            try make("plaintext: no request") {
                try message(good) { $0.plaintext = [UInt8](repeating: 0x5A, count: $0.plaintext.count) }
            },
            // With our key it would be granted: clients name their recipient wrongly (client-quirks F4).
            try make("recipient: foreign") {
                try message(good) { envelope in
                    envelope.recipient = TLV.sequence(HandMadeCertificate.name("Foreign"), TLV.integer(9))
                    envelope.key = stranger.publicKey
                }
            },
            try make("request: signature") { try message(good, request: { $0.signer = stranger }) },
            try make("request: another key") {
                try message(good) { _ in
                } request: { request in
                    request.signer = stranger
                    request.subjectPublicKeyInfo = stranger.publicKey.subjectPublicKeyInfo
                }
            },
            try make("renewal: by a stranger") { try message(good, type: "17") },
            // Polls have no class of their own here: their envelopes are never opened (design §6.1).
            try make("query: by a stranger") { try message(good, type: "21") },
            try make("query: padding") {
                try message(good, type: "22") { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }
            },
        ]
    }

    /// Fails before the uniform answer begins, and is answered at once: shows that the measure sees an early return.
    func early() throws -> FailureClass {
        try make("(early) outer signature") { try message(good, outer: { $0.spoilSignature = { $0.reversed() } }) }
    }

    private func make(_ name: String, _ message: () throws -> [UInt8]) throws -> FailureClass {
        FailureClass(name: name, messages: try (0..<count).map { _ in try message() })
    }

    private func message(
        _ challenge: String?,
        type: String = "19",
        _ spoilEnvelope: (inout EnvelopeBuilder) throws -> Void = { _ in },
        request spoilRequest: (inout HandMadeRequest) throws -> Void = { _ in },
        outer spoilOuter: (inout PKIMessageBuilder) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let id = (0..<32).map { _ in String(Int.random(in: 0...15, using: &generator), radix: 16) }.joined()
        var request = HandMadeRequest("timing", key: device, challenge: challenge)
        try spoilRequest(&request)
        var envelope = try EnvelopeBuilder(try request.der(), to: recipient)
        try spoilEnvelope(&envelope)
        var outer = PKIMessageBuilder(
            content: try envelope.build(),
            signer: try HandMadeCertificate("timing", key: device).read(),
            key: device,
            transactionID: id,
            messageType: type,
            senderNonce: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        )
        try spoilOuter(&outer)
        return try outer.build()
    }
}

extension EnvelopeBuilder {
    /// RSAES-OAEP with SHA-1, the digest that its absent parameters mean (RFC 8017 §A.2.1).
    fileprivate mutating func useOAEP() {
        padding = .oaep(digest: .sha1, maskDigest: .sha1)
        keyTransport = TLV.sequence(OID.rsaOAEP, TLV.sequence())
    }
}
