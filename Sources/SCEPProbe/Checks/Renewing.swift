// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting
internal import X509

extension Check {
    static let renewal = [
        Check(name: "renewal", numbers: [21, 72, 137, 139, 141]) { try await $0.checkRenewal() },
        Check(name: "renewal in other ways", numbers: [138, 140, 144]) { try await $0.checkOtherRenewals() },
        Check(name: "renewal by the wrong one", numbers: [142, 143, 145]) { try await $0.checkWrongRenewals() },
        Check(name: "renewal where it is not listed", numbers: [146]) { try await $0.checkUnlistedRenewal() },
        Check(name: "the next CA", numbers: [152]) { try await $0.checkNextCA() },
    ]
}

extension ProbeSession {
    /// A RenewalReq by the holder of a certificate, or a PKCSReq that means one.
    private func renewal(
        by holder: Identity,
        type: String = "17",
        key: SoftwareKey? = nil,
        subject: String? = nil,
        challenge: String? = nil
    ) throws -> SentMessage {
        let newKey = try key ?? options.makeKey(.rsa(bits: 2048))
        return try enrolment(
            holder,
            challenge: challenge,
            at: main,
            type: type,
            subject: subject,
            subjectKey: newKey
        ).sent
    }

    /// The first client with its certificate, where renewal is offered.
    private func renewer(_ numbers: [Int]) async throws -> Identity? {
        guard let holder = try await firstEnrolment()?.holder else {
            noFirst(numbers)
            return nil
        }
        guard main.lists("Renewal") else {
            for number in numbers { cannot(number, "Renewal is not listed") }
            return nil
        }
        return holder
    }

    func checkRenewal() async throws {
        let numbers = [137, 139, 141]
        guard let holder = try await renewer(numbers) else { return }
        let reply = try await ask("RenewalReq with a new key", try renewal(by: holder), at: main)
        if reply.verdict == .pending { return cannot(numbers, "the renewal waits for approval") }
        let worked = reply.issued != nil
        expect(137, worked, "SUCCESS with a certificate", reply.seen, reply.exchange)
        expect(139, worked, "SUCCESS without a challenge", reply.seen, reply.exchange)
        expect(21, worked, "Renewal works", "Renewal: \(reply.seen)", reply.exchange)
        if !worked { cannot(141, "no renewal succeeded") }
    }

    func checkOtherRenewals() async throws {
        guard let holder = try await firstEnrolment()?.holder else { return noFirst([138, 140, 144]) }
        if main.lists("Renewal") {
            let same = try await ask("RenewalReq for the same key", try renewal(by: holder, key: holder.key), at: main)
            let holds = same.issued != nil || same.isFailure || same.verdict == .pending
            expect(138, holds, "SUCCESS or FAILURE", same.seen, same.exchange)
            if let challenge = try await firstEnrolment()?.sent.challenge {
                let sent = try renewal(by: holder, challenge: challenge)
                let reply = try await ask("RenewalReq with the original challenge", sent, at: main)
                expect(140, reply.issued != nil || reply.verdict == .pending, "SUCCESS", reply.seen, reply.exchange)
            } else {
                cannot(140, "the server asks for no challenge")
            }
        } else {
            for number in [138, 140] { cannot(number, "Renewal is not listed") }
        }
        let old = try await ask(
            "PKCSReq signed by the issued certificate",
            try renewal(by: holder, type: "19"),
            at: main
        )
        expect(144, old.issued != nil || old.verdict == .pending, "SUCCESS", old.seen, old.exchange)
    }

    func checkWrongRenewals() async throws {
        let selfSigned = try device()
        // Somebody else's CA, whose certificate names the right issuer.
        let impostor = try options.makeKey(.rsa(bits: 2048))
        var forged = HandMadeCertificate(selfSigned.name, key: selfSigned.key)
        forged.issuer = main.issuer?.subject.der ?? forged.issuer
        forged.signer = impostor
        let foreign = Identity(selfSigned.name, key: selfSigned.key, issued: try forged.read())
        for (name, sender) in [("a self-signed certificate", selfSigned), ("a foreign certificate", foreign)] {
            let reply = try await ask("RenewalReq by \(name)", try renewal(by: sender), at: main)
            expect(142, reply.isFailure, "FAILURE", "\(name): \(reply.seen)", reply.exchange)
            if name == "a foreign certificate" {
                expect(145, reply.isRefusal || reply.verdict == .pending, "a refusal", reply.seen, reply.exchange)
            }
        }
        guard let holder = try await renewer([143]) else { return }
        let sent = try renewal(by: holder, subject: "somebody-else")
        let reply = try await ask("RenewalReq for another subject", sent, at: main)
        if let issued = reply.issued, issued.subject == holder.certificate.subject {
            pass(143, "the new certificate has the old subject", reply.exchange)
        } else {
            expect(143, reply.isFailure || reply.verdict == .pending, "FAILURE", reply.seen, reply.exchange)
        }
    }

    func checkUnlistedRenewal() async throws {
        var endpoint = main
        if main.lists("Renewal") {
            guard let named = try await self.endpoint(.noRenewal) else {
                return cannot(146, "Renewal is listed; name a URL that does not list it by --no-renewal-url")
            }
            endpoint = named
        }
        guard !endpoint.lists("Renewal") else { return cannot(146, "Renewal is listed there as well") }
        let made =
            endpoint === main ? try await firstEnrolment() : try await enrol("enrolment there", [146], at: endpoint)
        guard let holder = made?.holder else { return noFirst([146]) }
        let key = try options.makeKey(.rsa(bits: 2048))
        let sent = try enrolment(holder, challenge: nil, at: endpoint, type: "17", subjectKey: key).sent
        let reply = try await ask("RenewalReq where it is not listed", sent, at: endpoint)
        expect(146, reply.isFailure, "FAILURE", reply.seen, reply.exchange)
    }

    func checkNextCA() async throws {
        let endpoint = try await self.endpoint(.rollover) ?? main
        if nextAuthorities.isEmpty, endpoint.lists("GetNextCACert") { try await judgeNextCACert(endpoint) }
        guard
            let next = nextAuthorities.first(where: { candidate in
                if case .some(.rsa) = try? candidate.subjectPublicKeyInfo.publicKey().algorithm {
                    return !candidate.isCertificateAuthority
                }
                return false
            }) ?? nextAuthorities.first(where: { $0.keyUsage?.keyEncipherment ?? true })
        else {
            return cannot(152, "no certificate of a next CA that can be enveloped to is known")
        }
        let spoilers = Spoilers(envelope: {
            $0.recipient = EnvelopeBuilder.identifier(of: next)
            $0.key = try next.subjectPublicKeyInfo.publicKey()
        })
        // The reply is signed by the next CA's side, whose certificates GetCACert does not list yet.
        let known = endpoint.authorities
        endpoint.authorities += nextAuthorities
        defer { endpoint.authorities = known }
        guard let made = try await enrol("a request for the next CA", [152], at: endpoint, spoilers) else { return }
        guard let issued = made.reply.issued else {
            return fail(152, expected: "a certificate of the next CA", made.reply.seen, made.reply.exchange)
        }
        let isNext = nextAuthorities.contains { issued.isIssued(by: $0) }
        expect(
            152,
            isNext,
            "a certificate of the next CA",
            isNext ? "one of the next CA" : "one of another CA",
            made.reply.exchange
        )
    }
}
