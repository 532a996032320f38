// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.Date
internal import struct Foundation.UUID

@Suite struct RevocationTests {
    private static let revoked = Answer.failure("2", "the certificate of this request is revoked")

    // MARK: - What was issued before

    @Test func resentRequestNeverGetsARevokedCertificateAgain() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let code = try await world.code(lifetime: 3600)
        let message = try device.message(code)
        try await world.revoke(try #require(try await world.ask(message).certificate))
        for _ in 0..<2 {
            #expect(try await world.ask(message) == Self.revoked)
            #expect(try await world.ask(try device.message(code, transactionID: "another")) == Self.revoked)
            #expect(try await world.ask(try device.poll()) == Self.revoked)
            #expect(world.observer.reasons.suffix(3) == [.issuedRevoked, .issuedRevoked, .issuedRevoked])
        }
        world.clock.advance(3601)
        #expect(try await world.ask(message) == Self.revoked)
        // A new request with a new code is another matter (requirement 131).
        #expect(try await world.ask(try device.message(try await world.code())).certificate != nil)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func resentRequestGetsItsCertificateAgainOnceItIsReleased() async throws {
        let world = try await World()
        let message = try Device(in: world).message(try await world.code())
        let first = try #require(try await world.ask(message).certificate)
        try await world.revoke(first, .certificateHold)
        #expect(try await world.ask(message) == Self.revoked)
        #expect(try await world.certificates.release(try await world.record(first)) == .done)
        #expect(try await world.ask(message).certificate == first)
    }

    @Test func approvedRequestIsNotAnsweredWithARevokedCertificate() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .all))
        let device = try Device(in: world)
        let message = try device.message(try await world.code())
        _ = try await world.ask(message, profile: profile)
        let id = try #require(try await world.waiting().first?.id)
        guard case .issued(let record) = try await world.decisions(profile).approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        #expect(try await world.certificates.revoke(record, reason: .superseded) == .done)
        #expect(try await world.ask(message, profile: profile) == Self.revoked)
        #expect(try await world.ask(try device.poll(), profile: profile) == Self.revoked)
    }

    @Test func revokedRenewalIsNotHandedOutAgain() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let message = try device.renewal(try TestKeys.other)
        try await world.revoke(try #require(try await world.ask(message).certificate))
        #expect(try await world.ask(message) == Self.revoked)
    }

    // MARK: - Finding and revoking

    @Test func certificateIsFoundByNumberAsOthersPrintItAndByItsID() async throws {
        let world = try await World()
        let issued = try #require(try await world.enrolled().issued)
        _ = try await world.enrolled("device-2", key: try TestKeys.other)
        let record = try await world.record(issued)
        let digits = record.serialNumber.hex
        let colons = stride(from: 0, to: digits.count, by: 2).map { digits.dropFirst($0).prefix(2) }
            .joined(separator: ":")
        for text in [digits, digits.uppercased(), colons, colons.replacing(":", with: " "), record.id.uuidString] {
            #expect(try await world.certificates.find(text) == .found(record), "\(text)")
        }
        for text in ["11", UUID().uuidString, "0\(digits)0"] {
            #expect(try await world.certificates.find(text) == .unknown, "\(text)")
        }
        for text in ["", ":", "x", "0x11", String(repeating: "1", count: 43)] {
            #expect(try await world.certificates.find(text) == .unreadable, "\(text)")
        }
    }

    @Test func revocationIsForGoodUnlessItIsAHold() async throws {
        let world = try await World()
        let record = try await world.record(try #require(try await world.enrolled().issued))
        let since = world.clock.now
        #expect(try await world.certificates.release(record) == .notOnHold)
        #expect(try await world.certificates.revoke(record, reason: .certificateHold) == .done)
        world.clock.advance(10)
        #expect(try await world.certificates.revoke(record, reason: .keyCompromise) == .done)
        let first = Revocation(at: since, reason: .keyCompromise)
        #expect(try await world.certificates.revoke(record, reason: .superseded) == .alreadyRevoked(first))
        #expect(try await world.certificates.release(record) == .notOnHold)
        var unknown = record
        unknown.serialNumber = [0x11]
        #expect(try await world.certificates.revoke(unknown, reason: .superseded) == .unknown)
        #expect(try await world.certificates.release(unknown) == .unknown)
    }

    @Test func revocationInTheFutureIsOneFromNowOn() async throws {
        let world = try await World()
        let record = try await world.record(try #require(try await world.enrolled().issued))
        let later = world.clock.now.addingTimeInterval(86_400)
        _ = try await world.certificates.revoke(record, reason: .superseded, at: later)
        let stored = try await world.store.certificate(issuerID: record.issuerID, serialNumber: record.serialNumber)
        #expect(stored?.revocation?.at == world.clock.now)
    }

    // MARK: - Lists

    private func list(_ world: World, _ lists: CertificateLists? = nil) async throws -> EncodedCertificateList {
        let der = try await (lists ?? world.lists).certificateList(issuerID: world.issuer.id, shard: 0)
        return try EncodedCertificateList(derEncoded: try #require(der))
    }

    @Test func listNamesWhatIsRevokedWithItsReasonAndMoment() async throws {
        let world = try await World()
        var expected: [[UInt8]: RevocationReason] = [:]
        for (index, reason) in RevocationReason.allCases.enumerated() {
            let issued = try #require(try await world.enrolled("device-\(index)").issued)
            try await world.revoke(issued, reason)
            expected[issued.serialNumber] = reason
        }
        _ = try await world.enrolled("good")
        let list = try await list(world)
        #expect(list.isSigned(by: try TestKeys.authority.publicKey))
        #expect(list.count == expected.count)
        for (number, reason) in expected {
            let entry = try #require(try list.revocation(of: number))
            #expect(entry.reason == reason && entry.revokedAt == world.clock.now)
        }
        #expect(list.thisUpdate == world.clock.now)
        #expect(list.nextUpdate == world.clock.now.addingTimeInterval(CertificateLists.lifetime))
    }

    @Test func holdEntersTheListAndLeavesItWhenItIsReleased() async throws {
        let world = try await World()
        let issued = try #require(try await world.enrolled().issued)
        let record = try await world.record(issued)
        #expect(try await list(world).number == [1])
        try await world.revoke(issued, .certificateHold)
        let held = try await list(world)
        #expect(try held.revocation(of: issued.serialNumber)?.reason == .certificateHold)
        _ = try await world.certificates.release(record)
        let released = try await list(world)
        #expect(try released.revocation(of: issued.serialNumber) == nil)
        #expect([held.number, released.number] == [[2], [3]])
    }

    @Test func listIsMadeAnewWhenSomethingWasRevokedOrAnHourHasPassedAndNotOtherwise() async throws {
        let world = try await World()
        let issued = try #require(try await world.enrolled().issued)
        let first = try await list(world)
        world.clock.advance(CertificateLists.freshness - 1)
        #expect(try await list(world).der == first.der)
        world.clock.advance(1)
        let second = try await list(world)
        #expect(second.number == [2] && second.thisUpdate == world.clock.now)
        try await world.revoke(issued)
        #expect(try await list(world).number == [3])
        // A clock that was far ahead leaves no list from the future behind.
        world.clock.advance(-86_400)
        #expect(try await list(world).thisUpdate == world.clock.now)
    }

    @Test func expiredEntryLeavesTheListAfterItStoodInOneThatIsYounger() async throws {
        let world = try await World()
        let issued = try #require(try await world.enrolled().issued)
        try await world.revoke(issued)
        #expect(try await list(world).count == 1)
        world.clock.advance(366 * 86_400)
        // The first list after its end still names it (RFC 5280 §3.3), the next does not.
        #expect(try await list(world).count == 1)
        world.clock.advance(CertificateLists.freshness)
        #expect(try await list(world).count == 0)
    }

    @Test func otherIssuersAndShardsHaveNoList() async throws {
        let world = try await World()
        #expect(try await world.lists.certificateList(issuerID: UUID(), shard: 0) == nil)
        for shard in [-1, 1, Int.max] {
            #expect(try await world.lists.certificateList(issuerID: world.issuer.id, shard: shard) == nil)
        }
    }

    @Test func numbersOnlyGrowThoughTwoNodesMakeListsAtOnce() async throws {
        let nodes = [try await World()]
        let both = nodes + [try nodes[0].anotherNode()]
        let lists = both.map(\.lists)
        var certificates: [EncodedCertificate] = []
        for index in 0..<40 {
            certificates.append(try #require(try await both[0].enrolled("device-\(index)").issued))
        }
        var byNumber: [[UInt8]: Set<[UInt8]>] = [:]
        for (index, certificate) in certificates.enumerated() {
            try await both[index % 2].revoke(certificate)
            let seen = try await withThrowingTaskGroup(of: EncodedCertificateList.self) { group in
                for reader in 0..<6 { group.addTask { try await self.list(both[reader % 2], lists[reader % 2]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for list in seen {
                byNumber[try #require(list.number), default: []].insert(list.der)
                #expect(try list.revocation(of: certificate.serialNumber) != nil)
                #expect(list.count == index + 1)
            }
        }
        #expect(byNumber.values.allSatisfy { $0.count == 1 })
        #expect(byNumber.keys.map { $0.reduce(0) { $0 << 8 | Int($1) } }.sorted() == Array(1...certificates.count))
    }
}
