// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#endif

/// Two nodes over one PostgreSQL database.
@Suite struct SeveralNodesTests {
    /// How many codes are raced for, and how many races run at once: who loses waits for a third of a second.
    private static let rounds = ProcessInfo.processInfo.environment["SCEPTIC_RACES"].flatMap { Int($0) } ?? 300
    private static let racesAtOnce = 25

    @Test func aCodeThatTwoNodesRedeemAtTheSameInstantBuysOneCertificate() async throws {
        let cluster = try await Cluster.start()
        // All who lose have one address, and none of them may be told to wait.
        try await cluster.letEverybodyFail()
        let codes = try await cluster.first.codes(Self.rounds)
        let one = try await Device("one", of: cluster.first)
        let other = try await Device("other", key: TestKeys.other, of: cluster.second)
        var wins = [0, 0]
        for start in stride(from: 0, to: codes.count, by: Self.racesAtOnce) {
            let races = start..<min(start + Self.racesAtOnce, codes.count)
            let replies = try await withThrowingTaskGroup(of: [HTTPReply].self) { group in
                for round in races {
                    let messages = [
                        try one.message(codes[round], "one-\(round)"),
                        try other.message(codes[round], "other-\(round)"),
                    ]
                    group.addTask { try await cluster.race(messages) }
                }
                return try await group.reduce(into: [[HTTPReply]]()) { $0.append($1) }
            }
            for pair in replies {
                let winners = pair.indices.filter { pair[$0].isSuccess }
                try #require(winners.count == 1, "\(pair.map { (try? $0.certRep) ?? "\($0.status)" })")
                wins[winners[0]] += 1
                #expect(try pair[1 - winners[0]].certRep == Failure.uniform)
            }
        }
        #expect(wins[0] + wins[1] == codes.count)
        // Neither node was always the faster one: they did race.
        #expect(wins.allSatisfy { $0 > 0 }, "\(wins)")
        #expect(try await cluster.query("SELECT COUNT(DISTINCT serial_number) FROM certificate") == "\(codes.count)")
        #expect(
            try await cluster.query(
                "SELECT COUNT(DISTINCT used_by_transaction) FROM challenge WHERE used_at IS NOT NULL"
            )
                == "\(codes.count)"
        )
        try await cluster.stop()
    }

    @Test func theSameTransactionOnTwoNodesIsOneCertificate() async throws {
        let cluster = try await Cluster.start()
        let device = try await Device(of: cluster.first)
        for (round, code) in try await cluster.second.codes(20).enumerated() {
            let message = try device.message(code, "transaction-\(round)")
            let replies = try await cluster.race([message, message, message, message])
            // Who comes while the first is being worked on is told to come again.
            let granted = replies.filter(\.isSuccess)
            #expect(!granted.isEmpty)
            #expect(replies.allSatisfy { $0.isSuccess || $0.status == 503 })
            #expect(Set(try granted.map { try device.certificate(in: $0).der }).count == 1)
            let again = try await cluster.race([message, message])
            #expect(Set(try (again + granted).map { try device.certificate(in: $0).der }).count == 1)
        }
        #expect(try await cluster.first.certificates().count == 20)
        try await cluster.stop()
    }

    @Test func twoRequestsUnderOneTransactionIDOnTwoNodesWithOneCodeAreOneCertificate() async throws {
        let cluster = try await Cluster.start()
        let device = try await Device(of: cluster.first)
        for (round, code) in try await cluster.first.codes(20).enumerated() {
            // The same key, transactionID and code, but another name asked for.
            var renamed = device
            renamed = Device("renamed", key: device.key, recipient: device.recipient)
            let replies = try await cluster.race([
                try device.message(code, "same-\(round)"), try renamed.message(code, "same-\(round)"),
            ])
            let granted = try replies.filter(\.isSuccess).map { try device.certificate(in: $0).der }
            #expect(!granted.isEmpty)
            #expect(Set(granted).count == 1, "one code bought two certificates")
        }
        #expect(try await cluster.first.certificates().count == 20)
        try await cluster.stop()
    }

    @Test func whatOneNodeIsToldTheOtherKnowsWithinASecond() async throws {
        let cluster = try await Cluster.start()
        for name in ["a", "b", "c"] {
            try await Sceptic.run("profile", "new", name, "--data", cluster.first.state)
            for node in cluster.nodes { try await node.servesSoon(name) }
        }
        // Codes and revocations are looked up, so they count at once.
        let device = try await Device(of: cluster.second)
        let reply = try await cluster.second.post(try device.message(try await cluster.first.code(), "enrol"))
        let certificate = try device.certificate(in: reply)
        let path = try #require(
            try await cluster.first.get("/crl/issuing-1-0.crl").status == 200 ? "/crl/issuing-1-0.crl" : nil
        )
        try await Sceptic.run("certificate", "revoke", certificate.serialNumber.hex, "--data", cluster.first.state)
        for node in cluster.nodes {
            let list = try EncodedCertificateList(derEncoded: try await node.get(path).body)
            #expect(try list.revocation(of: certificate.serialNumber) != nil)
        }
        try await cluster.stop()
    }

    @Test func aNodeThatIsKilledLeavesNothingUndone() async throws {
        let cluster = try await Cluster.start()
        let device = try await Device(of: cluster.first)
        let code = try await cluster.first.code()
        let message = try device.message(code, "survives")
        let granted = try await cluster.first.post(message)
        try await cluster.first.kill9()
        let again = try await cluster.second.post(message)
        #expect(try device.certificate(in: again).der == device.certificate(in: granted).der)
        #expect(try await cluster.second.stop() == 0)
        // The one that stopped in good order is forgotten at once, the killed one is not.
        #expect(try await cluster.query("SELECT COUNT(*) FROM node") == "1")
    }

    @Test func aNodeThatCanNotListenIsForgottenAtOnce() async throws {
        let cluster = try await Cluster.start()
        #expect(try await cluster.second.stop() == 0)
        let run = try await Sceptic.attempt([
            "serve", "--data", cluster.second.state, "--listen", "127.0.0.1:\(cluster.first.port)",
        ])
        #expect(run.status == 75, "\(run.errors)")
        #expect(try await cluster.query("SELECT COUNT(*) FROM node") == "1")
        #expect(try await cluster.first.stop() == 0)
    }

    @Test func aNewRAIsAnnouncedOnlyWhenEveryNodeThatLivesHasIt() async throws {
        let cluster = try await Cluster.start()
        // A node that hangs counts among the living for a while.
        cluster.second.signal(SIGSTOP)
        let rotation = Task {
            try await Sceptic.attempt(["ca", "rotate-ra", "--data", cluster.first.state])
        }
        let state = "SELECT state FROM ra_credential WHERE generation = 2"
        #expect(try await soon { try await cluster.query(state) == "prepared" })
        // Less than what makes a silent node a dead one.
        try await Task.sleep(for: .seconds(3))
        #expect(try await cluster.query(state) == "prepared")
        cluster.second.signal(SIGCONT)
        let run = try await rotation.value
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await cluster.query(state) == "active")
        let announced = try await cluster.first.authorities().recipient
        #expect(try await soon { try await cluster.second.authorities().recipient == announced })
        try await cluster.stop()
    }
}
