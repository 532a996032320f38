// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting

extension Check {
    static let waiting = [
        Check(name: "CertPoll without a transaction", numbers: [124]) { try await $0.checkStrayPolls() },
        Check(name: "CertPoll without its attributes", numbers: [136]) { try await $0.checkPollAttributes() },
        Check(name: "approval", numbers: [67, 70, 122, 125, 126, 128, 129, 130, 135]) { try await $0.checkApproval() },
        Check(name: "denial", numbers: [125]) { try await $0.checkDenial() },
    ]
}

extension ProbeSession {
    /// The names that a CertPoll carries (RFC 8894 §3.3.3).
    private func names(_ subject: String, at endpoint: Endpoint) -> [UInt8] {
        TLV.sequence(endpoint.issuer?.subject.der ?? [0x30, 0], HandMadeCertificate.name(subject))
    }

    /// A CertPoll for an earlier request.
    private func poll(
        _ earlier: Enrolment,
        at endpoint: Endpoint,
        names other: [UInt8]? = nil,
        as sender: Identity? = nil,
        _ spoilers: Spoilers = Spoilers()
    ) throws
        -> SentMessage
    {
        try message(
            "20",
            other ?? names(earlier.sender.name, at: endpoint),
            from: sender ?? earlier.sender,
            to: endpoint,
            transactionID: earlier.sent.transactionID,
            subjectKey: earlier.sent.subjectKey,
            challenge: earlier.sent.challenge,
            spoilers
        )
    }

    func checkStrayPolls() async throws {
        try await refuse(124, "CertPoll for nothing") { sender, challenge in
            try message("20", names(sender.name, at: main), from: sender, to: main, challenge: challenge)
        }
    }

    /// Polls for the first enrolment, which is answered already, with and without what every message has.
    func checkPollAttributes() async throws {
        guard let first = try await firstEnrolment() else { return noFirst([136]) }
        let whole = try await ask("CertPoll for the first enrolment", try poll(first, at: main), at: main)
        guard whole.verdict == .success else {
            return cannot(136, "a CertPoll with all attributes is not answered either: \(whole.seen)")
        }
        for (name, type) in [("messageType", OID.messageType), ("senderNonce", OID.senderNonce)] {
            let spoilers = Spoilers(outer: { $0.replace(type) })
            var sent = try poll(first, at: main, spoilers)
            sent.isAnswerable = false
            let reply = try await ask("CertPoll without \(name)", sent, at: main)
            expect(136, reply.isRefusal, "a refusal", "without \(name): \(reply.seen)", reply.exchange)
        }
    }

    /// Asks for a certificate where somebody has to approve it.
    private func pendingEnrolment(_ label: String, _ numbers: [Int], at manual: Endpoint) async throws -> Enrolment? {
        guard let made = try await enrol(label, numbers, at: manual) else { return nil }
        guard made.reply.verdict == .pending else {
            for number in numbers where number != 122 { cannot(number, "there was no PENDING, but \(made.reply.seen)") }
            return nil
        }
        return made
    }

    func checkApproval() async throws {
        guard let manual = try await endpoint(.manual) else { return }
        let numbers = [70, 122, 125, 126, 128, 129, 130, 135]
        guard let ticketed = try await enrol("a request to be approved", numbers, at: manual) else { return }
        expect(122, ticketed.reply.verdict == .pending, "PENDING", ticketed.reply.seen, ticketed.reply.exchange)
        guard ticketed.reply.verdict == .pending else {
            for number in numbers where number != 122 {
                cannot(number, "there was no PENDING, but \(ticketed.reply.seen)")
            }
            return
        }
        try await pollBeforeDecision(ticketed, at: manual)
        guard let approve = options.approve else {
            return cannot(129, "needs --approve-command")
        }
        guard try await decided(approve, ticketed, [125, 126, 128, 129]) else { return }
        let after = try await ask("CertPoll after approval", try poll(ticketed, at: manual), at: manual)
        expect(125, after.issued != nil, "SUCCESS with the certificate", "approved: \(after.seen)", after.exchange)
        guard let issued = after.issued else { return cannot(129, "no certificate came after approval") }
        let again = try await ask("CertPoll once more", try poll(ticketed, at: manual), at: manual)
        expect(
            129,
            again.issued == issued,
            "the same certificate",
            again.issued == issued ? "the same certificate" : again.seen,
            again.exchange
        )
        let wrong = TLV.sequence(HandMadeCertificate.name("somebody"), HandMadeCertificate.name("else"))
        let other = try await ask("CertPoll with other names", try poll(ticketed, at: manual, names: wrong), at: manual)
        expect(126, other.issued == issued, "the certificate", "approved: \(other.seen)", other.exchange)
    }

    private func pollBeforeDecision(_ made: Enrolment, at manual: Endpoint) async throws {
        for round in 1...2 {
            let reply = try await ask("CertPoll \(round) before the decision", try poll(made, at: manual), at: manual)
            expect(125, reply.verdict == .pending, "PENDING", "undecided: \(reply.seen)", reply.exchange)
            // Whether the recipientNonce is right was judged when the reply came.
            let isOwn = ledger.holds(63, in: reply.exchange)
            expect(
                128,
                isOwn,
                "the poll's own nonce",
                isOwn ? "the poll's own nonce" : "another nonce, or no CertRep",
                reply.exchange
            )
        }
        let wrong = TLV.sequence(HandMadeCertificate.name("somebody"), HandMadeCertificate.name("else"))
        let odd = try await ask(
            "CertPoll with other names, undecided",
            try poll(made, at: manual, names: wrong),
            at: manual
        )
        expect(126, odd.verdict == .pending, "PENDING", "undecided: \(odd.seen)", odd.exchange)
        let stranger = try await ask(
            "CertPoll by another key",
            try poll(made, at: manual, as: try device()),
            at: manual
        )
        expect(135, stranger.isFailure, "FAILURE", stranger.seen, stranger.exchange)
        if let second = try await enrol("a second request beside it", [130], at: manual) {
            expect(
                130,
                second.reply.verdict == .pending || second.reply.verdict == .success,
                "PENDING",
                second.reply.seen,
                second.reply.exchange
            )
        }
    }

    /// Has somebody decide; says so when that went wrong.
    private func decided(_ decide: ProbeOptions.Decide, _ made: Enrolment, _ numbers: [Int]) async throws -> Bool {
        do {
            try await decide(made.sent.transactionID)
            return true
        } catch {
            for number in numbers { cannot(number, "the command that decides failed: \(error)") }
            return false
        }
    }

    func checkDenial() async throws {
        guard let manual = try await endpoint(.manual), let deny = options.deny else {
            if options.urls[.manual] != nil { cannot(125, "a denial needs --deny-command") }
            return
        }
        guard let made = try await pendingEnrolment("a request to be denied", [125], at: manual) else { return }
        guard try await decided(deny, made, [125]) else { return }
        let reply = try await ask("CertPoll after denial", try poll(made, at: manual), at: manual)
        expect(125, reply.isFailure, "FAILURE", "denied: \(reply.seen)", reply.exchange)
    }
}
