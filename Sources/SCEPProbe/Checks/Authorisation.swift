// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting
internal import X509

extension Check {
    static let authorisation = [
        Check(name: "a wrong challenge", numbers: [99, 101]) { try await $0.checkWrongChallenge() },
        Check(name: "a used challenge", numbers: [100]) { try await $0.checkUsedChallenge() },
        Check(name: "whose key it is", numbers: [102, 107, 108]) { try await $0.checkPossession() },
        Check(name: "the challenge's string types", numbers: [109]) { try await $0.checkStringTypes() },
        Check(name: "dangerous wishes", numbers: [110]) { try await $0.checkWishes() },
        Check(name: "a name twice", numbers: [131]) { try await $0.checkNameTwice() },
    ]

    static let transactions = [
        Check(name: "transactionIDs", numbers: [170]) { try await $0.checkTransactionIDs() },
        Check(name: "the same request again", numbers: [171]) { try await $0.checkResend() },
        Check(name: "another key under the same id", numbers: [172]) { try await $0.checkSharedID() },
        Check(name: "the same id elsewhere", numbers: [173]) { try await $0.checkIDElsewhere() },
    ]

    static let last = [
        Check(name: "a replay", numbers: [174]) { try await $0.checkReplay() }
    ]
}

extension ProbeSession {
    func checkWrongChallenge() async throws {
        let sent = try enrolment(try device(), challenge: "wrong" + transactionID().prefix(12), at: main).sent
        let reply = try await ask("a wrong challenge", sent, at: main)
        let holds = reply.verdict == .failure("2") || reply.verdict == .pending
        expect(99, holds, "FAILURE badRequest or PENDING", reply.seen, reply.exchange)
        expect(101, reply.isRefusal || reply.verdict == .pending, "FAILURE or PENDING", reply.seen, reply.exchange)
    }

    func checkUsedChallenge() async throws {
        guard let first = try await firstEnrolment() else { return noFirst([100]) }
        guard let challenge = first.sent.challenge else { return cannot(100, "the server asks for no challenge") }
        let sent = try enrolment(try device(), challenge: challenge, at: main).sent
        let reply = try await ask("a used challenge", sent, at: main)
        expect(100, reply.isRefusal || reply.verdict == .pending, "a refusal", reply.seen, reply.exchange)
    }

    /// Says of requirements that they need a first certificate, which there isn't.
    func noFirst(_ numbers: [Int]) {
        for number in numbers { cannot(number, "no certificate could be had to begin with") }
    }

    func checkPossession() async throws {
        let sender = try device(certificateName: "probe temporary")
        if let made = try await enrol("a signer with another subject", [102], sender: sender) {
            expect(102, made.reply.verdict == .success, "SUCCESS", made.reply.seen, made.reply.exchange)
        }
        try await refuse(107, "a PKCS#10 request with a wrong signature", onlyFailure: true) { sender, challenge in
            let spoilers = Spoilers(request: { $0.spoilSignature = { $0.dropLast() + [($0.last ?? 0) ^ 1] } })
            return try enrolment(sender, challenge: challenge, at: main, spoilers).sent
        }
        let other = try device()
        try await refuse(108, "a request for another key", onlyFailure: true) { sender, challenge in
            try enrolment(sender, challenge: challenge, at: main, subjectKey: other.key).sent
        }
    }

    func checkStringTypes() async throws {
        let forms: [(String, (String) -> [UInt8])] = [
            ("PrintableString", { TLV.printable($0) }), ("UTF8String", { TLV.utf8($0) }),
            ("TeletexString", { TLV.encode(0x14, Array($0.utf8)) }),
            ("BMPString", { TLV.encode(0x1E, $0.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }) }),
            ("IA5String", { TLV.encode(0x16, Array($0.utf8)) }),
        ]
        for (name, write) in forms {
            guard let ticket = main.take() else { return cannot(109, "there is no challenge left for \(name)") }
            guard let challenge = ticket.challenge else { return cannot(109, "the server asks for no challenge") }
            let spoilers = Spoilers(request: {
                $0.attributes = [TLV.attribute(OID.challengePassword, write(challenge))]
            })
            let sent = try enrolment(try device(), challenge: challenge, at: main, spoilers).sent
            let reply = try await ask("challenge as \(name)", sent, at: main)
            expect(109, reply.verdict == .success, "SUCCESS", "\(name): \(reply.seen)", reply.exchange)
        }
    }

    func checkWishes() async throws {
        let sid = TLV.sequence(
            TLV.context(0, OID.microsoftSID, TLV.context(0, TLV.octetString(Array("S-1-5-21-1-2-3-500".utf8))))
        )
        let wishes = TLV.sequence(
            HandMadeCertificate.extension(OID.basicConstraints, TLV.sequence([0x01, 0x01, 0xFF])),
            HandMadeCertificate.extension(OID.keyUsage, [0x03, 2, 1, 0xFE]),
            HandMadeCertificate.extension(OID.microsoftSID, sid)
        )
        let spoilers = Spoilers(request: { $0.attributes.append(TLV.attribute(OID.extensionRequest, wishes)) })
        guard let made = try await enrol("wishes for CA, keyCertSign and SID", [110], spoilers) else { return }
        let here = made.reply.exchange
        guard let issued = made.reply.issued else {
            return expect(
                110,
                made.reply.isRefusal || made.reply.verdict == .pending,
                "a refusal, or a harmless certificate",
                made.reply.seen,
                here
            )
        }
        var granted: [String] = []
        if issued.isCertificateAuthority { granted.append("CA:TRUE") }
        if issued.keyUsage?.keyCertSign == true { granted.append("keyCertSign") }
        if issued.der.contains(run: OID.microsoftSID) { granted.append("the SID") }
        expect(
            110,
            granted.isEmpty,
            "none of them",
            granted.isEmpty ? "none was granted" : "granted: \(granted.joined(separator: ", "))",
            here
        )
    }

    func checkNameTwice() async throws {
        guard let first = try await firstEnrolment() else { return noFirst([131]) }
        guard let made = try await enrol("the first name for another key", [131], subject: first.sender.name) else {
            return
        }
        let reply = made.reply
        let holds = reply.issued != nil || reply.isFailure || reply.verdict == .pending
        expect(131, holds, "a certificate or a FAILURE", reply.seen, reply.exchange)
    }

    // MARK: - Transactions

    func checkTransactionIDs() async throws {
        for (name, id) in [
            ("all the odd characters", "A/b+c=?':,.-() \(transactionID().prefix(9))"),
            ("one character", String(transactionID().prefix(1))),
            ("255 characters", String(String(repeating: transactionID(), count: 8).prefix(255))),
        ] {
            guard let made = try await enrol("a transactionID of \(name)", [170], transactionID: id) else { return }
            let holds = made.reply.verdict == .success || made.reply.verdict == .pending
            expect(170, holds, "SUCCESS", "\(name): \(made.reply.seen)", made.reply.exchange)
        }
    }

    /// A request of the first client once more, in a new message.
    private func again(_ first: Enrolment) throws -> SentMessage {
        try message(
            "19",
            first.request,
            from: first.sender,
            to: main,
            transactionID: first.sent.transactionID,
            subjectKey: first.sent.subjectKey,
            challenge: first.sent.challenge
        )
    }

    func checkResend() async throws {
        guard let first = try await firstEnrolment(), let issued = first.reply.issued else { return noFirst([171]) }
        let reply = try await ask("the same request again", try again(first), at: main)
        let same = reply.issued == issued
        let seen = same ? "the same certificate" : reply.issued != nil ? "another certificate" : reply.seen
        expect(171, same, "the same certificate", seen, reply.exchange)
    }

    func checkSharedID() async throws {
        guard let first = try await firstEnrolment(), let issued = first.reply.issued else { return noFirst([172]) }
        guard
            let made = try await enrol("another key under the same id", [172], transactionID: first.sent.transactionID)
        else {
            return
        }
        let got = made.reply.contents?.certificates ?? []
        expect(
            172,
            !got.contains(issued),
            "not the first one's certificate",
            got.contains(issued) ? "the first one's certificate" : made.reply.seen,
            made.reply.exchange
        )
        let after = try await ask("the first request after that", try again(first), at: main)
        let disturbed = after.issued.map { $0 != issued } ?? false
        expect(
            172,
            !disturbed,
            "the first transaction as it was",
            disturbed ? "another certificate" : "untouched: \(after.seen)",
            after.exchange
        )
    }

    func checkIDElsewhere() async throws {
        guard let other = try await endpoint(.other) else { return }
        guard let first = try await firstEnrolment(), let issued = first.reply.issued else { return noFirst([173]) }
        guard let ticket = other.take() else { return cannot(173, "there is no challenge left for it") }
        let sent = try enrolment(
            first.sender,
            challenge: ticket.challenge,
            at: other,
            transactionID: first.sent.transactionID
        ).sent
        let reply = try await ask("the first id elsewhere", sent, at: other)
        let isOwn = reply.issued.map { $0 != issued } ?? (reply.verdict == .pending)
        expect(173, isOwn, "a transaction of its own", isOwn ? "one of its own" : reply.seen, reply.exchange)
    }

    func checkReplay() async throws {
        guard let first = try await firstEnrolment(), let issued = first.reply.issued else { return noFirst([174]) }
        let reply = try await ask("the first message, byte for byte", first.sent, at: main)
        let isNew = reply.issued.map { $0 != issued } ?? false
        expect(174, !isNew, "nothing new", isNew ? "another certificate" : reply.seen, reply.exchange)
    }
}
