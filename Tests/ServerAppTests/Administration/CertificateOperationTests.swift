// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import StrictJSON
internal import TestSupport
internal import Testing

@testable internal import ServerApp

extension AdminBench {
    /// Stores a certificate as if it had been issued now.
    @discardableResult
    func issue(_ name: String, dns: String? = nil, days: Double = 30) async throws -> CertificateRecord {
        var made = HandMadeCertificate(name, key: try TestKeys.client)
        if let dns {
            let names = TLV.sequence(TLV.encode(0x82, Array(dns.utf8)))
            made.extensions = [HandMadeCertificate.extension(OID.subjectAltName, names)]
        }
        let certificate = try made.read()
        var generator = SystemRandomNumberGenerator()
        let now = Date()
        let issuer = try #require(try await state.opened.configuration().issuers.last { !$0.chain.isEmpty })
        let key = TransactionKey(profile: "default", transactionID: name, signerDigest: [1])
        let order = IssuanceOrder(
            issuerID: issuer.id,
            serialNumber: [1] + (0..<15).map { _ in UInt8.random(in: 1...127) },
            toBeSigned: [1]
        )
        let reservation = Reservation(
            id: .version7(at: now, using: &generator),
            key: key,
            requestDigest: DigestAlgorithm.sha256.digest(Array(name.utf8)),
            publicKeyDigest: [2],
            request: [3],
            raProfile: "default",
            claims: [],
            order: order,
            reservedAt: now,
            lease: Lease(owner: .version7(at: now, using: &generator), until: now),
            trace: nil
        )
        let record = CertificateRecord(
            id: .version7(at: now, using: &generator),
            transactionID: reservation.id,
            issuerID: issuer.id,
            serialNumber: order.serialNumber,
            der: certificate.der,
            subject: "\(certificate.subject)",
            publicKeyDigest: DigestAlgorithm.sha256.digest(certificate.subjectPublicKeyInfo.der),
            profile: "default",
            notBefore: now,
            notAfter: now.addingTimeInterval(days * 86_400),
            issuedAt: now,
            crlShard: 0
        )
        _ = try await state.opened.store.reserve(reservation) { record }
        return record
    }

    /// The subjects that a search finds.
    func subjects(_ query: String) async throws -> [String] {
        let answer = try await ask("GET", "/certificates", query: query)
        try #require(answer.status == 200, "\(answer.body)")
        return try #require(answer.body["items"]).elements.compactMap { $0["subject"]?.text }
    }
}

@Suite struct CertificateOperationTests {
    @Test func certificatesAreFoundByWhateverNamesThem() async throws {
        let bench = try await AdminBench()
        let first = try await bench.issue("Device-1", dns: "Web.Example", days: 10)
        try await bench.issue("Device-2", days: 400)
        let digest = DigestAlgorithm.sha256.digest(first.der).hexadecimal
        let serial = first.serialNumber.hexadecimal
        for query in [
            "subject=device-1", "exactSubject=cn%3DDEVICE-1", "name=dns:WEB.example", "fingerprint=\(digest)",
            "fingerprint=\(Texts.colons(digest))", "serial=\(serial)", "serial=\(serial)&subject=DEVICE",
            "expiresWithinDays=30", "expiresWithinDays=30&fingerprint=\(digest)",
            "name=dns:web.example&exactSubject=CN%3DDevice-1&status=valid&status=expired",
        ] {
            #expect(try await bench.subjects(query) == ["CN=Device-1"], "\(query)")
        }
        let key = first.publicKeyDigest.hexadecimal
        for query in ["", "publicKey=\(key)", "subject=device&profile=default&issuer=issuing", "status=valid"] {
            #expect(try await bench.subjects(query) == ["CN=Device-1", "CN=Device-2"], "\(query)")
        }
        for query in [
            "serial=\(serial)&subject=device-2", "name=dns:other.example", "issuer=root", "status=revoked",
            "issuedBefore=2026-01-01T00:00:00Z", "fingerprint=\(digest)&exactSubject=CN%3DDevice-2", "subject=%25",
        ] {
            #expect(try await bench.subjects(query).isEmpty, "\(query)")
        }
        let page = try await bench.ask("GET", "/certificates", query: "limit=1")
        let next = try #require(page.body["next"]?.text)
        #expect(try await bench.subjects("after=\(next)") == ["CN=Device-2"])
    }

    @Test func aCertificateIsShownRevokedAndReleased() async throws {
        let bench = try await AdminBench()
        let serial = try await bench.issue("Device-1").serialNumber.hexadecimal
        let shown = try await bench.ask("GET", "/certificates/\(serial)")
        #expect(shown.body["chain"]?.elements.count == 2)
        #expect(shown.body["certificate"]?.text?.isEmpty == false)
        #expect(shown.body["revokedAt"] == nil)
        let path = "/certificates/\(serial)"
        #expect(try await bench.ask("POST", path + "/release").status == 409)
        let held = try await bench.ask("POST", path + "/revoke", #"{"reason":"certificateHold"}"#)
        #expect(held.body["status"]?.text == "on hold")
        #expect(try await bench.ask("POST", path + "/release").body["status"]?.text == "valid")
        #expect(try await bench.ask("POST", path + "/revoke", "{}").body["reason"]?.text == "unspecified")
        #expect(try await bench.ask("POST", path + "/revoke", "{}").status == 409)
    }

    @Test(arguments: [
        ("GET", "/certificates", "serial=xyz", nil, 422), ("GET", "/certificates", "name=a.example", nil, 422),
        ("GET", "/certificates", "exactSubject=nonsense", nil, 422), ("GET", "/certificates", "limit=1001", nil, 400),
        ("GET", "/certificates", "fingerprint=00", nil, 400), ("GET", "/certificates", "status=good", nil, 400),
        ("GET", "/certificates", "issuedSince=yesterday", nil, 400), ("GET", "/certificates/zz", "", nil, 422),
        ("GET", "/certificates/00", "", nil, 404), ("POST", "/certificates/01/revoke", "", #"{"reason":"no"}"#, 400),
        ("POST", "/certificates/01/revoke", "", #"{"at":"2999-01-01T00:00:00Z"}"#, 422),
        ("POST", "/certificate-revocations", "", "{}", 422),
        ("POST", "/certificate-revocations", "", #"{"filter":{}}"#, 422),
        ("POST", "/certificate-revocations", "", #"{"filter":{"subject":"a"}}"#, 422),
        ("POST", "/certificate-revocations", "", #"{"filter":{"subject":"a"},"expectedCount":1}"#, 409),
        ("POST", "/certificate-revocations", "", #"{"certificates":["01"],"filter":{"subject":"a"}}"#, 422),
        ("POST", "/certificate-revocations", "", #"{"certificates":["01"]}"#, 404),
    ])
    func nonsenseIsRefused(
        _ method: String,
        _ path: String,
        _ query: String,
        _ body: String?,
        _ status: Int
    ) async throws {
        #expect(try await AdminBench().ask(method, path, query: query, body).status == status)
    }

    @Test func manyCertificatesAreRevokedAtOnce() async throws {
        let bench = try await AdminBench()
        var serials: [String] = []
        for number in 0..<3 { serials.append(try await bench.issue("Device-\(number)").serialNumber.hexadecimal) }
        let path = "/certificate-revocations"
        let dry = try await bench.ask("POST", path, #"{"filter":{"subject":"device"},"dryRun":true}"#)
        #expect(dry.body["count"] == .integer(3))
        #expect(dry.body["revoked"] == .integer(0))
        #expect(try await bench.subjects("status=valid").count == 3)
        #expect(try await bench.ask("POST", path, #"{"filter":{"subject":"device"},"expectedCount":2}"#).status == 409)
        #expect(try await bench.subjects("status=valid").count == 3)
        let named = try await bench.ask("POST", path, "{\"certificates\":[\"\(serials[0])\",\"\(serials[0])\"]}")
        #expect(named.body["revoked"] == .integer(1))
        let rest = try await bench.ask(
            "POST",
            path,
            #"{"filter":{"subject":"device"},"expectedCount":2,"reason":"superseded"}"#
        )
        #expect(rest.body["revoked"] == .integer(2))
        #expect(try await bench.subjects("status=revoked").count == 3)
        let again = try await bench.ask("POST", path, "{\"certificates\":[\"\(serials[0])\"]}")
        #expect(again.body["items"]?.elements.first?["outcome"]?.text == "already revoked")
    }

    @Test func onlyAdministratorsRevoke() async throws {
        let auditor = Principal(name: "operator:a", origin: "192.0.2.1", roles: [.auditor, .approver, .codeIssuer])
        let bench = try await AdminBench(as: auditor)
        #expect(try await bench.ask("GET", "/certificates").status == 200)
        #expect(try await bench.ask("POST", "/certificates/01/revoke", "{}").status == 403)
        #expect(try await bench.ask("POST", "/certificates/01/release").status == 403)
        #expect(try await bench.ask("POST", "/certificate-revocations", #"{"certificates":["01"]}"#).status == 403)
        #expect(try await bench.ask("POST", "/issuers/issuing/next-key").status == 403)
        #expect(try await bench.ask("POST", "/trials", #"{"request":"MAA=","profile":"default"}"#).status == 403)
    }
}

private enum Texts {
    static func colons(_ digits: String) -> String {
        stride(from: 0, to: digits.count, by: 2).map { String(digits.dropFirst($0).prefix(2)) }.joined(separator: ":")
    }
}
