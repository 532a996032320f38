// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Synchronization
internal import Testing

@Suite struct PollingTests {
    private func enrollAndWait(
        _ server: FakeServer,
        _ wanted: EnrollmentRequest? = nil,
        limits: PollingLimits = quickly
    ) async throws -> (result: Result<EnrolledCertificate, SCEPClientError>, requests: [LoopbackServer.Request]) {
        let wanted = try wanted ?? request()
        return try await dealing(with: server) { session, authority throws(SCEPClientError) in
            let outcome = try await session.enroll(wanted, authority: authority)
            guard case .pending(let pending) = outcome else { return try outcome.get() }
            return try await session.wait(
                for: pending,
                key: wanted.key,
                challenge: wanted.challenge,
                authority: authority,
                limits: limits
            )
        }
    }

    @Test func requirement123And169KeepTheTransactionIDInEveryPoll() async throws {
        let server = try ApprovingServer(polls: 2).server()
        let run = try await enrollAndWait(server)
        let id = try run.result.get().transactionID
        let sent = try messages(run.requests, server)
        #expect(sent.map(\.message.messageType) == [.pkcsReq, .certPoll, .certPoll, .certPoll])
        #expect(sent.allSatisfy { $0.message.received.transactionID == id })
        // A fresh nonce with each of them (RFC 8894 §3.2.1.5).
        #expect(Set(sent.map { $0.message.received.senderNonce?.bytes }).count == 4)
    }

    @Test func requirement123And121RejectAPollsReplyWithAnotherTransactionID() async throws {
        let server = try ApprovingServer(polls: 0).server { poll, _, server in
            FakeServer.reply(try server.make(.init(transactionID: "another", status: "3"), to: poll))
        }
        guard case .replyRejected(let reason, _) = try await enrollAndWait(server).result.error else {
            Issue.record("it was not rejected")
            return
        }
        #expect(reason.contains("transactionID"))
    }

    @Test func requirement127NamesTheCAThenTheSubjectOfTheRequest() async throws {
        let server = try ApprovingServer(polls: 0).server()
        let run = try await enrollAndWait(server)
        _ = try run.result.get()
        guard case .poll(let names) = try messages(run.requests, server).last?.content else {
            Issue.record("there was no poll")
            return
        }
        // The CA is the one that issues, not the RA that the request is encrypted to.
        #expect(names.issuer == (try TestCertificates.root.get().subject))
        #expect(names.subject == (try request().subject))
    }

    @Test func signsPollsAsTheRequestWasSigned() async throws {
        let server = try ApprovingServer(polls: 1).server()
        let run = try await enrollAndWait(server)
        let signers = try messages(run.requests, server).map(\.message.signer)
        #expect(signers.count == 3)
        #expect(Set(signers).count == 1)
    }

    @Test func requirement132RecoversByANewPKCSReq() async throws {
        let server = try ApprovingServer(polls: 1000).server()
        let wanted = try request()
        let limits = PollingLimits(interval: .milliseconds(1), maximumCount: 2)
        let run = try await dealing(with: server) { session, authority throws(SCEPClientError) -> [TransactionID] in
            var ids: [TransactionID] = []
            for _ in 0..<2 {
                guard case .pending(let pending) = try await session.enroll(wanted, authority: authority) else { break }
                ids.append(pending.transactionID)
                do throws(SCEPClientError) {
                    _ = try await session.wait(for: pending, key: wanted.key, authority: authority, limits: limits)
                } catch {
                    // The client is told to begin anew, and not to go on with the old transaction.
                    guard error == .pollingEnded(pending.transactionID, polls: 2),
                        error.hint?.contains("send a new request with the same key") == true
                    else { throw error }
                }
            }
            return ids
        }
        let ids = try run.result.get()
        #expect(Set(ids).count == 2)
        let sent = try messages(run.requests, server)
        #expect(sent.map(\.message.messageType) == [.pkcsReq, .certPoll, .certPoll, .pkcsReq, .certPoll, .certPoll])
        #expect(sent.prefix(3).allSatisfy { $0.message.received.transactionID == ids.first })
        #expect(sent.suffix(3).allSatisfy { $0.message.received.transactionID == ids.last })
    }

    @Test func requirement133HasOneRequestOutstandingAtATime() async throws {
        let inside = Mutex((now: 0, most: 0))
        let enter: @Sendable () -> Void = {
            inside.withLock { count in
                count.now += 1
                count.most = max(count.most, count.now)
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        let leave: @Sendable () -> Void = { inside.withLock { $0.now -= 1 } }
        var server = try ApprovingServer(polls: 4).server()
        let answer = server.message
        server.message = { request, server in
            enter()
            defer { leave() }
            return try answer(request, server)
        }
        _ = try await enrollAndWait(server).result.get()
        #expect(inside.withLock { $0.most } == 1)
    }

    @Test func requirement134EndsAtAFailure() async throws {
        let server = try ApprovingServer(polls: 1).server { poll, _, server in try server.failure(poll, .badRequest) }
        let run = try await enrollAndWait(server)
        guard case .refused(.badRequest, "no", _) = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
        #expect(try messages(run.requests, server).count == 3)
    }

    @Test func requirement134EndsWhenThereIsNoAnswer() async throws {
        let server = try ApprovingServer(polls: 0).server { _, _, _ in .close }
        let run = try await enrollAndWait(server)
        guard case .network(.pkiOperation, .connectionClosed) = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
        // The poll, and its two repetitions byte for byte.
        let polls = run.requests.filter { $0.parameter("operation") == "PKIOperation" }.dropFirst().map(\.body)
        #expect(polls.count == 3)
        #expect(Set(polls).count == 1)
    }

    @Test(arguments: [
        (PollingLimits(interval: .milliseconds(1), maximumCount: 3), 3),
        (PollingLimits(interval: .milliseconds(1), maximumCount: 0), 0),
        (PollingLimits(interval: .seconds(60), maximumDuration: .milliseconds(50)), 1),
        (PollingLimits(interval: .seconds(60), maximumDuration: .zero), 0),
    ])
    func requirement134EndsAfterTheMostPolls(_ limits: PollingLimits, polls: Int) async throws {
        let server = try ApprovingServer(polls: 1000).server()
        let run = try await enrollAndWait(server, limits: limits)
        let sent = try messages(run.requests, server)
        #expect(
            run.result.error == .pollingEnded(try #require(sent.first).message.received.transactionID, polls: polls)
        )
        #expect(sent.count == polls + 1)
    }

    @Test func storesWhatItNeedsAndNoSecret() async throws {
        let server = try ApprovingServer(polls: 0).server()
        let wanted = try request("swordfish")
        let run = try await dealing(with: server) { session, authority throws(SCEPClientError) in
            try await session.enroll(wanted, authority: authority)
        }
        guard case .pending(let pending) = try run.result.get() else {
            Issue.record("it does not wait")
            return
        }
        let stored = try JSONEncoder().encode(pending)
        let read = try JSONDecoder().decode(PendingEnrollment.self, from: stored)
        #expect(read == pending)
        #expect(read.certificationRequest.challengePassword == nil)
        #expect(read.certificationRequest.subject == wanted.subject)
        let challenge = Data("swordfish".utf8)
        #expect(read.certificationRequest.der.firstRange(of: challenge) == nil)
        #expect(stored.range(of: challenge) == nil)
        let key = try TestCertificates.deviceKey().pkcs8()
        #expect(!String(decoding: stored, as: UTF8.self).contains(Data(key.suffix(300)).base64EncodedString()))
    }

    @Test(arguments: ["version", "transactionID", "signer", "issuer", "certificationRequest"])
    func readsNothingThatItDidNotWrite(_ field: String) async throws {
        let server = try ApprovingServer(polls: 0).server()
        let wanted = try request()
        let run = try await dealing(with: server) { session, authority throws(SCEPClientError) in
            try await session.enroll(wanted, authority: authority)
        }
        guard case .pending(let pending) = try run.result.get() else { return }
        let stored = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(pending))
        for value in [2, "", "AAAA", NSNull()] as [Any] {
            var object = try #require(stored as? [String: Any])
            object[field] = value
            let data = try JSONSerialization.data(withJSONObject: object)
            if field == "transactionID", value as? String == "AAAA" { continue }
            #expect(throws: (any Error).self) { try JSONDecoder().decode(PendingEnrollment.self, from: data) }
        }
    }

    @Test func goesOnInAnotherSessionWithWhatWasStored() async throws {
        let server = try ApprovingServer(polls: 0).server()
        let wanted = try request()
        let run = try await dealing(with: server) { session, authority throws(SCEPClientError) in
            try await session.enroll(wanted, authority: authority)
        }
        guard case .pending(let pending) = try run.result.get() else { return }
        let stored = try JSONDecoder().decode(PendingEnrollment.self, from: try JSONEncoder().encode(pending))
        let later = try await dealing(with: server) { session, authority throws(SCEPClientError) in
            try await session.poll(stored, key: wanted.key, authority: authority).get()
        }
        #expect(try later.result.get().certificate.subjectPublicKeyInfo.keyBits == TestCertificates.deviceKeyBits())
    }

    @Test func doesNotPollWithAnotherKey() async throws {
        let server = try ApprovingServer(polls: 0).server()
        let wanted = try request()
        let other = try TestCertificates.otherKey()
        let run = try await dealing(with: server) { session, authority throws(SCEPClientError) in
            guard case .pending(let pending) = try await session.enroll(wanted, authority: authority) else { return }
            _ = try await session.poll(pending, key: other, authority: authority)
        }
        guard case .invalidInput = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
        #expect(try messages(run.requests, server).count == 1)
    }
}
