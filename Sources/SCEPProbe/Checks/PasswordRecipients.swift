// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting

extension Check {
    static let passwords = [
        Check(name: "EC clients", numbers: [163, 165, 168]) { try await $0.checkECClient() },
        Check(name: "EC clients without a challenge", numbers: [166]) { try await $0.checkECClientWithoutChallenge() },
        Check(name: "a request under a password", numbers: [164]) { try await $0.checkPasswordRequest() },
    ]
}

extension ProbeSession {
    func checkECClient() async throws {
        let made = try await enrol("enrolment of an EC client", [163, 165, 168], sender: try device(.ec(.p256)))
        guard let made else { return }
        let reply = made.reply
        switch reply.verdict {
        case .success:
            cannot(168, "EC clients are supported")
            // The reply's recipient and whether it opens were judged when it came.
            ecHolder = made.holder
        case .failure("0"):
            pass(168, reply.seen, reply.exchange)
            for number in [163, 165] { cannot(number, "EC clients are not supported") }
        case .pending: for number in [163, 165, 168] { cannot(number, "the request waits for approval") }
        default:
            fail(168, expected: "SUCCESS or FAILURE badAlg", reply.seen, reply.exchange)
            for number in [163, 165] { cannot(number, "EC clients are not supported (\(reply.seen))") }
        }
    }

    func checkECClientWithoutChallenge() async throws {
        let sent = try enrolment(try device(.ec(.p256)), challenge: nil, at: main).sent
        let reply = try await ask("an EC client without challenge", sent, at: main)
        expect(166, reply.isFailure, "FAILURE", "PKCSReq: \(reply.seen)", reply.exchange)
        guard let holder = ecHolder else { return }
        let key = try options.makeKey(.rsa(bits: 2048))
        let renewal = try enrolment(holder, challenge: nil, at: main, type: "17", subjectKey: key).sent
        let second = try await ask("RenewalReq of an EC client without challenge", renewal, at: main)
        expect(166, second.isFailure, "FAILURE", "RenewalReq: \(second.seen)", second.exchange)
    }

    func checkPasswordRequest() async throws {
        guard let ec = try await endpoint(.ec) else { return }
        guard let ticket = ec.take() else { return cannot(164, "there is no challenge left for it") }
        guard let challenge = ticket.challenge else { return cannot(164, "it takes a challenge") }
        let spoilers = Spoilers(envelope: { $0 = EnvelopeBuilder($0.plaintext, password: challenge) })
        let (sent, _) = try enrolment(
            try device(),
            challenge: challenge,
            at: ec,
            transactionID: ticket.transactionID,
            spoilers
        )
        let reply = try await ask("a request under a password", sent, at: ec)
        expect(164, reply.verdict == .success || reply.verdict == .pending, "SUCCESS", reply.seen, reply.exchange)
    }

    func checkAbsurdPasswordRecipients() async throws {
        let spoils: [(String, (inout EnvelopeBuilder) -> Void)] = [
            ("2147483647 iterations", { $0.writtenIterations = [0x7F, 0xFF, 0xFF, 0xFF] }),
            ("no iterations", { $0.writtenIterations = [0] }),
            ("a wrapped key of one block", { $0.spoilKey = { Array($0.prefix(16)) } }),
            ("a wrapped key of odd length", { $0.spoilKey = { Array($0.dropLast(3)) } }),
        ]
        for (name, spoil) in spoils {
            guard let ticket = main.peek() else { return cannot(167, "there is no challenge left for it") }
            let password = ticket.challenge ?? "password"
            let spoilers = Spoilers(envelope: {
                $0 = EnvelopeBuilder($0.plaintext, password: password)
                spoil(&$0)
            })
            let sent = try enrolment(try device(), challenge: ticket.challenge, at: main, spoilers).sent
            let reply = try await ask(name, sent, at: main)
            expect(167, reply.isFailure, "FAILURE", "\(name): \(reply.seen)", reply.exchange)
            // Ten million iterations take seconds; the whole of them would take a quarter of an hour.
            let taken = exchanges.last?.milliseconds ?? 0
            expect(
                167,
                taken < 5000,
                "an answer within 5 s",
                "\(name): \(taken < 5000 ? "quickly" : "after \(taken) ms")",
                reply.exchange
            )
        }
    }
}
