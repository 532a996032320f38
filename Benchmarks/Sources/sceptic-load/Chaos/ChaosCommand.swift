// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import ArgumentParser
import Cryptography
import Foundation
import NIOCore
import NIOPosix
import PKIX
import SCEP

/// The devices of `scripts/chaos`, which kills the nodes that they talk to and proves afterwards that nothing was lost.
struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos-client",
        abstract: "Enrols devices with nodes that come and go, and writes down all that was sent and what came back.",
        discussion: "The load ends when the line 'settle' comes, or the standard input ends. Then each device that "
            + "waits for an answer asks until it has one, and everything that failed and some of what was issued is "
            + "asked for once more."
    )

    @Option(help: "A node's URL, http only, up to the profile's name; may be repeated.")
    var url: [String]
    @Option(help: "The profiles to use, each as NAME=FILE with a challenge a line; devices take them in that mixture.")
    var challenges: [String]
    @Option(help: "Where to write the ledger, a JSON object a line.")
    var ledger: String
    @Option(help: "How many devices begin in a second.")
    var rate = 40.0
    @Option(help: "How many devices are at work at once.")
    var concurrency = 24
    @Option(help: "How many RSA-2048 device keys to use in turn.")
    var keyPool = 16
    @Option(help: "What the devices' choices follow from.")
    var seed: UInt64
    @Option(help: "How many seconds the devices may take to come to an end after the load.")
    var settleLimit = 90.0
    @Option(help: "How many of the certificates to ask for once more after the load.")
    var again = 500

    func validate() throws {
        guard !url.isEmpty, !challenges.isEmpty, rate > 0, concurrency > 0, keyPool > 1 else {
            throw ValidationError(
                "--url and --challenges are needed, and numbers are more than 0; --key-pool more than 1."
            )
        }
    }

    func run() async throws {
        let codes = try challenges.flatMap(Self.codes).shuffled(seed: seed)
        let profiles = Set(codes.map(\.profile))
        let nodes = try url.map { base in
            Dictionary(uniqueKeysWithValues: try profiles.map { ($0, try Target("\(base)/\($0)")) })
        }
        let crowd = try await crowd(nodes)
        let pacer = Pacer(perSecond: rate, count: codes.count)
        // Said when the devices are ready, so that nothing is killed before.
        FileHandle.standardOutput.write(Data("ready\n".utf8))
        pacer.endOnInput()
        let played = try await load(crowd, pacer, codes)
        try await settle(crowd, played)
    }

    private struct Code: Sendable {
        var profile: String
        var number: Int
        var code: String
    }

    private typealias Played = (device: Crowd.Device, application: Application)

    private static func codes(_ argument: String) throws -> [Code] {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard let profile = parts.first, let path = parts.dropFirst().first else {
            throw Unusable("--challenges takes NAME=FILE: \(argument)")
        }
        let lines = try Preparation.challenges(at: path)
        return lines.enumerated().map { Code(profile: profile, number: $0.offset, code: $0.element) }
    }

    private func crowd(_ nodes: [[String: Target]]) async throws -> Crowd {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        guard let target = nodes.first?.values.first else { throw Unusable("There is no node.") }
        guard case .reply(200, _, let body) = await SingleExchange.run(target.get("GetCACert"), to: target, on: loop)
        else { throw Unusable("The first node does not answer GetCACert.") }
        let authorities = try CACertificates(body: body)
        guard let recipient = authorities.recipient,
            let issuer = authorities.certificates.first(where: \.isCertificateAuthority)?.subject
        else { throw Unusable("The CA's certificates are of no use.") }
        let keys = try await (0..<keyPool).concurrentMap { _ in try SoftwareKey.generate(.rsa(bits: 2048)) }
        return Crowd(
            nodes: nodes,
            authorities: authorities,
            recipient: recipient,
            issuer: issuer,
            keys: keys,
            ledger: try Ledger(path: ledger),
            eventLoop: loop
        )
    }

    private func load(_ crowd: Crowd, _ pacer: Pacer, _ codes: [Code]) async throws -> [Played] {
        let seed = seed
        return try await withThrowingTaskGroup(of: [Played].self) { group in
            for _ in 0..<concurrency {
                group.addTask {
                    var played: [Played] = []
                    while let number = await pacer.turn() {
                        var generator = SplitMix(seed: seed ^ UInt64(number) &* 0x9E37_79B9)
                        let story = Story.draw(using: &generator)
                        let device = Crowd.Device(number: number, story: story, generator: generator)
                        let code = codes[number]
                        let applications = try await crowd.play(device, code.profile, (code.number, code.code))
                        played += applications.map { (device, $0) }
                    }
                    return played
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Asks once more: whoever failed may have done so for the database's sake, and whoever succeeded hears the same.
    private func settle(_ crowd: Crowd, _ played: [Played]) async throws {
        let deadline = ContinuousClock.now + .seconds(settleLimit)
        let failed = await crowd.ledger.unsuccessful
        let chosen =
            played.filter { failed.contains($0.application.request.transactionID.text) }
            + played.filter { !failed.contains($0.application.request.transactionID.text) }.shuffled().prefix(again)
        let queue = WorkQueue(chosen)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<concurrency {
                group.addTask {
                    while let (device, application) = await queue.next() {
                        let node = device.number % crowd.nodes.count
                        _ = try await crowd.follow(application, device, from: node, until: deadline)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// Hands out work, each piece once.
private actor WorkQueue<Element: Sendable> {
    private var rest: ArraySlice<Element>

    init(_ elements: [Element]) {
        self.rest = elements[...]
    }

    func next() -> Element? { rest.popFirst() }
}

extension Array {
    fileprivate func shuffled(seed: UInt64) -> [Element] {
        var generator = SplitMix(seed: seed)
        return shuffled(using: &generator)
    }
}
