// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// Damaged, duplicated and absurd messages: each gets an answer or none, nothing is issued, and nothing traps.
@Suite struct HostileMessageTests {
    private let scene: SCEPScene
    private let dialogue: Dialogue

    init() throws {
        let scene = try SCEPScene()
        self.scene = scene
        self.dialogue = Dialogue(scene: scene)
    }

    /// Signed attributes and signature, whose damage must never go unnoticed; the rest may hold bytes that mean nothing.
    private func isIssued(_ bytes: [UInt8]) throws -> Bool {
        guard case .issued = try dialogue.send(bytes) else { return false }
        return true
    }

    @Test func noFlippedByteIsAnEnrolmentOfSomethingElse() throws {
        let bytes = try scene.message().build()
        var issued = 0
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            guard case .issued(let request, _) = try dialogue.send(damaged) else { continue }
            // What may change without notice: versions, digestAlgorithms, and the parts of the signer's certificate that
            // nothing looks at. What was asked, by whom and under which name is the same.
            issued += 1
            guard case .enroll(let inner) = request.content else { continue }
            #expect(inner.der == scene.request)
            #expect(request.message.received.transactionID.text == "0123456789ABCDEF")
            #expect(request.message.signerKey.subjectPublicKeyInfo == scene.clientKey.publicKey.subjectPublicKeyInfo)
        }
        #expect(issued > 0)
        #expect(issued < bytes.count / 3)
    }

    @Test func noTruncationIsRead() throws {
        let bytes = try scene.message().build()
        for length in stride(from: 0, to: bytes.count, by: 3) {
            guard case .unreadable = try dialogue.send(Array(bytes.prefix(length))) else {
                Issue.record("\(length) bytes were read")
                continue
            }
        }
    }

    @Test func randomDamageAndRandomBytesEnd() throws {
        var generator = SeededGenerator()
        let message = try scene.message()
        var indefinite = message
        indefinite.form = .indefinite
        var issued = 0
        for bytes in [try message.build(), try indefinite.build()] {
            for _ in 0..<750 {
                let damaged = Mutation.splice(Mutation.flip(bytes, using: &generator).bytes, using: &generator)
                issued += try isIssued(damaged.bytes) ? 1 : 0
            }
        }
        for _ in 0..<1000 {
            let count = Int.random(in: 0..<300, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            issued += try isIssued([0x30] + bytes) ? 1 : 0
        }
        #expect(issued < 100)
    }

    @Test func randomDamageInsideTheEnvelopeIsAlwaysTheSameFailure() throws {
        // Whoever captures an envelope can sign it anew around every change of it: the answers must not differ (design §6.1).
        var generator = SeededGenerator()
        var answers: Set<[UInt8]> = []
        for _ in 0..<60 {
            let mask = UInt8.random(in: 1...255, using: &generator)
            let place = Int.random(in: 0..<200, using: &generator)
            let inKey = Bool.random(using: &generator)
            let spoil: @Sendable ([UInt8]) -> [UInt8] = { bytes in
                bytes.enumerated().map { $0.offset == bytes.count - 1 - place ? $0.element ^ mask : $0.element }
            }
            let message = try scene.message { if inKey { $0.spoilKey = spoil } else { $0.spoilContent = spoil } }
            switch try dialogue.send(message) {
            case .refused(let error, let reply):
                let reader = try ReplyReader(reply)
                answers.insert(
                    try #require(try reader.value(OID.failInfo)).encoded
                        + (try #require(try reader.value(OID.failInfoText)).encoded)
                )
                guard case .notOpened = error else {
                    Issue.record("\(error)")
                    continue
                }
            case .issued(let request, _):
                // The damage can fall on text inside: the request's own signature shows it then.
                guard case .enroll(let inner) = request.content else { continue }
                #expect(!inner.isSigned(by: request.message.signerKey))
            case .unreadable(let reason): Issue.record("\(reason)")
            }
        }
        #expect(answers == [TLV.printable("2") + TLV.utf8("the request was refused")])
    }

    @Test func aDuplicateOfTheAnswerableAttributesCannotBeAnswered() throws {
        for (type, value) in [(OID.transactionID, TLV.printable("other")), (OID.senderNonce, TLV.octetString([1]))] {
            var message = try scene.message()
            message.attributes.append(TLV.attribute(type, value))
            guard case .unreadable = try dialogue.send(message) else {
                Issue.record("answered")
                continue
            }
        }
    }

    @Test(arguments: [OID.messageType, OID.contentType, OID.messageDigest, OID.signingTime, OID.randomNonce])
    func aDuplicateOfAnotherAttributeIsAnsweredAndRefused(type: [UInt8]) throws {
        var message = try scene.message()
        let value = type == OID.contentType ? OID.data : TLV.printable("19")
        message.attributes += [TLV.attribute(type, value), TLV.attribute(type, value)]
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
    }

    @Test func nothingThatIsNoMessageIsRead() throws {
        var deep: [UInt8] = []
        for _ in 0..<1_000 { deep = TLV.encode(0x30, deep) }
        let others: [[UInt8]] = [
            [], [0], [0x30, 0x80], deep, Array("GET / HTTP/1.0".utf8), scene.request, scene.client.der,
            try scene.envelope().build(),
            [UInt8](repeating: 0, count: 10_000), [UInt8](repeating: 0x30, count: 10_000),
            [UInt8](repeating: 0xFF, count: 10_000),
        ]
        for bytes in others {
            guard case .unreadable = try dialogue.send(bytes) else {
                Issue.record("\(bytes.prefix(20)) was read")
                continue
            }
        }
    }

    @Test func deepNestingInsideTheEnvelopeIsNotOpened() throws {
        var deep: [UInt8] = []
        for _ in 0..<1_000 { deep = TLV.encode(0x30, deep) }
        let nested = deep
        #expect(try dialogue.failInfo(try scene.message { $0.plaintext = nested }) == .badRequest)
        var content = try scene.message()
        content.content = nested
        #expect(try dialogue.failInfo(content) == .badRequest)
        var certificate = try scene.message()
        certificate.certificates = [nested]
        guard case .unreadable = try dialogue.send(certificate) else {
            Issue.record("read")
            return
        }
    }

    @Test func noErrorShowsTheChallenge() throws {
        let secret = "Never-Shown-1234"
        let scene = try SCEPScene(challenge: secret)
        let twice = TLV.attribute(OID.challengePassword, TLV.printable(secret), TLV.printable(secret))
        var wrong = HandMadeRequest("device-1", key: scene.clientKey)
        wrong.attributes = [twice]
        let der = try wrong.der()
        for message in [
            try scene.message { $0.plaintext = der }, try scene.message { $0.plaintext = Array(secret.utf8) },
            try scene.message { $0.spoilContent = { Array($0.dropLast(16)) } },
        ] {
            guard case .refused(let error, let reply) = try Dialogue(scene: scene).send(message) else {
                Issue.record("accepted")
                continue
            }
            #expect(!String(reflecting: error).contains(secret))
            #expect(!reply.contains(run: Array(secret.utf8)))
        }
    }
}
