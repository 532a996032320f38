// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX
internal import TestSupport
internal import Testing

internal import struct Foundation.Date

/// Two nodes on one database, and many requests at once.
@Suite struct NodeTests {
    private func askAtOnce(
        _ questions: [(world: World, message: Message)],
        issuer: (any Issuer)? = nil
    ) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            for (world, message) in questions {
                group.addTask { try await world.ask(message, profile: try world.profile(issuer: issuer)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func sameRequestAtOnceOnTwoNodesGetsOneCertificate() async throws {
        let world = try await World()
        let other = try world.anotherNode()
        let code = try await world.code()
        let questions = try (0..<16).map { index in
            (index.isMultiple(of: 2) ? world : other, try Device(in: world).message(code))
        }
        let answers = try await askAtOnce(questions)
        #expect(answers.allSatisfy { $0.certificate != nil })
        #expect(Set(answers.compactMap(\.certificate?.der)).count == 1)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func oneCodeAtOnceByDifferentKeysBuysOneCertificate() async throws {
        let world = try await World()
        let other = try world.anotherNode()
        let code = try await world.code()
        let keys = [try TestKeys.client, try TestKeys.other, try TestKeys.authority, try TestKeys.registration]
        let questions = try (0..<16).map { index in
            (
                index.isMultiple(of: 2) ? world : other,
                try Device("device-\(index % 4)", key: keys[index % 4], in: world).message(code)
            )
        }
        let answers = try await askAtOnce(questions)
        let winners = Set(answers.compactMap(\.certificate?.der))
        #expect(winners.count == 1)
        #expect(answers.allSatisfy { $0.certificate != nil || $0 == .uniform })
        #expect(answers.filter { $0.certificate != nil }.count == 4)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func abandonedTransactionIsTakenUpOnceThoughTwoNodesTry() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .doesNotKnow)
        let code = try await world.code()
        let message = try Device(in: world).message(code)
        _ = try await world.ask(message, profile: try world.profile(issuer: issuer))
        issuer.behave(.signs)
        world.clock.advance(World.beyondTheLease)
        let other = try world.anotherNode()
        let questions = (0..<8).map { ($0.isMultiple(of: 2) ? world : other, message) }
        let answers = try await askAtOnce(questions, issuer: issuer)
        #expect(Set(answers.compactMap(\.certificate?.der)).count == 1)
        #expect(answers.allSatisfy { $0.certificate != nil || $0 == .unavailable })
        #expect(issuer.orders.count == 1)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func manyDevicesAtOnceGetCertificatesWithSerialNumbersOfTheirOwn() async throws {
        let world = try await World()
        let other = try world.anotherNode()
        let codes = try await world.challenges.makeOneTime(count: 40, profile: "default", lifetime: 60)
        let keys = [try TestKeys.client, try TestKeys.other]
        let questions = try codes.enumerated().map { index, code in
            (
                index.isMultiple(of: 2) ? world : other,
                try Device("device-\(index)", key: keys[index % 2], in: world).message(
                    code,
                    transactionID: "id-\(index)"
                )
            )
        }
        let answers = try await askAtOnce(questions)
        let serialNumbers = answers.compactMap(\.certificate?.serialNumber)
        #expect(serialNumbers.count == codes.count)
        #expect(Set(serialNumbers).count == codes.count)
        #expect(try await world.certificateCount() == codes.count)
    }
}
