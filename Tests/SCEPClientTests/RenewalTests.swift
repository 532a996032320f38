// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import SwiftASN1
internal import Testing
internal import X509

@Suite struct RenewalTests {
    private typealias Renewed = (
        result: Result<EnrolledCertificate, SCEPClientError>, requests: [LoopbackServer.Request]
    )

    private static let names = SubjectAlternativeNames([.dnsName("a.example"), .rfc822Name("a@b.example")])

    private func old(_ key: (any PrivateKey)? = nil) throws -> ClientIdentity {
        try TestCertificates.identity(key, extensions: [try Certificate.Extension(Self.names, critical: false)])
    }

    private func server(_ capabilities: String = "SCEPStandard\nRenewal\n") throws -> FakeServer {
        var server = try FakeServer()
        server.capabilities = .text(capabilities)
        return server
    }

    private func renew(
        _ server: FakeServer,
        _ request: RenewalRequest,
        transactionID: TransactionID? = nil
    ) async throws -> Renewed {
        try await dealing(with: server) { session, authority throws(SCEPClientError) in
            try await session.renew(request, authority: authority, transactionID: transactionID).get()
        }
    }

    @Test func requirement147SignsWithTheOldCertificateForANewKeyWithoutAChallenge() async throws {
        let server = try server()
        let identity = try old()
        let newKey = try TestCertificates.otherKey()
        let run = try await renew(server, RenewalRequest(current: identity, key: .new(newKey)))
        let renewed = try run.result.get()
        let newKeyInfo = try SubjectPublicKeyInfo(newKey.publicKey)
        #expect(renewed.certificate.subjectPublicKeyInfo == newKeyInfo)
        let message = try #require(try messages(run.requests, server).first)
        #expect(message.message.messageType == .renewalReq)
        #expect(message.message.signer == identity.certificate)
        let csr = try #require(message.certificationRequest)
        #expect(csr.subjectPublicKeyInfo == newKeyInfo)
        #expect(csr.isSigned(by: newKey.publicKey))
        #expect(csr.challengePassword == nil)
    }

    @Test func requirement105And106SignRenewalsWithTheOldKeyAndIncludeItsCertificate() async throws {
        // The server's stages take the signer from the message and verify with its key; they throw otherwise.
        let server = try server()
        let identity = try old()
        let run = try await renew(server, RenewalRequest(current: identity, key: .new(try TestCertificates.otherKey())))
        let message = try #require(try messages(run.requests, server).first?.message)
        #expect(message.signerKey.subjectPublicKeyInfo == identity.key.publicKey.subjectPublicKeyInfo)
        #expect(message.signer == identity.certificate)
    }

    @Test func keepsSubjectAndAlternativeNames() async throws {
        let server = try server()
        let identity = try old()
        let run = try await renew(server, RenewalRequest(current: identity, key: .new(try TestCertificates.otherKey())))
        let csr = try #require(try messages(run.requests, server).first?.certificationRequest)
        #expect(csr.subject == identity.certificate.subject)
        #expect(csr.requestedExtensions.map(\.oid) == [.PKIX.subjectAltName])
        let names = try #require(try run.result.get().certificate.extension(.PKIX.subjectAltName))
        #expect(try SubjectAlternativeNames(names) == Self.names)
    }

    @Test(arguments: [
        ("SCEPStandard\nRenewal\n", RenewalMessage.automatic, MessageType.renewalReq),
        ("SCEPStandard\n", .automatic, .pkcsReq), ("SCEPStandard\n", .renewalReq, .renewalReq),
        ("SCEPStandard\nRenewal\n", .pkcsReq, .pkcsReq),
    ])
    func sendsTheMessageThatTheServerKnows(
        _ capabilities: String,
        _ message: RenewalMessage,
        expected: MessageType
    ) async throws {
        let server = try server(capabilities)
        let identity = try old()
        let newKey = try TestCertificates.otherKey()
        let run = try await renew(server, RenewalRequest(current: identity, key: .new(newKey), message: message))
        _ = try run.result.get()
        let sent = try #require(try messages(run.requests, server).first)
        #expect(sent.message.messageType == expected)
        #expect(sent.message.signer == identity.certificate)
    }

    @Test func reusesTheKeyAndSendsAChallengeOnlyWhenItIsTold() async throws {
        let server = try server()
        let identity = try old()
        let request = RenewalRequest(current: identity, key: .reused, challenge: ChallengePassword("again"))
        let run = try await renew(server, request)
        #expect(try run.result.get().certificate.subjectPublicKeyInfo == identity.certificate.subjectPublicKeyInfo)
        #expect(try messages(run.requests, server).first?.certificationRequest?.challengePassword == "again")
    }

    @Test func rejectsACertificateForTheOldKeyInPlaceOfTheNew() async throws {
        var server = try server()
        server.message = { try $1.success($0, [$1.issue($0, key: TestCertificates.deviceKey())]) }
        let run = try await renew(
            server,
            RenewalRequest(current: try old(), key: .new(try TestCertificates.otherKey()))
        )
        guard case .replyRejected = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test func rejectsAReplyThatIsEncryptedToTheNewKey() async throws {
        var server = try server()
        server.message = { request, server in
            let newKey = try TestCertificates.otherKey()
            let stranger = try TestCertificates.identity(newKey).certificate
            let content = try server.envelope([server.issue(request)], to: stranger, key: newKey.publicKey)
            return FakeServer.reply(try server.make(.init(content: content), to: request))
        }
        let run = try await renew(
            server,
            RenewalRequest(current: try old(), key: .new(try TestCertificates.otherKey()))
        )
        guard case .replyRejected = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test func requirement163RenewsFromAnECKeyWithAChallengeOnly() async throws {
        let server = try server()
        let identity = try old(try SoftwareKey.generate(.ec(.p256)))
        let newKey = try TestCertificates.otherKey()
        let with = RenewalRequest(current: identity, key: .new(newKey), challenge: ChallengePassword("secret"))
        let run = try await renew(server, with)
        _ = try run.result.get()
        #expect(try messages(run.requests, server).first?.replyDelivery == .password)

        let without = try await renew(server, RenewalRequest(current: identity, key: .new(newKey)))
        guard case .challengeMissing = without.result.error else {
            Issue.record("\(without.result)")
            return
        }
        #expect(without.requests.map { $0.parameter("operation") } == ["GetCACert"])
    }

    @Test func requirement162RenewsFromRSAToECWithoutAChallenge() async throws {
        let server = try server()
        let newKey = try SoftwareKey.generate(.ec(.p384))
        let run = try await renew(server, RenewalRequest(current: try old(), key: .new(newKey)))
        #expect(try run.result.get().certificate.subjectPublicKeyInfo.der == newKey.publicKey.subjectPublicKeyInfo)
        #expect(try messages(run.requests, server).first?.replyDelivery == .transport(.pkcs1))
    }

    @Test func requirement169GivesEachRenewalAnIDOfItsOwn() async throws {
        let server = try server()
        let request = RenewalRequest(current: try old(), key: .reused)
        let first = try await renew(server, request).result.get().transactionID
        let second = try await renew(server, request).result.get().transactionID
        #expect(first != second)
        let id = try #require(TransactionID("mine"))
        #expect(try await renew(server, request, transactionID: id).result.get().transactionID == id)
    }

    @Test func requirement123PollsForARenewalWithTheOldKey() async throws {
        var server = try ApprovingServer(polls: 1).server()
        server.capabilities = .text("SCEPStandard\nRenewal\n")
        let identity = try old()
        let newKey = try TestCertificates.otherKey()
        let run = try await dealing(with: server) {
            session,
            authority throws(SCEPClientError) -> EnrolledCertificate in
            let request = RenewalRequest(current: identity, key: .new(newKey))
            let outcome = try await session.renew(request, authority: authority)
            guard case .pending(let pending) = outcome else { return try outcome.get() }
            return try await session.wait(for: pending, key: identity.key, authority: authority, limits: quickly)
        }
        #expect(try run.result.get().certificate.subjectPublicKeyInfo.der == newKey.publicKey.subjectPublicKeyInfo)
        let sent = try messages(run.requests, server)
        #expect(sent.map(\.message.messageType) == [.renewalReq, .certPoll, .certPoll])
        #expect(sent.allSatisfy { $0.message.signer == identity.certificate })
        #expect(Set(sent.map(\.message.received.transactionID)).count == 1)
    }

    @Test func refusesAKeyThatIsNotTheCertificates() throws {
        let certificate = try old().certificate
        #expect(throws: SCEPClientError.self) {
            try ClientIdentity(certificate: certificate, key: TestCertificates.otherKey())
        }
    }
}
