// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestPeers
internal import TestSupport
internal import Testing

/// A challenge source that fails: for how long, and whom it harms.
@Suite struct ChallengeSourceFailureTests {
    private static func apply(_ sources: [String: String], to server: Server) async throws {
        let profiles = sources.sorted { $0.key < $1.key }.map {
            "  \($0): { raProfile: default, challengeSources: [\($1)] }\n"
        }
        try await Sceptic.run(
            "profile",
            "apply",
            "-f",
            "-",
            "--data",
            server.state,
            input: "scepProfiles:\n" + profiles.joined()
        )
        for profile in sources.keys { try await server.servesSoon(profile, within: 5) }
    }

    private static func webhook(_ url: String, secret: String, timeout: Int) -> String {
        """
        { type: webhook, name: mdm, url: "\(url)", allowInsecure: true, secret: { file: "\(secret)" }, timeout: \(timeout) }
        """
    }

    @Test func hangingWebhookHarmsNoOtherProfile() async throws {
        let server = try await Server.start()
        let secret = try server.folder.write("hook.key", Array("d2ViaG9vayBzZWNyZXQ=".utf8))
        try await StandIn.run { _ in
            .silence
        } during: { hook in
            let source = Self.webhook(hook.url(), secret: secret, timeout: 10)
            try await Self.apply(["slow": source], to: server)
            let (device, codes) = (try await Device(of: server), try await server.codes(40))
            let hanging = try (0..<50).map { try device.message("challenge \($0)", "slow-\($0)") }
            try await withThrowingTaskGroup { group in
                for message in hanging {
                    group.addTask {
                        let start = ContinuousClock.now
                        let reply = try await server.post(message, "/scep/slow?operation=PKIOperation")
                        #expect(try reply.certRep == Failure.uniform)
                        #expect(start.duration(to: .now) < .seconds(20))
                    }
                }
                // Until they hang.
                while hook.requests.count < 50 { try await Task.sleep(for: .milliseconds(10)) }
                var times: [Duration] = []
                for (index, code) in codes.enumerated() {
                    let message = try device.message(code, "quick-\(index)")
                    let start = ContinuousClock.now
                    #expect(try await server.post(message).isSuccess)
                    times.append(start.duration(to: .now))
                }
                let worst = try #require(times.max())
                #expect(worst < .seconds(2))
                try await group.waitForAll()
            }
            #expect(try await server.explanation("slow-7").contains("=> challenge.unavailable"))
        }
        #expect(try await server.stop() == 0)
    }

    @Test func deadSourceRefusesInBoundedTimeUntilAnotherIsSet() async throws {
        let server = try await Server.start()
        let secret = try server.folder.write("hook.key", Array("d2ViaG9vayBzZWNyZXQ=".utf8))
        let dead = "http://127.0.0.1:\(try freePort())/hook"
        try await Self.apply(["changing": Self.webhook(dead, secret: secret, timeout: 3)], to: server)
        let (device, code) = (try await Device(of: server), try await server.code(profile: "changing"))
        let path = "/scep/changing?operation=PKIOperation"
        let start = ContinuousClock.now
        #expect(try await server.post(try device.message(code, "dead"), path).certRep == Failure.uniform)
        #expect(start.duration(to: .now) < .seconds(6))
        #expect(try await server.explanation("dead").contains("=> challenge.unavailable"))
        // With another source the same server, still running, accepts it within the second that changes may take.
        try await Self.apply(["changing": "{ type: stored }"], to: server)
        let changed = ContinuousClock.now
        var isAccepted = false
        while !isAccepted, changed.duration(to: .now) < .seconds(5) {
            isAccepted = try await server.post(try device.message(code, "alive"), path).isSuccess
        }
        #expect(isAccepted)
        #expect(server.isRunning)
        #expect(try await server.stop() == 0)
    }
}
