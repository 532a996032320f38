// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

@testable internal import Enrollment

/// What proxies' requests become over time: repetitions, renewals, decisions.
@Suite struct AuthorizedSignerStateTests {
    private static let issued = AuthorizedSigner.Identity.issued(through: "proxies", subject: "CN=ise")

    @Test func repeatedRequestGetsTheSameCertificate() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let profile = try world.proxying(proxy.rule())
        let message = try proxy.message(in: world)
        let first = try await world.ask(message, profile: profile)
        #expect(first.certificate != nil)
        #expect(try await world.ask(message, profile: profile) == first)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func devicesOfOneProxyWithTheSameTransactionIDEachGetTheirOwnCertificate() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let profile = try world.proxying(proxy.rule())
        let keys = [try TestKeys.client, try TestKeys.registration, try TestKeys.authority]
        var answers: [Answer] = []
        let messages = try keys.enumerated().map { try proxy.message(for: "phone-\($0)", key: $1, in: world) }
        for (key, message) in zip(keys, messages) {
            let answer = try await world.ask(message, profile: profile)
            #expect(answer.certificate?.subjectPublicKeyInfo.der == key.publicKey.subjectPublicKeyInfo)
            answers.append(answer)
        }
        for (answer, message) in zip(answers, messages) {
            #expect(try await world.ask(message, profile: profile) == answer)
        }
        #expect(try await world.certificateCount() == 3)
    }

    @Test func twoProxiesWithTheSameTransactionIDAreTwoTransactions() async throws {
        let world = try await World()
        let one = try Proxy()
        let two = try await world.issuedProxy()
        let profile = try world.proxying(one.rule(), two.rule(Self.issued), approval: .all)
        #expect(try await world.ask(try one.message(in: world), profile: profile) == .pending)
        #expect(try await world.ask(try two.message(for: "phone-8", in: world), profile: profile) == .pending)
        #expect(try await world.waiting().count == 2)
    }

    // MARK: - Renewals

    @Test(arguments: ["17", "19"]) func ownCertificateOfAProxyIsNeverRenewedForAnothersKey(type: String) async throws {
        let world = try await World()
        // It is of the profile itself, so that it could be renewed there, and pinned.
        let proxy = try await world.issuedProxy(through: "default")
        let profile = try world.proxying(proxy.rule())
        world.clock.advance(1)
        let message = try proxy.message(for: "phone-7", type: type, in: world)
        let answer = try await world.ask(message, profile: profile)
        if type == "17" {
            // A RenewalReq is about the signer's own certificate, and this asks for another name.
            #expect(answer == .failure("2", "a renewal keeps subject and names"))
        } else {
            let certificate = try #require(answer.certificate)
            #expect(certificate.subject.description == "CN=phone-7")
        }
        // A device that names itself like the proxy does not get what the proxy has.
        let own = try proxy.message(for: "ise", transactionID: "own", in: world)
        #expect(try await world.ask(own, profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .signerNotAllowed)
    }

    @Test func proxyRenewsItsOwnCertificateByARenewalReqOrWithItsKey() async throws {
        let world = try await World()
        let proxy = try await world.issuedProxy(through: "default")
        let profile = try world.proxying(proxy.rule())
        world.clock.advance(1)
        let renewal = try proxy.message(for: "ise", transactionID: "1", type: "17", in: world)
        let certificate = try #require(try await world.ask(renewal, profile: profile).certificate)
        #expect(certificate.subject.description == "CN=ise")
        let sameKey = try proxy.message(for: "ise", key: proxy.key, transactionID: "2", in: world)
        #expect(try await world.ask(sameKey, profile: profile).certificate?.subject.description == "CN=ise")
        let steps = try await world.latestTrace().steps
        #expect(steps.contains { $0.name == "renewal" && $0.outcome == .passed })
    }

    @Test func renewalReqOfAProxyThatHoldsNothingOfThisServerIsRefused() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let message = try proxy.message(type: "17", in: world)
        #expect(try await world.ask(message, profile: try world.proxying(proxy.rule())) == .uniform)
        #expect(world.observer.reasons == [.requestKeyMismatch])
    }

    // MARK: - Decisions

    @Test func requestOfAProxyWaitsIsPolledForAndIssued() async throws {
        let world = try await World()
        let proxy = try await world.issuedProxy()
        let profile = try world.proxying(proxy.rule(Self.issued), approval: .enrollments)
        let message = try proxy.message(in: world)
        #expect(try await world.ask(message, profile: profile) == .pending)
        #expect(try await world.ask(message, profile: profile) == .pending)
        let waiting = try #require(try await world.waiting().first)
        #expect(waiting.attributes.values["signer.rule"] == ["ise"])
        #expect(waiting.attributes.values["signer.subject"] == ["CN=ise"])
        // A second device under the same transactionID could not be told apart by a poll.
        let other = try proxy.message(for: "phone-8", key: try TestKeys.registration, in: world)
        let refused = Answer.failure("2", "another request of this transaction is open")
        #expect(try await world.ask(other, profile: profile) == refused)
        guard case .issued(let record) = try await world.decisions(profile).approve(waiting.id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        let poll = try Device("phone-7", key: proxy.key, in: world).holding(proxy.certificate)
            .poll(transactionID: "proxied")
        #expect(try await world.ask(poll, profile: profile) == .certificate(record.der))
        #expect(try await world.ask(message, profile: profile) == .certificate(record.der))
    }

    @Test func decisionLooksAtTheRuleAndTheProxysCertificateAgain() async throws {
        let world = try await World()
        let proxy = try await world.issuedProxy()
        let profile = try world.proxying(proxy.rule(Self.issued), approval: .all)
        #expect(try await world.ask(try proxy.message(in: world), profile: profile) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        let narrower = proxy.rule(Self.issued, names: ["csr.subject.CN": ["tablet-*"]])
        for changed in [try world.proxying(approval: .all), try world.proxying(narrower, approval: .all)] {
            guard case .refused(.signerNotAllowed, _) = try await world.decisions(changed).approve(id, by: "anna")
            else {
                Issue.record("approved by a rule that is gone")
                continue
            }
        }
        try await world.revoke(proxy.certificate)
        guard case .refused(.signerNotAllowed, let detail) = try await world.decisions(profile).approve(id, by: "anna")
        else {
            Issue.record("approved for a revoked proxy")
            return
        }
        #expect(detail.contains("revoked"))
        #expect(try await world.certificateCount() == 1)
    }
}
