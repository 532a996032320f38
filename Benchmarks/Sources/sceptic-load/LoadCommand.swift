// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import SCEP

@main
struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sceptic-load",
        abstract: "Plays many SCEP devices at once.",
        subcommands: [LoadCommand.self, ChaosCommand.self],
        defaultSubcommand: LoadCommand.self
    )
}

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Enrols many devices at once with a SCEP server, and measures what that takes.",
        discussion: "Messages are made before the clock starts, and replies checked after it stops. "
            + "The exit status is 1 when a reply is not as it should be."
    )

    @Option(help: "The server's SCEP URL, http only.")
    var url: String
    @Option(help: "A file with a challenge a line: one for each enrolment, those of the warm-up included.")
    var challenges: String
    @Option(help: "How many enrolments to measure.")
    var count: Int
    @Option(help: "How many connections to use.")
    var concurrency = 32
    @Option(help: "How many RSA-2048 device keys to use in turn.")
    var keyPool = 64
    @Option(help: "How far to check the replies; status leaves out certificates in single DES.")
    var checks = ReplyCheck.full
    @Option(help: "The server's process, to measure its CPU time and memory.")
    var serverPid: Int32?
    @Option(help: "How many enrolments to do before the clock starts.")
    var warmUp = 0
    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard count > 0, concurrency > 0, keyPool > 0, warmUp >= 0 else {
            throw ValidationError("--count, --concurrency and --key-pool are at least 1, and --warm-up at least 0.")
        }
    }

    func run() async throws {
        let target = try Target(url)
        let codes = try Preparation.challenges(at: challenges, count: warmUp + count)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let authorities = try await fetchAuthorities(target, loop)
        guard let recipient = authorities.recipient else { throw Unusable("The CA has no certificate to encrypt to.") }
        let requests = try await Preparation.messages(challenges: codes, keyPool: keyPool, recipient: recipient)
        let outgoing = requests.map { target.post($0.message.bytes) }

        let warm = try await Exchange.run(outgoing.prefix(warmUp), to: target, concurrency: concurrency, on: loop)
        let serverBefore = try serverPid.map(ProcessUsage.init)
        let ownBefore = try ProcessUsage(processID: getpid())
        let measured = try await Exchange.run(
            outgoing.dropFirst(warmUp),
            to: target,
            concurrency: concurrency,
            on: loop
        )
        let ownAfter = try ProcessUsage(processID: getpid())
        // So that work which the server puts off until after its reply counts as well.
        try await Task.sleep(for: .milliseconds(250))
        let serverAfter = try serverPid.map(ProcessUsage.init)

        var server: Report.Server?
        if let serverBefore, let serverAfter {
            server = Report.Server(
                cpuMilliseconds: perEnrolment(serverBefore, serverAfter),
                residentBytes: serverAfter.residentBytes,
                peakResidentBytes: serverAfter.peakResidentBytes
            )
        }
        let report = Report(
            count: count,
            concurrency: min(concurrency, count),
            deviceKeys: min(keyPool, requests.count),
            checks: checks.description,
            seconds: Double(measured.duration.nanoseconds) / 1e9,
            p50Milliseconds: measured.percentile(0.50),
            p99Milliseconds: measured.percentile(0.99),
            maxMilliseconds: measured.percentile(1),
            server: server,
            generatorCPUMilliseconds: perEnrolment(ownBefore, ownAfter),
            defects: try await checks.defects(warm.outcomes + measured.outcomes, of: requests, authorities)
        )
        print(json ? try report.json : report.text)
        if report.badCount > 0 { throw ExitCode.failure }
    }

    private func fetchAuthorities(_ target: Target, _ loop: any EventLoop) async throws -> CACertificates {
        let result = try await Exchange.run([target.get("GetCACert")], to: target, concurrency: 1, on: loop)
        guard case .reply(let body)? = result.outcomes.first?.ending else {
            throw Unusable("The server does not answer GetCACert.")
        }
        return try CACertificates(body: Array(body.readableBytesView))
    }

    private func perEnrolment(_ before: ProcessUsage, _ after: ProcessUsage) -> Double {
        (after.cpuSeconds - before.cpuSeconds) * 1000 / Double(count)
    }
}
