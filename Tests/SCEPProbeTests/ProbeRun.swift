// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Synchronization
internal import TestSupport

@testable internal import SCEPProbe

/// Runs of the prober against the fake server.
enum ProbeRun {
    /// Keys for the prober's clients: the first enrolment's is used once, the others in turn.
    private static let keys = Result { try (0..<7).map { _ in try SoftwareKey.generate(.rsa(bits: 2048)) } }

    static func options(_ port: Int, _ server: FakeServer, only: Set<Int>? = nil) throws -> ProbeOptions {
        let keys = try keys.get()
        let turn = Mutex(0)
        var options = ProbeOptions(url: try url("main", port))
        for role in EndpointRole.allCases { options.urls[role] = try url(role.rawValue, port) }
        for role in EndpointRole.allCases {
            options.challenges[role] = (0..<60).map { "good-\(role == .ec ? "ec" : role.rawValue)-\($0)" }
        }
        options.pause = .zero
        options.timeout = .seconds(20)
        options.only = only
        options.sendsDangerousRequests = true
        options.approve = { try server.decide($0, approve: true) }
        options.deny = { try server.decide($0, approve: false) }
        options.makeKey = { algorithm in
            guard case .rsa = algorithm else { return try SoftwareKey.generate(algorithm) }
            let next = turn.withLock { turn in
                turn += 1
                return turn - 1
            }
            return keys[next == 0 ? 0 : 1 + next % (keys.count - 1)]
        }
        return options
    }

    private static func url(_ name: String, _ port: Int) throws -> ProbeURL {
        guard let url = ProbeURL("http://127.0.0.1:\(port)/\(name)") else { throw ProbeError.noURL }
        return url
    }

    /// The report of a run against a server that is broken in a way.
    static func report(
        _ breakage: Breakage,
        only: Set<Int>? = nil,
        _ change: (inout ProbeOptions) -> Void = { _ in }
    ) async throws -> ProbeReport {
        let server = try FakeServer(breakage)
        return try await LoopbackServer.run(server.respond) { port in
            var options = try options(port, server, only: only)
            change(&options)
            return try await Probe.run(options, version: "0")
        }
    }
}
