// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import GRDB
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// Revoking, holding and releasing certificates, and where that shows.
@Suite struct RevocationTests {
    private static func serial(_ certificate: EncodedCertificate) -> String { certificate.serialNumber.hex }

    private static func list(
        _ server: Server,
        _ path: String = "/crl/issuing-1-0.crl"
    ) async throws
        -> EncodedCertificateList
    {
        let reply = try await server.get(path)
        #expect(reply.status == 200)
        #expect(reply.contentType == "application/pkix-crl")
        return try EncodedCertificateList(derEncoded: reply.body)
    }

    private static func value(_ number: [UInt8]?) throws -> UInt64 {
        try #require(number).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func enrol(_ server: Server, _ name: String) async throws -> EncodedCertificate {
        let device = try await Device(name, of: server)
        return try device.certificate(in: try await server.post(try device.message(try await server.code(), name)))
    }

    @Test func aRevokedCertificateIsRefusedByWhoChecksTheCRL() async throws {
        let server = try await Server.start()
        let good = try await Self.enrol(server, "good")
        let bad = try await Self.enrol(server, "bad")
        let before = try await Self.list(server)
        #expect(before.count == 0)
        #expect(before.covers(bad))
        try await Sceptic.run(
            "certificate",
            "revoke",
            Self.serial(bad),
            "--data",
            server.state,
            "--reason",
            "keyCompromise"
        )
        // The server beside which the command ran publishes it at once.
        let after = try await Self.list(server)
        #expect(try after.revocation(of: bad.serialNumber)?.reason == .keyCompromise)
        #expect(try after.revocation(of: good.serialNumber) == nil)
        #expect(try Self.value(after.number) == Self.value(before.number) + 1)

        let openssl = try OpenSSL()
        let authorities = try await server.authorities().certificates.filter(\.isCertificateAuthority)
        for (index, certificate) in (authorities + [good, bad]).enumerated() {
            try openssl.write("\(index).der", certificate.der)
            try await openssl.run(["x509", "-inform", "DER", "-in", "\(index).der", "-out", "\(index)"])
        }
        try openssl.write("crl.der", after.der)
        try await openssl.run(["crl", "-inform", "DER", "-in", "crl.der", "-out", "crl"])
        let verify = ["verify", "-crl_check", "-CAfile", "1", "-untrusted", "0", "-CRLfile", "crl"]
        let accepted = try await openssl.attempt(verify + ["2"])
        #expect(accepted.text == "2: OK\n")
        let refused = try await openssl.attempt(verify + ["3"])
        #expect(refused.errors.contains("certificate revoked"))
        #expect(try await server.stop() == 0)
    }

    @Test func aCRLThatCannotBeReadIsUnavailableRatherThanAbsent() async throws {
        let server = try await Server.start()
        let path = "/crl/issuing-1-0.crl"
        let before = try await server.get(path)
        #expect(before.status == 200)
        let queue = try DatabaseQueue(path: server.state + "/sceptic.sqlite")
        try await queue.write { try $0.execute(sql: "ALTER TABLE certificate_list RENAME TO elsewhere") }
        let meanwhile = try await server.get(path)
        #expect(meanwhile.status == 503)
        #expect(meanwhile.fields["retry-after"] == "5")
        #expect(try await server.get("/crl/issuing-1-1.crl").status == 404)
        #expect(try await server.get("/crl/nobody-1-0.crl").status == 404)
        try await queue.write { try $0.execute(sql: "ALTER TABLE elsewhere RENAME TO certificate_list") }
        try queue.close()
        #expect(try await server.get(path).body == before.body)
        #expect(try await server.stop() == 0)
    }

    @Test func aHeldCertificateIsReleased() async throws {
        let server = try await Server.start()
        let certificate = try await Self.enrol(server, "held")
        let serial = Self.serial(certificate)
        let data = ["--data", server.state]
        #expect(try await Sceptic.attempt(["certificate", "release", serial] + data).status == 73)
        try await Sceptic.run("certificate", "revoke", serial, "--data", server.state, "--reason", "certificateHold")
        #expect(try await Self.list(server).revocation(of: certificate.serialNumber)?.reason == .certificateHold)
        #expect(try await server.certificates().first?["status"] == "on hold")
        try await Sceptic.run("certificate", "release", serial, "--data", server.state)
        #expect(try await Self.list(server).count == 0)
        #expect(try await server.certificates().first?["status"] == "valid")
        // On hold, it may be revoked for good; its date stays the first one.
        let day = ["--at", "2026-01-01"]
        try await Sceptic.run("certificate", "revoke", serial, "--data", server.state, "--reason", "certificateHold")
        let run = try await Sceptic.attempt(["certificate", "revoke", serial, "--reason", "superseded"] + data + day)
        #expect(run.status == 0, "\(run.errors)")
        let again = try await Sceptic.attempt(["certificate", "revoke", serial, "--reason", "keyCompromise"] + data)
        #expect(again.status == 73)
        #expect(again.errors.contains("(superseded)"))
        #expect(try await Sceptic.attempt(["certificate", "release", serial] + data).status == 73)
        #expect(try await server.stop() == 0)
    }

    @Test func certificatesAreFoundByTheirFilters() async throws {
        let server = try await Server.start()
        for name in ["printer-1", "printer-2", "router"] { _ = try await Self.enrol(server, name) }
        let serials = try await server.certificates().compactMap { $0["serialNumber"] }
        try await Sceptic.run("certificate", "revoke", serials[1], "--data", server.state)
        func subjects(_ filter: String...) async throws -> [String] {
            let arguments = ["certificate", "list", "--data", server.state, "--json"] + filter
            let run = try await Sceptic.attempt(arguments)
            let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: String]]
            return try #require(rows).compactMap { $0["subject"] }
        }
        #expect(try await subjects() == ["CN=printer-1", "CN=printer-2", "CN=router"])
        #expect(try await subjects("--subject", "PRINTER") == ["CN=printer-1", "CN=printer-2"])
        #expect(try await subjects("--subject", "printer", "--limit", "1") == ["CN=printer-1"])
        #expect(try await subjects("--revoked") == ["CN=printer-2"])
        #expect(try await subjects("--serial", serials[2].uppercased()) == ["CN=router"])
        #expect(try await subjects("--serial", serials[2], "--revoked") == [])
        #expect(try await subjects("--profile", "default").count == 3)
        #expect(try await subjects("--profile", "other") == [])
        #expect(try await subjects("--expires-before", "2026-01-01") == [])
        #expect(try await subjects("--expires-before", "2999-01-01T00:00:00Z").count == 3)

        let pem = try await Sceptic.run("certificate", "export", "--data", server.state).output
        #expect(pem.components(separatedBy: "BEGIN CERTIFICATE").count == 4)
        let lines = try await Sceptic.run("certificate", "export", "--data", server.state, "--json", "--revoked").lines
        #expect(lines.count == 1)
        #expect(lines.first?.contains("\"reason\":\"unspecified\"") ?? false)
        let shown = try await Sceptic.run("certificate", "show", serials[0], "--data", server.state, "--pem").output
        #expect(pem.hasPrefix(shown))
        #expect(try await server.stop() == 0)
    }

    @Test func anAlternateAuthorityHasToShowACRLOfItsOwn() async throws {
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        try await Sceptic.initialise(state)
        let openssl = try OpenSSL()
        for name in ["one", "two"] {
            _ = try await openssl.makeKey(name + ".key", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
            try await openssl.run(
                ["req", "-x509", "-new", "-key", name + ".key", "-subj", "/CN=\(name)", "-out", name, "-days", "9"]
            )
        }
        try openssl.write("index", [])
        try openssl.write("settings", Array("[ca]\ndefault_ca=a\n[a]\ndatabase=index\ndefault_md=sha256\n".utf8))
        func crl(_ name: String, _ more: String...) async throws -> String {
            let file = name + ".crl"
            let arguments = ["ca", "-config", "settings", "-gencrl", "-keyfile", name + ".key", "-cert", name]
            try await openssl.run(arguments + ["-out", file] + more)
            return openssl.folder.file(file)
        }
        func authority(_ arguments: String...) async throws -> Sceptic.Run {
            try await Sceptic.attempt(["ca", "authority"] + arguments + ["--data", state])
        }
        let certificate = openssl.folder.file("one")
        #expect(try await authority("add", "acme", "--certificate", certificate).status == 0)
        #expect(try await authority("add", "acme", "--certificate", certificate).status == 73)
        #expect(try await authority("add", "ACME", "--certificate", certificate).status == 64)
        #expect(try await authority("list").output.contains("missing"))
        #expect(try await authority("crl", "acme", "--file", certificate).status == 64)
        let foreign = try await authority("crl", "acme", "--file", try await crl("two", "-crldays", "7"))
        #expect(foreign.status == 64)
        #expect(foreign.errors.contains("not of 'CN=one'"))
        let late = try await crl("one", "-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200108000000Z")
        let refused = try await authority("crl", "acme", "--file", late)
        #expect(refused.status == 64)
        #expect(refused.errors.contains("was good until 2020-01-08T00:00:00Z"))
        #expect(try await authority("crl", "acme", "--file", try await crl("one", "-crldays", "7")).status == 0)
        #expect(try await authority("list").output.contains("current"))
        let older = try await crl("one", "-crl_lastupdate", "20250101000000Z", "-crldays", "7")
        #expect(try await authority("crl", "acme", "--file", older).errors.contains("older than the one that is here"))
        // Its own CA needs no such entry, and a device's certificate is no CA's.
        let own = try await Sceptic.run("ca", "show", "--data", state, "--pem").output
        try openssl.write("own", Array(own.utf8))
        #expect(try await authority("add", "own", "--certificate", openssl.folder.file("own")).status == 73)
        try openssl.write("device", Array(try HandMadeCertificate("device", key: try TestKeys.client).der()))
        let device = try await authority("add", "device", "--certificate", openssl.folder.file("device"))
        #expect(device.errors.contains("is not a CA's"))
        #expect(try await authority("remove", "acme").status == 0)
        #expect(try await authority("remove", "acme").status == 73)
        #expect(try await authority("list").lines.count == 1)
    }
}
