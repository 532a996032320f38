// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Synchronization
internal import TestSupport
internal import Testing

/// `kill -9` at every step of reserve → sign → finish, and at random moments.
@Suite struct KillTests {
    @Test(arguments: FaultPoint.allCases)
    func requestAfterAKillAtAnyPointGetsOneCertificate(point: FaultPoint) async throws {
        let deadly = try await Server.start(environment: ["SCEPTIC_FAULT_POINT": point.rawValue])
        let device = try await Device(of: deadly)
        let code = try await deadly.code()
        let lost = try? await deadly.post(try device.message(code, "killed"))
        // The built-in CA signs inside the storage transaction, so this point is never reached with it.
        let isReached = point != .afterReserve
        #expect((lost == nil) == isReached)
        if isReached {
            #expect(try await deadly.ended() == 128 + 9)
        } else {
            try await deadly.kill9()
        }

        let server = try await deadly.restarted()
        let first = try await server.post(try device.message(code, "killed"))
        let issued = try device.certificate(in: first)
        #expect(try device.certificate(in: try await server.post(try device.message(code, "killed"))) == issued)
        let certificates = try await server.certificates()
        #expect(certificates.map { $0["serialNumber"] } == [issued.serialNumber.hex])
        #expect(try await server.challengeStates() == ["used": 1])
        let thief = try await Device("thief", key: try TestKeys.other, of: server)
        #expect(try await server.post(try thief.message(code, "thief")).certRep == Failure.uniform)
        #expect(try await server.stop() == 0)
        try await Sceptic.run("audit", "verify", "--data", server.state)
    }

    /// One enrolment of the load, and what its client knows of it.
    private struct Attempt: Sendable {
        var device: Device
        var message: [UInt8]
        var id: String
    }

    @Test(.timeLimit(.minutes(2))) func killsAtRandomMomentsUnderLoadLoseNothing() async throws {
        var generator = SeededGenerator()
        let (rounds, perRound) = (4, 32)
        var server = try await Server.start()
        let keys = [try TestKeys.client, try TestKeys.other, try TestKeys.authority, try TestKeys.registration]
        var known: [String: EncodedCertificate] = [:]
        var answeredBeforeAKill = 0
        for round in 0..<rounds {
            let codes = try await server.codes(perRound)
            let recipient = try await Device(of: server).recipient
            var attempts: [Attempt] = []
            for (index, code) in codes.enumerated() {
                let device = Device("device-\(round)-\(index)", key: keys[index % keys.count], recipient: recipient)
                let id = "load-\(round)-\(index)"
                attempts.append(Attempt(device: device, message: try device.message(code, id), id: id))
            }
            let running = server
            let limit = Int.random(in: 1..<perRound / 2, using: &generator)
            let before = await Self.answers(to: attempts, by: running, killedAfter: limit)
            #expect(try await running.ended() == 128 + 9)
            answeredBeforeAKill += before.count

            server = try await running.restarted()
            let stored = Set(try await server.certificates().compactMap { $0["serialNumber"] })
            for (id, certificate) in before {
                #expect(stored.contains(certificate.serialNumber.hex), "\(id) has a certificate that the store lost")
            }
            for attempt in attempts {
                let reply = try await server.post(attempt.message)
                let issued = try attempt.device.certificate(in: reply)
                if let earlier = before[attempt.id] { #expect(issued == earlier, "\(attempt.id)") }
                known[attempt.id] = issued
            }
        }
        print("answered before a kill: \(answeredBeforeAKill) of \(rounds * perRound)")
        let serialNumbers = try await server.certificates().compactMap { $0["serialNumber"] }
        #expect(serialNumbers.count == rounds * perRound)
        #expect(Set(serialNumbers) == Set(known.values.map(\.serialNumber.hex)))
        #expect(Set(serialNumbers).count == serialNumbers.count)
        #expect(try await server.challengeStates() == ["used": rounds * perRound])
        #expect(try await server.stop() == 0)
        try await Sceptic.run("audit", "verify", "--data", server.state)
    }

    /// Sends everything at once, and kills the server when so many answers have come.
    private static func answers(
        to attempts: [Attempt],
        by server: Server,
        killedAfter limit: Int
    ) async -> [String: EncodedCertificate] {
        await withTaskGroup(of: (String, EncodedCertificate)?.self) { group in
            for attempt in attempts {
                group.addTask {
                    guard let reply = try? await server.post(attempt.message),
                        let issued = try? attempt.device.certificate(in: reply)
                    else { return nil }
                    return (attempt.id, issued)
                }
            }
            var answers: [String: EncodedCertificate] = [:]
            for await answer in group {
                if let (id, certificate) = answer { answers[id] = certificate }
                if answers.count == limit { server.signal(SIGKILL) }
            }
            return answers
        }
    }
}
