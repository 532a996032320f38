// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// Profiles that are made and changed at the command line while a server runs.
@Suite struct ProfileTests {
    private static let vpn = "/api/v1/protocols/scep/raProfile/vpn/pkiclient.exe"

    private static func change(_ server: Server, _ arguments: String...) async throws {
        let run = try await Sceptic.attempt(arguments + ["--data", server.state])
        guard run.succeeded else { throw Sceptic.Failure(description: "\(arguments): \(run.errors)") }
    }

    /// Waits until a URL is answered with a status, which takes a second at the most.
    private static func expect(_ status: Int, _ server: Server, _ path: String) async throws {
        let start = ContinuousClock.now
        var found = 0
        repeat {
            found = try await server.get("\(path)?operation=GetCACaps").status
            if found == status { return }
            try await Task.sleep(for: .milliseconds(20))
        } while start.duration(to: .now) < .seconds(3)
        Issue.record("\(path) is answered with \(found)")
    }

    private static func waitingID(_ server: Server) async throws -> String {
        let run = try await Sceptic.run("request", "list", "--pending", "--data", server.state, "--json")
        let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
        return try #require(rows?.first?["id"] as? String)
    }

    @Test func profilesAreMadeUsedAndTakenAwayWhileTheServerRuns() async throws {
        let server = try await Server.start()
        try await Self.change(server, "profile", "new", "phones", "--alias", "tel,mobile")
        try await Self.change(server, "ra-profile", "new", "vpn", "--scep-profile", "phones", "--validity-days", "30")
        try await Self.expect(200, server, Self.vpn)
        let device = try await Device("phone", of: server, path: Self.vpn)

        // At the RA profile's URL, with a code of the SCEP profile.
        let target = Self.vpn + "?operation=PKIOperation"
        let code = try await server.code(profile: "phones")
        let first = try await server.post(try device.message(code, "first"), target)
        let certificate = try device.certificate(in: first)
        #expect(try #require(certificate.notAfter) < Date().addingTimeInterval(31 * 86_400))
        let record = try #require(try await server.certificates().first)
        #expect(record["profile"] == "raProfile/vpn")
        // A code is good once, whatever the URL.
        let other = try await Device("other", key: TestKeys.other, of: server, path: "/scep/phones")
        let stolen = try other.message(code, "stolen")
        #expect(try await server.post(stolen, "/scep/phones?operation=PKIOperation").certRep == Failure.uniform)

        // It renews there, and not at the SCEP profile's URL.
        func renewal(_ transactionID: String) throws -> [UInt8] {
            let request = HandMadeRequest("phone", key: try TestKeys.other)
            return try PKIMessageBuilder(
                content: try EnvelopeBuilder(try request.der(), to: device.recipient).build(),
                signer: certificate,
                key: device.key,
                transactionID: transactionID,
                messageType: "17"
            ).build()
        }
        #expect(try await !server.post(try renewal("elsewhere"), "/scep/phones?operation=PKIOperation").isSuccess)
        #expect(try await server.post(try renewal("here"), target).isSuccess)

        // Aliases are the same profile: its transactions, at each of its URLs.
        let message = try other.message(try await server.code(profile: "phones"), "alias")
        for path in ["/scep/tel", "/scep/mobile/pkiclient.exe", "/api/v1/protocols/scep/phones/pkiclient.exe"] {
            let reply = try await server.post(message, path + "?operation=PKIOperation")
            #expect(reply.isSuccess, "\(path)")
        }
        #expect(try await server.certificates().compactMap { $0["profile"] }.filter { $0 == "phones" }.count == 1)

        try await Self.change(server, "profile", "disable", "phones")
        for path in ["/scep/phones", "/scep/tel", Self.vpn] {
            try await Self.expect(404, server, path)
            let reply = try await server.get(path + "?operation=GetCACert")
            #expect(reply.text == "There is no such profile, or it is not served.\n", "\(reply.text)")
        }
        #expect(server.log.contains("its SCEP profile 'phones' is disabled"))
        #expect(server.log.contains("requests of a profile that is not served"))
        try await Self.change(server, "profile", "enable", "phones")
        try await Self.expect(200, server, Self.vpn)
        try await Self.change(server, "ra-profile", "set", "vpn", "--scep-profile", "default")
        try await Self.change(server, "profile", "delete", "phones")
        try await Self.expect(404, server, "/scep/tel")
        // What it had issued renews on, though another SCEP profile serves it.
        #expect(try await server.post(try renewal("still"), target).isSuccess)
        #expect(try await server.stop() == 0)
    }

    @Test func whatWaitsIsDecidedAfterTheDefaultRAProfileChanged() async throws {
        let server = try await Server.start()
        let document = """
            raProfiles:
              short: {template: {validityDays: 7, backdateSeconds: 0, allowedNames: [dns], minimumRSABits: 2048}}
            scepProfiles:
              slow: {raProfile: default, approval: enrollments}
            """
        let applied = try await Sceptic.attempt(
            ["profile", "apply", "--data", server.state, "-f", "-"],
            input: document
        )
        let created = ["raProfiles.short: created", "scepProfiles.slow: created"]
        let lines = applied.output.split(separator: "\n").filter { !$0.hasPrefix("  ") }
        #expect(lines.map(String.init) == created, "\(applied.output)\(applied.errors)")
        try await server.servesSoon("slow")
        let device = try await Device("waits", of: server, path: "/scep/slow")
        let message = try device.message(try await server.code(profile: "slow"), "first")
        let target = "/scep/slow?operation=PKIOperation"
        #expect(try await server.post(message, target).certRep == "3")
        let before = try await server.get("/scep/slow?operation=GetCACert")

        try await Self.change(server, "profile", "set", "slow", "--ra-profile", "short")
        #expect(try await server.post(message, target).certRep == "3")
        #expect(try await server.get("/scep/slow?operation=GetCACert").body == before.body)
        try await Self.change(server, "request", "approve", try await Self.waitingID(server), "--by", "ada")
        let reply = try await server.post(message, target)
        #expect(try device.certificate(in: reply).subject == Name("CN=waits"))
        #expect(try await server.stop() == 0)
    }

    @Test func whatWaitsAtAnRAProfilesURLIsApprovedFromTheCommandLine() async throws {
        let server = try await Server.start()
        let document = """
            raProfiles:
              vpn: {scepProfile: open}
            scepProfiles:
              open: {approval: all, challengeSources: []}
            """
        let applied = try await Sceptic.attempt(
            ["profile", "apply", "--data", server.state, "-f", "-"],
            input: document
        )
        #expect(applied.succeeded, "\(applied.errors)")
        try await Self.expect(200, server, Self.vpn)
        let device = try await Device("waits", of: server, path: Self.vpn)
        let message = try device.message(nil, "first")
        let target = Self.vpn + "?operation=PKIOperation"
        #expect(try await server.post(message, target).certRep == "3")
        try await Self.change(server, "request", "approve", try await Self.waitingID(server), "--by", "ada")
        #expect(try device.certificate(in: try await server.post(message, target)).subject == Name("CN=waits"))
        #expect(try await server.stop() == 0)
    }
}

extension ProfileTests {
    @Test func aServerWhoseProfilesAreAllDisabledStartsAllTheSame() async throws {
        let server = try await Server.start()
        try await Sceptic.run("profile", "disable", "default", "--data", server.state)
        #expect(try await server.stop() == 0)
        let again = try await server.restarted()
        #expect(try await again.get("/scep/default?operation=GetCACaps").status == 404)
        #expect(try await again.get("/crl/issuing-1-0.crl").status == 200)
        try await Sceptic.run("profile", "enable", "default", "--data", server.state)
        try await again.servesSoon("default", within: 3)
        #expect(try await again.stop() == 0)
    }
}
