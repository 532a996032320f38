// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct QueryTests {
    private func getCert(
        _ server: FakeServer,
        _ name: IssuerAndSerialNumber,
        as identity: ClientIdentity
    ) async throws -> (result: Result<EncodedCertificate, SCEPClientError>, requests: [LoopbackServer.Request]) {
        try await dealing(with: server) { session, authority throws(SCEPClientError) in
            try await session.certificate(name, as: identity, authority: authority)
        }
    }

    private func getCRL(
        _ server: FakeServer,
        _ identity: ClientIdentity,
        preference: CertificateListPreference = .automatic
    ) async throws -> (
        result: Result<RetrievedCertificateList, SCEPClientError>, requests: [LoopbackServer.Request]
    ) {
        try await dealing(with: server) { session, authority throws(SCEPClientError) in
            try await session.certificateList(
                covering: identity.certificate,
                as: identity,
                authority: authority,
                preference: preference
            )
        }
    }

    // MARK: - GetCert

    @Test func getsACertificateByIssuerAndSerialNumber() async throws {
        let identity = try TestCertificates.identity()
        let wanted = try TestCertificates.make("CN=device-2", key: TestCertificates.otherKey())
        var server = try FakeServer()
        server.message = { try $1.success($0, [TestCertificates.root.get(), wanted]) }
        let run = try await getCert(server, IssuerAndSerialNumber(of: wanted), as: identity)
        #expect(try run.result.get() == wanted)
        let message = try #require(try messages(run.requests, server).first)
        #expect(message.message.signer == identity.certificate)
        guard case .getCert(let name) = message.content else {
            Issue.record("it was no GetCert")
            return
        }
        #expect(name == IssuerAndSerialNumber(of: wanted))
    }

    @Test func rejectsAnotherCertificateThanTheOneAskedFor() async throws {
        let identity = try TestCertificates.identity()
        var server = try FakeServer()
        server.message = { try $1.success($0, [TestCertificates.make("CN=x", key: TestCertificates.otherKey())]) }
        let run = try await getCert(server, IssuerAndSerialNumber(of: identity.certificate), as: identity)
        guard case .replyRejected = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test func saysThatThereIsNoSuchCertificate() async throws {
        let identity = try TestCertificates.identity()
        var server = try FakeServer()
        server.message = { try $1.failure($0, .badCertId) }
        let run = try await getCert(server, IssuerAndSerialNumber(of: identity.certificate), as: identity)
        guard case .refused(.badCertId, _, _) = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test func rejectsPENDINGAsTheAnswerToAQuery() async throws {
        let identity = try TestCertificates.identity()
        var server = try FakeServer()
        server.message = { try $1.pending($0) }
        let certificate = try await getCert(server, IssuerAndSerialNumber(of: identity.certificate), as: identity)
        guard case .replyRejected = certificate.result.error else {
            Issue.record("\(certificate.result)")
            return
        }
        guard case .replyRejected = try await getCRL(server, identity).result.error else {
            Issue.record("it was not rejected")
            return
        }
    }

    @Test func requirement163SendsNoQueryWhoseAnswerAnECKeyCouldNotOpen() async throws {
        let identity = try TestCertificates.identity(try SoftwareKey.generate(.ec(.p256)))
        let server = try FakeServer()
        let run = try await getCert(server, IssuerAndSerialNumber(of: identity.certificate), as: identity)
        guard case .unsupportedKey = run.result.error else {
            Issue.record("\(run.result)")
            return
        }
        #expect(try messages(run.requests, server).isEmpty)
        guard case .unsupportedKey = try await getCRL(server, identity).result.error else {
            Issue.record("it was sent")
            return
        }
    }

    // MARK: - GetCRL

    private func server(_ list: [UInt8]) throws -> FakeServer {
        var server = try FakeServer()
        server.message = { try $1.success($0, .certificateList(list)) }
        return server
    }

    @Test func getsTheCRLThatCoversACertificate() async throws {
        let identity = try TestCertificates.identity()
        let entry = RevokedCertificate(serialNumber: identity.certificate.serialNumber, revokedAt: Date())
        let der = try TestCertificates.list(revoked: [entry])
        let server = try server(der)
        let run = try await getCRL(server, identity)
        let found = try run.result.get()
        #expect(found.list.der == der)
        #expect(found.source == .getCRL)
        #expect(try found.list.revocation(of: identity.certificate.serialNumber) != nil)
        guard case .getCRL(let name) = try messages(run.requests, server).first?.content else {
            Issue.record("it was no GetCRL")
            return
        }
        #expect(name == IssuerAndSerialNumber(of: identity.certificate))
    }

    @Test func rejectsACRLThatIsNotWhatItHasToBe() async throws {
        let identity = try TestCertificates.identity()
        let other = try TestCertificates.otherKey()
        let elsewhere = try CertificateExtensions.issuingDistributionPoint(url: "http://ca.example/other.crl")
        let hour = 3600.0
        let expectations: [(word: String, list: [UInt8])] = [
            ("not signed", try TestCertificates.list(issuerKey: other)),
            ("not signed", try TestCertificates.list(issuerKey: TestCertificates.raKey())),
            ("cover", try TestCertificates.list(issuer: "CN=Another CA")),
            ("cover", try TestCertificates.list(extensions: [elsewhere])),
            (
                "out of date",
                try TestCertificates.list(
                    thisUpdate: Date(timeIntervalSinceNow: -2 * hour),
                    nextUpdate: Date(timeIntervalSinceNow: -hour)
                )
            ),
            (
                "out of date",
                try TestCertificates.list(
                    thisUpdate: Date(timeIntervalSinceNow: hour),
                    nextUpdate: Date(timeIntervalSinceNow: 2 * hour)
                )
            ),
            ("can't be read", [0x30, 0x03, 0x02, 0x01, 0x00]),
        ]
        for (word, list) in expectations {
            let run = try await getCRL(try server(list), identity)
            guard case .replyRejected(let reason, _) = run.result.error else {
                Issue.record("\(word): \(run.result)")
                continue
            }
            #expect(reason.contains(word))
        }
    }

    @Test func takesACRLThatASlowClockSeesInTheFuture() async throws {
        let list = try TestCertificates.list(thisUpdate: Date(timeIntervalSinceNow: 60))
        _ = try await getCRL(try server(list), try TestCertificates.identity()).result.get()
    }

    @Test func rejectsACertificateInPlaceOfACRL() async throws {
        var server = try FakeServer()
        server.message = { try $1.success($0, [TestCertificates.root.get()]) }
        guard case .replyRejected = try await getCRL(server, try TestCertificates.identity()).result.error else {
            Issue.record("it was not rejected")
            return
        }
    }

    /// Gets the CRL of a certificate that names a URL of the server itself.
    private func getCRLFromURL(
        file: [UInt8]?,
        preference: CertificateListPreference = .automatic
    ) async throws -> (source: RetrievedCertificateList.Source, requests: [LoopbackServer.Request]) {
        var server = try server(try TestCertificates.list())
        if let file { server.files["/root.crl"] = file }
        return try await LoopbackServer.run(server.answer) { loopback in
            let point = try CertificateExtensions.crlDistributionPoint(url: loopback.url("/root.crl"))
            let identity = try TestCertificates.identity(extensions: [point])
            let url = try ServerURL(loopback.url())
            let found = try await SCEPSession.run(with: url, options: quick) {
                session throws(SCEPClientError) in
                try await session.certificateList(
                    covering: identity.certificate,
                    as: identity,
                    authority: try await session.authority(fingerprint: nil),
                    preference: preference
                )
            }
            return (found.source, loopback.requests)
        }
    }

    @Test func requirement160PrefersTheURLThatTheCertificateNames() async throws {
        let (source, requests) = try await getCRLFromURL(file: try TestCertificates.list())
        guard case .distributionPoint(let url) = source else {
            Issue.record("\(source)")
            return
        }
        #expect(url.hasSuffix("/root.crl"))
        #expect(!requests.contains { $0.parameter("operation") == "PKIOperation" })
    }

    @Test func requirement160AsksByGetCRLWhereTheURLDoesNotServe() async throws {
        let forged = try TestCertificates.list(issuerKey: TestCertificates.otherKey())
        for file in [nil, [], forged] {
            let (source, requests) = try await getCRLFromURL(file: file)
            #expect(source == .getCRL)
            #expect(requests.contains { $0.path == "/root.crl" })
        }
    }

    @Test func asksByGetCRLWhenItIsTold() async throws {
        let (source, requests) = try await getCRLFromURL(file: try TestCertificates.list(), preference: .getCRL)
        #expect(source == .getCRL)
        #expect(!requests.contains { $0.path == "/root.crl" })
    }

    @Test func requirement45And46SendQueriesAsPKIOperationByPOST() async throws {
        let identity = try TestCertificates.identity()
        var server = try FakeServer()
        server.message = { try $1.success($0, [identity.certificate]) }
        let run = try await getCert(server, IssuerAndSerialNumber(of: identity.certificate), as: identity)
        _ = try run.result.get()
        #expect(run.requests.map { $0.parameter("operation") } == ["GetCACert", "GetCACaps", "PKIOperation"])
        #expect(run.requests.map(\.method) == [.GET, .GET, .POST])
    }
}
