// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPCrafting

extension Check {
    static let requests = [
        Check(name: "missing attributes", numbers: [78, 79, 91]) { try await $0.checkMissingAttributes() },
        Check(name: "message types", numbers: [80, 81]) { try await $0.checkMessageTypes() },
        Check(name: "content", numbers: [77, 83, 84]) { try await $0.checkContent() },
        Check(name: "integrity", numbers: [85, 86, 89, 90]) { try await $0.checkIntegrity() },
        Check(name: "unknown algorithms", numbers: [87]) { try await $0.checkUnknownAlgorithms() },
        Check(name: "signingTime", numbers: [88]) { try await $0.checkSigningTime() },
        Check(name: "an envelope for somebody else", numbers: [92]) { try await $0.checkForeignRecipient() },
        Check(name: "BER and unknown attributes", numbers: [94, 95]) { try await $0.checkTolerance() },
    ]

    static let dangerous = [
        Check(name: "no signed attributes", numbers: [82], isDangerous: true) { try await $0.checkNoAttributes() },
        Check(name: "the number of signers", numbers: [93], isDangerous: true) { try await $0.checkSigners() },
        Check(name: "broken ciphertexts", numbers: [96], isDangerous: true) { try await $0.checkCiphertexts() },
        Check(name: "absurd PasswordRecipientInfo", numbers: [167], isDangerous: true) {
            try await $0.checkAbsurdPasswordRecipients()
        },
        Check(name: "oversize", numbers: [56], isDangerous: true) { try await $0.checkOversize() },
    ]
}

extension ProbeSession {
    /// A request that has to be refused for what is done to its outer layer.
    @discardableResult
    private func spoilt(
        _ number: Int,
        _ label: String,
        failInfo: String? = nil,
        isAnswerable: Bool = true,
        _ spoilers: Spoilers
    ) async throws -> Reply? {
        try await refuse(number, label, failInfo: failInfo, isAnswerable: isAnswerable) { sender, challenge in
            try enrolment(sender, challenge: challenge, at: main, spoilers).sent
        }
    }

    func checkMissingAttributes() async throws {
        for (number, type, name) in [
            (78, OID.transactionID, "no transactionID"), (79, OID.messageType, "no messageType"),
            (91, OID.senderNonce, "no senderNonce"),
        ] {
            try await spoilt(number, name, isAnswerable: false, Spoilers(outer: { $0.replace(type) }))
        }
    }

    func checkMessageTypes() async throws {
        for (number, types) in [(80, ["18", "1", "99", "abc", ""]), (81, ["0", "3"])] {
            for type in types {
                try await refuse(number, "messageType \"\(type)\"") { sender, challenge in
                    try enrolment(sender, challenge: challenge, at: main, type: type).sent
                }
            }
        }
    }

    func checkContent() async throws {
        let names = TLV.sequence(main.issuer?.subject.der ?? [], HandMadeCertificate.name("probe"))
        // For a transaction that is there: a server may refuse any other poll before it looks inside.
        if let first = try await firstEnrolment() {
            let id = first.sent.transactionID
            let sent = try message("20", first.request, from: first.sender, to: main, transactionID: id)
            let reply = try await ask("CertPoll with a PKCS#10 request", sent, at: main)
            judgeRefusal(84, "CertPoll with a PKCS#10 request", reply, failInfo: "2")
        }
        try await refuse(84, "PKCSReq with names", failInfo: "2") { sender, _ in
            try message("19", names, from: sender, to: main)
        }
        try await spoilt(
            83,
            "content typed envelopedData",
            Spoilers(outer: {
                $0.eContentType = OID.envelopedData
                $0.contentTypeAttribute = TLV.attribute(OID.contentType, OID.envelopedData)
            })
        )
        try await refuse(77, "a PKCS#10 request in the clear") { sender, challenge in
            let request = try certificationRequest(sender.name, key: sender.key, challenge: challenge)
            var (sent, _) = try enrolment(sender, challenge: challenge, at: main)
            var outer = PKIMessageBuilder(
                content: request,
                signer: sender.certificate,
                key: sender.key,
                transactionID: sent.transactionID,
                senderNonce: sent.senderNonce
            )
            outer.content = request
            sent.bytes = try outer.build()
            return sent
        }
    }

    func checkIntegrity() async throws {
        try await spoilt(
            85,
            "a changed signature",
            failInfo: "1",
            Spoilers(outer: {
                $0.spoilSignature = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
            })
        )
        try await spoilt(
            86,
            "changed content",
            failInfo: "1",
            Spoilers(outer: {
                $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
            })
        )
        try await spoilt(89, "no signer's certificate", Spoilers(outer: { $0.certificates = [] }))
        let other = try device()
        try await spoilt(90, "another key's signature", failInfo: "1", Spoilers(outer: { $0.key = other.key }))
    }

    func checkUnknownAlgorithms() async throws {
        // SHA3-256, an old arc that nobody uses, and a cipher that CBC clients never name.
        try await spoilt(
            87,
            "an unknown digest",
            failInfo: "0",
            Spoilers(outer: {
                $0.digestIdentifier = TLV.algorithm(OID.sha3of256)
            })
        )
        try await spoilt(
            87,
            "an unknown cipher",
            failInfo: "0",
            Spoilers(envelope: { $0.cipherOID = OID.unknownCipher })
        )
    }

    func checkSigningTime() async throws {
        let past = Identity.time(Date(timeIntervalSinceNow: -5 * 365 * 86_400))
        let spoilers = Spoilers(outer: { $0.attributes.append(TLV.attribute(OID.signingTime, past)) })
        guard let late = try await enrol("a signingTime five years ago", [88], spoilers) else { return }
        let holds =
            late.reply.verdict == .success || late.reply.verdict == .pending || late.reply.verdict == .failure("3")
        expect(88, holds, "SUCCESS or FAILURE badTime", "far off: \(late.reply.seen)", late.reply.exchange)
        // The first enrolment has no signingTime.
        if let first = try await firstEnrolment() {
            expect(
                88,
                first.reply.verdict != .failure("3"),
                "no badTime",
                "none: \(first.reply.seen)",
                first.reply.exchange
            )
        } else {
            let reply = try await ask(
                "no signingTime",
                try enrolment(try device(), challenge: nil, at: main).sent,
                at: main
            )
            expect(88, reply.verdict != .failure("3"), "no badTime", "none: \(reply.seen)", reply.exchange)
        }
    }

    func checkForeignRecipient() async throws {
        let stranger = try device()
        try await refuse(92, "an envelope for somebody else", onlyFailure: true) { sender, challenge in
            let spoilers = Spoilers(envelope: {
                $0.recipient = EnvelopeBuilder.identifier(of: stranger.certificate)
                $0.key = stranger.key.publicKey
            })
            return try enrolment(sender, challenge: challenge, at: main, spoilers).sent
        }
    }

    func checkTolerance() async throws {
        let ber = Spoilers(
            envelope: { $0.writeContent = { TLV.segments(0x80, $0, of: 100) } },
            outer: { $0.form = .indefinite }
        )
        if let made = try await enrol("BER with indefinite lengths", [94], ber) {
            expect(94, made.reply.verdict == .success, "SUCCESS", made.reply.seen, made.reply.exchange)
        }
        let unknown = Spoilers(outer: {
            $0.attributes.append(TLV.attribute(OID.randomNonce, TLV.octetString(Array(1...8))))
        })
        if let made = try await enrol("an unknown attribute", [95], unknown) {
            expect(95, made.reply.verdict == .success, "SUCCESS", made.reply.seen, made.reply.exchange)
        }
    }

    // MARK: - Dangerous ones

    func checkNoAttributes() async throws {
        try await spoilt(
            82,
            "no signed attributes",
            isAnswerable: false,
            Spoilers(outer: { $0.signsAttributes = false })
        )
    }

    func checkSigners() async throws {
        for (count, name) in [(0, "no signer"), (2, "two signers")] {
            try await spoilt(93, name, isAnswerable: false, Spoilers(outer: { $0.signerCount = count }))
        }
    }

    func checkCiphertexts() async throws {
        let spoils: [(String, Spoilers)] = [
            ("a truncated ciphertext", Spoilers(envelope: { $0.spoilContent = { $0.dropLast(16) } })),
            ("a ciphertext of odd length", Spoilers(envelope: { $0.spoilContent = { $0.dropLast(5) } })),
            (
                "a wrong padding",
                Spoilers(envelope: { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 0x55] } })
            ),
            ("a wrong key", Spoilers(envelope: { $0.spoilKey = { $0.dropLast() + [($0.last ?? 0) ^ 0x55] } })),
        ]
        var answers: [(name: String, words: String)] = []
        for (name, spoilers) in spoils {
            let reply = try await refuse(96, name, onlyFailure: true) { sender, challenge in
                try enrolment(sender, challenge: challenge, at: main, spoilers).sent
            }
            if let reply { answers.append((name, reply.seen)) }
        }
        guard let first = answers.first else { return }
        if let other = answers.first(where: { $0.words != first.words }) {
            fail(
                96,
                expected: "one answer for all",
                "\(first.name): \(first.words); \(other.name): \(other.words)"
            )
        } else {
            pass(96, "the same answer to all: \(first.words)")
        }
    }

    func checkOversize() async throws {
        let body = [UInt8](repeating: 0x30, count: 8 << 20)
        let (number, result) = try await exchange(
            "a body of 8 MiB",
            .post(main.url.target("PKIOperation"), body),
            with: main.url
        )
        judgeOversize("a body of 8 MiB", number, result)
        let long = main.url.target("PKIOperation", message: String(repeating: "A", count: 2 << 20))
        let (second, answer) = try await exchange("a request line of 2 MiB", .get(long), with: main.url)
        judgeOversize("a request line of 2 MiB", second, answer)
    }

    private func judgeOversize(_ name: String, _ number: Int, _ result: Result<HTTPAnswer, ConnectionTrouble>) {
        switch result {
        case .success(let answer):
            expect(
                56,
                (400...499).contains(answer.status),
                "413, 414 or another 4xx",
                "\(name): HTTP \(answer.status)",
                number
            )
        // Whoever ends the connection early has refused as well: the answer may be lost while the rest is still on its way.
        case .failure(.closed): pass(56, "\(name): the connection was ended", number)
        case .failure(let trouble): fail(56, expected: "413 or 414", "\(name): \(trouble.sentence)", number)
        }
    }
}
