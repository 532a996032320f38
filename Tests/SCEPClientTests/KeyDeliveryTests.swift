// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing
internal import X509

/// How content keys reach the client and the CA (RFC 8894 §3.1).
@Suite struct KeyDeliveryTests {
    private func ecRequest(_ curve: NamedCurve, challenge: String = "secret") throws -> EnrollmentRequest {
        EnrollmentRequest(
            subject: try Name("CN=device-1,O=Example"),
            key: try SoftwareKey.generate(.ec(curve)),
            challenge: ChallengePassword(challenge)
        )
    }

    @Test func requirement162EncryptsToTheRSAKeyOfTheCAAndOpensWithItsOwn() async throws {
        let server = try FakeServer()
        let run = try await enroll(server)
        _ = try run.result.get()
        let message = try #require(try messages(run.requests, server).first)
        #expect(message.delivery == .transport(.pkcs1))
        #expect(message.replyDelivery == .transport(.pkcs1))
    }

    @Test(arguments: NamedCurve.allCases)
    func requirement162And163EnrolAnECKeyUnderTheChallenge(_ curve: NamedCurve) async throws {
        let server = try FakeServer()
        let wanted = try ecRequest(curve)
        let run = try await enroll(server, request: wanted)
        let enrolled = try run.result.get()
        #expect(
            enrolled.certificate.subjectPublicKeyInfo.keyBits
                == (try SubjectPublicKeyInfo(wanted.key.publicKey).keyBits)
        )
        // The request goes to an RSA key; only the reply is encrypted under the challenge.
        let message = try #require(try messages(run.requests, server).first)
        #expect(message.delivery == .transport(.pkcs1))
        #expect(message.replyDelivery == .password)
    }

    @Test func requirement163RejectsAReplyUnderAnotherPassword() async throws {
        var server = try FakeServer()
        server.message = { request, server in
            let issued = try server.issue(request)
            return try server.success(request, .certificates([issued.der]), password: "another")
        }
        let run = try await enroll(server, request: try ecRequest(.p256))
        guard case .replyRejected = run.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test(arguments: NamedCurve.allCases)
    func requirement163RefusesAnECKeyWithoutAChallengeBeforeAnythingIsSent(_ curve: NamedCurve) async throws {
        let run = try await enroll(try FakeServer(), request: try ecRequest(curve, challenge: ""))
        guard case .challengeMissing = run.error else {
            Issue.record("\(run.result)")
            return
        }
        #expect(run.error?.hint?.contains("challenge") == true)
        #expect(run.requests.map { $0.parameter("operation") } == ["GetCACert"])
    }

    @Test func requirement103LeavesOutKeyEnciphermentWhereTheKeyCannot() async throws {
        let server = try FakeServer()
        let run = try await enroll(server, request: try ecRequest(.p256))
        let usage = try #require(try messages(run.requests, server).first?.message.signer.keyUsage)
        #expect(usage.digitalSignature)
        #expect(!usage.keyEncipherment)
    }

    @Test func requirement163EncryptsToAnECCAUnderTheChallenge() async throws {
        let key = try SoftwareKey.generate(.ec(.p256))
        let ca = try TestCertificates.make(
            "CN=Test Root",
            key: key,
            issuerKey: key,
            kind: .authority(),
            scheme: .ecdsa(.sha256)
        )
        var server = try FakeServer()
        server.certificates = [ca]
        server.credentials = [RACredential(certificate: ca, key: key, alongside: [])]
        server.passwords = ["secret"]
        server.message = { request, server in
            guard let csr = request.certificationRequest else { return .close }
            let issued = try TestCertificates.make(
                csr.subject.description,
                key: key,
                publicKey: csr.subjectPublicKeyInfo,
                issuerKey: key,
                scheme: .ecdsa(.sha256)
            )
            return try server.success(request, .certificates([issued.der]), password: csr.challengePassword)
        }
        for wanted in [try request(), try ecRequest(.p384)] {
            let run = try await enroll(server, request: wanted)
            _ = try run.result.get()
            #expect(try messages(run.requests, server).first?.delivery == .password)
        }
        let run = try await enroll(server, request: try request(""))
        guard case .challengeMissing = run.error else {
            Issue.record("\(run.result)")
            return
        }
        #expect(run.requests("PKIOperation").isEmpty)
    }

    @Test func requirement163PollsForAnECKeyWithTheChallenge() async throws {
        let server = try ApprovingServer(polls: 1).server()
        let wanted = try ecRequest(.p256)
        let run = try await dealing(with: server) {
            session,
            authority throws(SCEPClientError) -> EnrolledCertificate in
            let outcome = try await session.enroll(wanted, authority: authority)
            guard case .pending(let pending) = outcome else { return try outcome.get() }
            return try await session.wait(
                for: pending,
                key: wanted.key,
                challenge: wanted.challenge,
                authority: authority,
                limits: quickly
            )
        }
        let enrolled = try run.result.get()
        #expect(
            enrolled.certificate.subjectPublicKeyInfo.keyBits
                == (try SubjectPublicKeyInfo(wanted.key.publicKey).keyBits)
        )

        let without = try await dealing(with: server) { session, authority throws(SCEPClientError) in
            guard case .pending(let pending) = try await session.enroll(wanted, authority: authority) else { return }
            _ = try await session.poll(pending, key: wanted.key, authority: authority)
        }
        guard case .challengeMissing = without.result.error else {
            Issue.record("\(without.result)")
            return
        }
        #expect(try messages(without.requests, server).count == 1)
    }
}
