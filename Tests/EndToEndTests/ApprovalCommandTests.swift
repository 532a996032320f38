// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import GRDB
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// Decisions at the command line, beside a running server (RFC 8894 §3.3.2.3).
@Suite struct ApprovalCommandTests {
    private static func waiting(_ server: Server) async throws -> [[String: Any]] {
        let run = try await Sceptic.run("request", "list", "--pending", "--data", server.state, "--json")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    }

    private static func request(_ server: Server, _ arguments: String...) async throws -> Sceptic.Run {
        try await Sceptic.attempt(["request"] + arguments + ["--data", server.state])
    }

    @Test func whatIsApprovedIsIssuedAtOnceAndWhatIsDeniedIsNot() async throws {
        let server = try await Server.start()
        try await Sceptic.run("profile", "new", "slow", "--data", server.state, "--approval", "enrollments")
        try await server.servesSoon("slow")
        let target = "/scep/slow?operation=PKIOperation"
        let device = try await Device("waits", of: server, path: "/scep/slow")
        let other = try await Device("hopes", key: TestKeys.other, of: server, path: "/scep/slow")
        let message = try device.message(try await server.code(profile: "slow"), "first")
        let second = try other.message(try await server.code(profile: "slow"), "second")
        #expect(try await server.post(message, target).certRep == "3")
        #expect(try await server.post(second, target).certRep == "3")
        let rows = try await Self.waiting(server)
        #expect(rows.compactMap { $0["subject"] as? String } == ["CN=waits", "CN=hopes"])
        #expect(try await server.certificates().isEmpty)

        let id = try #require(rows.first?["id"] as? String)
        let approved = try await Self.request(server, "approve", id, "--by", "ada", "--note", "asset 4711")
        #expect(approved.status == 0, "\(approved.errors)")
        #expect(approved.output.hasPrefix("Approved: CN=waits has the certificate "))
        #expect(try await server.certificates().compactMap { $0["subject"] } == ["CN=waits"])
        // The device's next request finds what the command beside the server issued.
        let reply = try await server.post(message, target)
        #expect(try device.certificate(in: reply).subject == Name("CN=waits"))
        let shown = try await Self.request(server, "show", "first")
        #expect(shown.output.contains("state:        approved"))
        #expect(shown.output.contains("decided by:   ada"))
        #expect(shown.output.contains("note:         asset 4711"))

        let denied = try await Self.request(server, "deny", "second", "--by", "bob", "--json")
        #expect(denied.status == 0)
        #expect(denied.output.contains("\"outcome\": \"denied\""))
        #expect(try await server.post(second, target).certRep.hasPrefix("2 "))
        // Nobody decides twice.
        for (verb, name, state) in [("deny", id, "approved"), ("approve", "second", "denied")] {
            let again = try await Self.request(server, verb, name, "--by", "eve")
            #expect(again.status == 73)
            #expect(again.errors.contains("it is \(state)"))
        }
        #expect(try await Self.waiting(server).isEmpty)
        #expect(try await server.certificates().count == 1)
        #expect(try await server.stop() == 0)
    }

    @Test func whatTheIssuerRefusedIsNotShownAsDenied() async throws {
        let server = try await Server.start()
        try await Sceptic.run("profile", "new", "slow", "--data", server.state, "--approval", "enrollments")
        try await server.servesSoon("slow")
        let device = try await Device("waits", of: server, path: "/scep/slow")
        let message = try device.message(try await server.code(profile: "slow"), "first")
        #expect(try await server.post(message, "/scep/slow?operation=PKIOperation").certRep == "3")
        #expect(try await Self.request(server, "deny", "first", "--by", "ada").status == 0)
        let denied = try await Self.request(server, "show", "first")
        #expect(denied.output.contains("state:        denied\n"))
        #expect(denied.output.contains("decided by:   ada\n"))
        // As the store leaves it when an issuer that takes longer refuses; the built-in one never does.
        let queue = try DatabaseQueue(path: server.state + "/sceptic.sqlite")
        try await queue.write { try $0.execute(sql: "UPDATE approval SET note = 'the issuer refused'") }
        try queue.close()
        let refused = try await Self.request(server, "show", "first")
        #expect(refused.output.contains("state:        refused by the issuer\n"))
        #expect(refused.output.contains("approved by:  ada\n"))
        #expect(try await Self.request(server, "show", "first", "--json").output.contains("\"refusedByIssuer\": true"))
        #expect(try await server.stop() == 0)
    }

    @Test func aTransactionIDThatSeveralWaitUnderIsAmbiguous() async throws {
        let server = try await Server.start()
        try await Sceptic.run("profile", "new", "slow", "--data", server.state, "--approval", "enrollments")
        try await server.servesSoon("slow")
        for (name, key) in [("one", try TestKeys.client), ("two", try TestKeys.other)] {
            let device = try await Device(name, key: key, of: server, path: "/scep/slow")
            let message = try device.message(try await server.code(profile: "slow"), "same")
            #expect(try await server.post(message, "/scep/slow?operation=PKIOperation").certRep == "3")
        }
        let run = try await Self.request(server, "approve", "same", "--by", "ada")
        #expect(run.status == 73)
        for row in try await Self.waiting(server) {
            #expect(run.errors.contains(try #require(row["id"] as? String)))
        }
        #expect(try await server.certificates().isEmpty)
        #expect(try await server.stop() == 0)
    }

    @Test func whatWaitedThroughARolloverIsIssuedByTheNextKey() async throws {
        let server = try await Server.start()
        try await Sceptic.run("profile", "new", "slow", "--data", server.state, "--approval", "enrollments")
        try await server.servesSoon("slow")
        let device = try await Device("waits", of: server, path: "/scep/slow")
        let message = try device.message(try await server.code(profile: "slow"), "first")
        #expect(try await server.post(message, "/scep/slow?operation=PKIOperation").certRep == "3")
        // Meanwhile the CA is rolled over: the one that the request was for issues no more, and the next one does.
        try await Sceptic.run("ca", "rollover", "--data", server.state)
        try await Sceptic.run("ca", "rollover", "activate", "--data", server.state)
        let run = try await Self.request(server, "approve", "first", "--by", "ada", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let pem = try await Sceptic.run("certificate", "export", "--data", server.state, "--json").output
        let object = try JSONSerialization.jsonObject(with: Data(pem.utf8)) as? [String: String]
        let der = try #require(object?["certificate"].flatMap { Data(base64Encoded: $0) })
        let certificate = try EncodedCertificate(derEncoded: Array(der))
        // The server takes a moment to follow what a command beside it changed.
        var isOfTheNext = false
        for _ in 0..<100 where !isOfTheNext {
            let list = try await server.authorities("/scep/slow").certificates
            let issuer = try #require(list.first { $0.isCertificateAuthority })
            isOfTheNext = certificate.isSigned(by: try issuer.subjectPublicKeyInfo.publicKey())
            if !isOfTheNext { try await Task.sleep(for: .milliseconds(100)) }
        }
        #expect(isOfTheNext)
        #expect(try await server.stop() == 0)
    }
}
