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

/// Makes the messages of all classes.
struct SpoiltMessages {
    let server: PreparedServer
    let device: SoftwareKey
    /// A device whose key can't decrypt.
    let ellipticDevice: SoftwareKey
    let stranger: SoftwareKey
    let count: Int

    init(server: PreparedServer, count: Int) throws {
        self.server = server
        self.count = count
        self.device = try SoftwareKey.generate(.rsa(bits: 2048))
        self.ellipticDevice = try SoftwareKey.generate(.ec(.p256))
        self.stranger = try SoftwareKey.generate(.rsa(bits: 2048))
    }

    /// A challenge that would be good, so that only what is spoilt is wrong.
    private var good: String { server.good }

    /// The class that all others are compared with: everything is right but the challenge.
    static let reference = "challenge: unknown"

    func classes() throws -> [FailureClass] {
        try challenges() + keyTransports() + contents() + renewals() + queries() + passwordEnvelopes()
    }

    /// As long as a challenge, and none.
    private var unknown: String { String(repeating: "Q", count: good.count) }

    private func challenges() throws -> [FailureClass] {
        [
            try make(Self.reference) { try message(unknown) },
            try make("challenge: missing") { try message(nil) },
            try make("challenge: used") { try message(server.used) },
            try make("challenge: revoked") { try message(server.revoked) },
            try make("challenge: expired") { try message(server.expired) },
        ]
    }

    private func keyTransports() throws -> [FailureClass] {
        [
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
            // With our key it would be granted: clients name their recipient wrongly (client-quirks F4).
            try make("recipient: foreign") {
                try message(good) { envelope in
                    envelope.recipient = TLV.sequence(HandMadeCertificate.name("Foreign"), TLV.integer(9))
                    envelope.key = stranger.publicKey
                }
            },
        ]
    }

    private func contents() throws -> [FailureClass] {
        [
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
            try make("request: signature") { try message(good, request: { $0.signer = stranger }) },
            try make("request: another key") {
                try message(good) { _ in
                } request: { request in
                    request.signer = stranger
                    request.subjectPublicKeyInfo = stranger.publicKey.subjectPublicKeyInfo
                }
            },
        ]
    }

    private func renewals() throws -> [FailureClass] {
        [
            try make("renewal: by a stranger") { try message(good, type: "17") },
            try make("renewal: revoked") { try message(nil, type: "17", outer: signByRevoked) },
            // As drafts of old renew: a PKCSReq without a challenge.
            try make("renewal: revoked, PKCSReq") { try message(nil, outer: signByRevoked) },
        ]
    }

    /// Signs a message with the certificate that was revoked.
    private func signByRevoked(_ outer: inout PKIMessageBuilder) {
        outer.certificates = [server.revokedCertificate.der]
        outer.signerIdentifier = EnvelopeBuilder.identifier(of: server.revokedCertificate)
        outer.key = server.revokedKey
    }

    private func queries() throws -> [FailureClass] {
        [
            // Polls have no class of their own here: their envelopes are never opened (design §6.1).
            try make("query: by a stranger") { try message(good, type: "21") },
            try make("query: padding") {
                try message(good, type: "22") { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }
            },
        ]
    }

    /// What an EC device sends under a challenge (RFC 8894 §3.1).
    private func passwordEnvelopes() throws -> [FailureClass] {
        [
            try make("password: wrong") { try underPassword { $0.password = unknown } },
            try make("password: none for it") { try underPassword(transactionID: nil) },
            // The check octets of the wrapped key are wrong (RFC 3211 §2.3.2).
            try make("password: wrapped key changed") {
                try underPassword { $0.spoilKey = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }
            },
            try make("password: wrapped key cut") { try underPassword { $0.spoilKey = { $0.dropLast() } } },
            try make("password: padding") {
                try underPassword { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }
            },
            try make("password: first block") {
                try underPassword { $0.spoilContent = { [($0.first ?? 0) ^ 1] + $0.dropFirst() } }
            },
            try make("password: no request") {
                try underPassword { $0.plaintext = [UInt8](repeating: 0x5A, count: $0.plaintext.count) }
            },
            try make("password: another challenge") { try underPassword(challenge: unknown) },
        ]
    }

    /// A PKCSReq of the EC device, enveloped under the challenge that was made for its transactionID.
    private func underPassword(
        challenge: String? = nil,
        transactionID: String? = PreparedServer.transactionID,
        _ spoil: (inout EnvelopeBuilder) -> Void = { _ in }
    ) throws -> [UInt8] {
        let challenge = challenge ?? server.bound
        let request = try HandMadeRequest("timing", key: ellipticDevice, challenge: challenge).der()
        var envelope = EnvelopeBuilder(request, password: server.bound)
        spoil(&envelope)
        var outer = try outer(envelope, by: ellipticDevice, type: "19")
        if let transactionID {
            outer.replace(OID.transactionID, with: TLV.attribute(OID.transactionID, TLV.printable(transactionID)))
        }
        return try outer.build()
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
        var request = HandMadeRequest("timing", key: device, challenge: challenge)
        try spoilRequest(&request)
        var envelope = try EnvelopeBuilder(try request.der(), to: server.recipient)
        try spoilEnvelope(&envelope)
        var outer = try outer(envelope, by: device, type: type)
        try spoilOuter(&outer)
        return try outer.build()
    }

    /// A message with a transactionID and a nonce of its own.
    private func outer(_ envelope: EnvelopeBuilder, by key: SoftwareKey, type: String) throws -> PKIMessageBuilder {
        var generator = SystemRandomNumberGenerator()
        let id = (0..<PreparedServer.transactionID.count)
            .map { _ in String(Int.random(in: 0...15, using: &generator), radix: 16) }.joined()
        return PKIMessageBuilder(
            content: try envelope.build(),
            signer: try HandMadeCertificate("timing", key: key).read(),
            key: key,
            transactionID: id,
            messageType: type,
            senderNonce: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        )
    }
}

extension EnvelopeBuilder {
    /// RSAES-OAEP with SHA-1, the digest that its absent parameters mean (RFC 8017 §A.2.1).
    fileprivate mutating func useOAEP() {
        padding = .oaep(digest: .sha1, maskDigest: .sha1)
        keyTransport = TLV.sequence(OID.rsaOAEP, TLV.sequence())
    }
}
