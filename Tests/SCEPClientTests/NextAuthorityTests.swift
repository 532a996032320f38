// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct NextAuthorityTests {
    /// The next generation: a root of its own, valid from tomorrow on, and its RA.
    private struct Generation {
        let root: EncodedCertificate
        let ra: EncodedCertificate

        init() throws {
            let tomorrow = Date(timeIntervalSinceNow: 86_400)
            let nextYear = Date(timeIntervalSinceNow: 365 * 86_400)
            let key = try TestCertificates.otherKey()
            self.root = try TestCertificates.make(
                "CN=Next Root",
                key: key,
                issuer: "CN=Next Root",
                issuerKey: key,
                kind: .authority(),
                notBefore: tomorrow,
                notAfter: nextYear
            )
            self.ra = try TestCertificates.make(
                "CN=Next RA",
                key: TestCertificates.deviceKey(),
                issuer: "CN=Next Root",
                issuerKey: key,
                notBefore: tomorrow,
                notAfter: nextYear
            )
        }

        var certificates: CACertificates { CACertificates(certificates: [ra, root]) }

        var credential: RACredential {
            get throws { RACredential(certificate: ra, key: try TestCertificates.deviceKey(), alongside: []) }
        }
    }

    private func answer(
        _ certificates: CACertificates,
        signedBy credential: RACredential? = nil
    ) throws -> [UInt8] {
        try NextCACertificates.answer(
            certificates,
            credential: credential ?? FakeServer().credential,
            signingTime: Date()
        )
    }

    private func next(
        _ body: LoopbackServer.Answer?,
        fingerprint: Fingerprint? = nil
    ) async throws -> (result: Result<TrustedAuthority, SCEPClientError>, requests: [LoopbackServer.Request]) {
        var server = try FakeServer()
        server.nextCAAnswer = body
        return try await dealing(with: server, fingerprint: fingerprint) {
            session,
            authority throws(SCEPClientError) in try await session.nextAuthority(after: authority)
        }
    }

    @Test func requirement153And45AskByGETForGetNextCACert() async throws {
        let run = try await next(.bytes(try answer(Generation().certificates)))
        _ = try run.result.get()
        #expect(run.requests.last?.uri == "/scep?operation=GetNextCACert")
        #expect(run.requests.allSatisfy { $0.method == .GET })
    }

    @Test func requirement150TrustsWhatThePresentCASigned() async throws {
        let generation = try Generation()
        let body = LoopbackServer.Answer.bytes(try answer(generation.certificates))
        let authority = try await next(body).result.get()
        #expect(authority.certificates.certificates == [generation.ra, generation.root])
        #expect(authority.recipient == generation.ra)
        #expect(authority.issuer == generation.root)
        #expect(authority.authentication == .none)
        let fingerprint = Fingerprint(of: try TestCertificates.root.get())
        #expect(try await next(body, fingerprint: fingerprint).result.get().authentication == .predecessor)
    }

    @Test func requirement150TrustsNothingWithoutAGoodSignature() async throws {
        let generation = try Generation()
        var flipped = try answer(generation.certificates)
        flipped[flipped.count - 1] ^= 1
        var changed = try answer(generation.certificates)
        let place = try #require(changed.firstRange(of: Array("Next RA".utf8)))
        changed.replaceSubrange(place, with: Array("Nexd RA".utf8))
        let stranger = RACredential(
            certificate: try TestCertificates.ra.get(),
            key: try TestCertificates.otherKey(),
            alongside: []
        )
        let bodies: [[UInt8]] = [
            flipped, changed, try answer(generation.certificates, signedBy: stranger),
            // Signed by itself, and not signed at all.
            try answer(generation.certificates, signedBy: generation.credential),
            try generation.certificates.answer().body, Array("<html>".utf8), [],
        ]
        for body in bodies {
            let run = try await next(.bytes(body))
            guard case .nextCARejected = run.result.error else {
                Issue.record("\(run.result)")
                continue
            }
            #expect(run.result.error?.hint != nil)
        }
    }

    @Test func requirement40RefusesANextRAThatItsCADidNotSign() async throws {
        let generation = try Generation()
        let forged = try TestCertificates.withFlippedSignature(generation.ra)
        let list = CACertificates(certificates: [forged, generation.root])
        let run = try await next(.bytes(try answer(list)))
        guard case .untrustedCACertificate = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test func saysThatThereIsNoNextCA() async throws {
        let run = try await next(nil)
        #expect(
            run.result.error
                == .http(.getNextCACert, status: 404, line: "there is no next CA", location: nil)
        )
        #expect(run.result.error?.hint?.contains("no next certificate yet") == true)
    }

    @Test(arguments: [false, true])
    func enrolsWithTheNextCA(answeredByThePresentOne: Bool) async throws {
        let generation = try Generation()
        var server = try FakeServer()
        server.nextCAAnswer = .bytes(try answer(generation.certificates))
        server.credentials = [try server.credential, try generation.credential]
        server.message = { request, server in
            guard let csr = request.certificationRequest else { return .close }
            let issued = try TestCertificates.make(
                csr.subject.description,
                key: TestCertificates.rootKey(),
                publicKey: csr.subjectPublicKeyInfo,
                issuer: "CN=Next Root",
                issuerKey: TestCertificates.otherKey()
            )
            guard answeredByThePresentOne else { return try server.success(request, [issued]) }
            return FakeServer.reply(
                try server.make(.init(content: server.envelope(request, [issued])), to: request)
            )
        }
        let wanted = EnrollmentRequest(
            subject: try Name("CN=device-1"),
            key: try SoftwareKey.generate(.rsa(bits: 2048)),
            challenge: ChallengePassword("secret")
        )
        let run = try await dealing(with: server) { session, authority throws(SCEPClientError) in
            let next = try await session.nextAuthority(after: authority)
            return try await session.enroll(wanted, authority: next).get()
        }
        #expect(try run.result.get().chain == [generation.root])
        #expect(try messages(run.requests, server).first?.credential.certificate == generation.ra)
    }
}
