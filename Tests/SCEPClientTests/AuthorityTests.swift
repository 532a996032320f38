// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing
internal import X509

@Suite struct AuthorityTests {
    @Test func requirement38AsksForTheCACertificatesFirst() async throws {
        let run = try await enroll(try FakeServer())
        #expect(run.error == nil)
        #expect(run.requests.compactMap { $0.parameter("operation") } == ["GetCACert", "GetCACaps", "PKIOperation"])
    }

    @Test(arguments: [
        LoopbackServer.Answer.text("nothing here", .notFound), .text("no certificate"), .bytes([]), .close,
    ])
    func requirement38SendsNothingWithoutCACertificates(_ answer: LoopbackServer.Answer) async throws {
        var server = try FakeServer()
        server.caAnswer = answer
        let run = try await enroll(server)
        #expect(run.error != nil)
        #expect(run.requests("PKIOperation").isEmpty)
    }

    @Test func requirement39AcceptsTheRightFingerprint() async throws {
        let root = try TestCertificates.root.get()
        let sha256 = root.fingerprint(.sha256).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let sha1 = root.fingerprint(.sha1).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        for text in [
            sha256.joined(), sha256.joined(separator: ":").uppercased(), sha1.joined(), sha1.joined(separator: ":"),
            "sha256 Fingerprint=" + sha256.joined(separator: ":").uppercased() + "\n",
        ] {
            let run = try await enroll(try FakeServer(), fingerprint: try Fingerprint(text))
            #expect(run.error == nil, "\(text)")
        }
    }

    @Test(arguments: [64, 40])
    func requirement39AbortsOnAWrongFingerprintBeforeAnythingIsSent(_ digits: Int) async throws {
        let wrong = try Fingerprint(String(repeating: "ab", count: digits / 2))
        let run = try await enroll(try FakeServer(), fingerprint: wrong)
        let root = try TestCertificates.root.get()
        #expect(
            run.error == .fingerprintMismatch(expected: wrong, offered: [Fingerprint(of: root, digest: wrong.digest)])
        )
        #expect(run.requests("PKIOperation").isEmpty)
    }

    @Test func requirement39DoesNotTakeTheFingerprintOfAnRACertificateForTheCAs() async throws {
        let run = try await enroll(try FakeServer(), fingerprint: Fingerprint(of: try TestCertificates.ra.get()))
        guard case .fingerprintMismatch = run.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test func requirement40RefusesAnRACertificateWithABadSignature() async throws {
        var server = try FakeServer()
        server.certificates[0] = try TestCertificates.withFlippedSignature(server.certificates[0])
        try await expectUntrusted(server)
    }

    @Test func requirement40RefusesAnExpiredIntermediate() async throws {
        var server = try FakeServer()
        let expired = Date(timeIntervalSinceNow: -60)
        server.certificates.append(
            try TestCertificates.make(
                "CN=Old CA",
                key: TestCertificates.otherKey(),
                kind: .authority(),
                notAfter: expired
            )
        )
        try await expectUntrusted(server)
    }

    @Test func requirement40RefusesACertificateOfAnotherCA() async throws {
        var server = try FakeServer()
        let key = try TestCertificates.otherKey()
        server.certificates[0] = try TestCertificates.make("CN=Test RA", key: TestCertificates.raKey(), issuerKey: key)
        try await expectUntrusted(server)
    }

    @Test func requirement40RefusesACertificateUnderOneThatIsNoCA() async throws {
        var server = try FakeServer()
        server.certificates.append(
            try TestCertificates.make(
                "CN=Sub",
                key: TestCertificates.otherKey(),
                issuer: "CN=Test RA",
                issuerKey: TestCertificates.raKey()
            )
        )
        try await expectUntrusted(server)
    }

    @Test func requirement40RefusesAChainLongerThanItsPathLength() throws {
        let root = try TestCertificates.make(
            "CN=R",
            key: TestCertificates.rootKey(),
            issuer: "CN=R",
            kind: .authority(pathLength: 0)
        )
        let sub = try TestCertificates.make(
            "CN=S",
            key: TestCertificates.otherKey(),
            issuer: "CN=R",
            kind: .authority()
        )
        #expect(throws: SCEPClientError.self) {
            try TrustedAuthority(CACertificates(certificates: [root, sub]), fingerprint: nil, now: Date())
        }
    }

    @Test func requirement40RefusesAnExpiredCA() throws {
        let root = try TestCertificates.root.get()
        #expect(throws: SCEPClientError.self) {
            try TrustedAuthority(
                CACertificates(certificates: [root]),
                fingerprint: Fingerprint(of: root),
                now: Date(timeIntervalSinceNow: 1_000_000)
            )
        }
    }

    @Test func acceptsIntermediatesInAnyOrder() throws {
        let root = try TestCertificates.root.get()
        let sub = try TestCertificates.make("CN=Sub", key: TestCertificates.otherKey(), kind: .authority(pathLength: 0))
        let ra = try TestCertificates.make(
            "CN=Sub RA",
            key: TestCertificates.raKey(),
            issuer: "CN=Sub",
            issuerKey: TestCertificates.otherKey()
        )
        for order in [[ra, sub, root], [root, sub, ra], [sub, ra, root]] {
            for fingerprint in [nil, Fingerprint(of: root)] {
                let authority = try TrustedAuthority(
                    CACertificates(certificates: order),
                    fingerprint: fingerprint,
                    now: Date()
                )
                #expect(authority.certificates.certificates == order)
                #expect(authority.anchors == [root])
                #expect(authority.recipient == ra)
                #expect(authority.roles(of: root) == [.anchor, .issuer])
                #expect(authority.roles(of: sub) == [.issuer])
                #expect(authority.roles(of: ra) == [.recipient, .signer])
            }
        }
    }

    @Test func leavesOutWhatIsAboveTheFingerprint() throws {
        let root = try TestCertificates.root.get()
        let sub = try TestCertificates.make("CN=Sub", key: TestCertificates.otherKey(), kind: .authority())
        let authority = try TrustedAuthority(
            CACertificates(certificates: [sub, root]),
            fingerprint: Fingerprint(of: sub),
            now: Date()
        )
        #expect(authority.certificates.certificates == [sub])
        #expect(authority.authentication == .fingerprint)
    }

    @Test func requirement41And46UseTheExactNamesOfTheOperations() async throws {
        let run = try await enroll(try FakeServer())
        #expect(run.requests("GetCACert").count == 1)
        #expect(run.requests("PKIOperation").count == 1)
        #expect(run.requests.allSatisfy { $0.uri.contains("?operation=") })
    }

    private func expectUntrusted(_ server: FakeServer) async throws {
        let root = try TestCertificates.root.get()
        for fingerprint in [nil, Fingerprint(of: root)] {
            let run = try await enroll(server, fingerprint: fingerprint)
            guard case .untrustedCACertificate = run.error else {
                Issue.record("\(run.result)")
                return
            }
            #expect(run.requests("PKIOperation").isEmpty)
        }
    }
}
