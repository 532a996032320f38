// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CertificateAuthority
import Cryptography
import Enrollment
import Foundation
import PKIX
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct CertificateListTests {
    /// A certificate that was issued, without the way there.
    private static func issue(
        _ serialNumber: [UInt8],
        in world: World,
        notAfter: Date? = nil
    ) async throws -> CertificateRecord {
        let device = try Device("device-\(serialNumber.last ?? 0)", in: world)
        let code = try await world.code()
        let answer = try await world.ask(
            try device.message(code, transactionID: serialNumber.map { "\($0)" }.joined(separator: "x"))
        )
        guard case .certificate(let der) = answer else { throw Unexpected(answer: "\(answer)") }
        let certificate = try EncodedCertificate(derEncoded: der)
        return try #require(
            try await world.store.certificate(issuerID: world.issuer.id, serialNumber: certificate.serialNumber)
        )
    }

    private struct Unexpected: Error { var answer: String }

    private static func administration(_ world: World) -> CertificateAdministration {
        CertificateAdministration(certificates: world.store, revocations: world.store, time: world.clock)
    }

    private static func current(_ world: World, _ lists: CertificateLists? = nil) async throws -> CertificateListRecord
    {
        try #require(try await (lists ?? world.lists).current(issuerID: world.issuer.id, shard: 0))
    }

    private static func read(_ record: CertificateListRecord) throws -> EncodedCertificateList {
        try EncodedCertificateList(derEncoded: record.der)
    }

    @Test func theFirstListIsEmptySignedAndStored() async throws {
        let world = try await World()
        let record = try await Self.current(world)
        let list = try Self.read(record)
        // Numbered by the time, as version 0.1 did, so that a state of that version goes on upwards.
        #expect(record.number == 1_800_000_000)
        #expect(record.revision == 0)
        #expect(list.count == 0)
        #expect(list.number == [0x6B, 0x49, 0xD2, 0x00])
        #expect(list.issuer == world.issuer.authority.certificate.subject)
        #expect(list.isSigned(by: try TestKeys.authority.publicKey))
        #expect(list.isCurrent(at: world.clock.now))
        #expect(list.nextUpdate == world.clock.now.addingTimeInterval(7 * 86_400))
        #expect(try await world.store.certificateList(issuerID: world.issuer.id, shard: 0) == record)
        #expect(try await world.lists.certificateList(issuerID: world.issuer.id, shard: 0) == record.der)
    }

    @Test func thereIsNoneOfAnUnknownIssuerOrShard() async throws {
        let world = try await World()
        #expect(try await world.lists.current(issuerID: UUID(), shard: 0) == nil)
        for shard in [-1, 1, Int.max] {
            #expect(try await world.lists.current(issuerID: world.issuer.id, shard: shard) == nil)
        }
    }

    @Test func aRevocationShowsAtOnceWithItsReason() async throws {
        let world = try await World()
        let certificate = try await Self.issue([1], in: world)
        let before = try await Self.current(world)
        world.clock.advance(10)
        let outcome = try await Self.administration(world).revoke(certificate, reason: .keyCompromise)
        #expect(outcome == .done)
        let after = try await Self.current(world)
        #expect(after.number == before.number + 1)
        let entry = try #require(try Self.read(after).revocation(of: certificate.serialNumber))
        #expect(entry.reason == .keyCompromise)
        #expect(entry.revokedAt == world.clock.now)
        #expect(try Self.read(after).covers(try EncodedCertificate(derEncoded: certificate.der)))
        #expect(try Self.read(before).revocation(of: certificate.serialNumber) == nil)
    }

    @Test func aHeldCertificateLeavesTheListWhenItIsReleased() async throws {
        let world = try await World()
        let certificate = try await Self.issue([1], in: world)
        let administration = Self.administration(world)
        #expect(try await administration.release(certificate) == .notOnHold)
        #expect(try await administration.revoke(certificate, reason: .certificateHold) == .done)
        #expect(try Self.read(await Self.current(world)).count == 1)
        #expect(try await administration.release(certificate) == .done)
        #expect(try Self.read(await Self.current(world)).count == 0)
        #expect(try await administration.revoke(certificate, reason: .superseded) == .done)
        #expect(try await administration.release(certificate) == .notOnHold)
        let again = try await administration.revoke(certificate, reason: .keyCompromise)
        guard case .alreadyRevoked(let revocation) = again else {
            Issue.record("\(again)")
            return
        }
        #expect(revocation.reason == .superseded)
    }

    @Test func aFreshListIsGivenOutUntilAnHourHasPassed() async throws {
        let world = try await World()
        let first = try await Self.current(world)
        world.clock.advance(CertificateLists.freshness - 1)
        #expect(try await Self.current(world) == first)
        world.clock.advance(1)
        let second = try await Self.current(world)
        #expect(second.number == first.number + 1)
        #expect(second.thisUpdate == world.clock.now)
    }

    @Test func aListFromTheFutureIsReplaced() async throws {
        let world = try await World()
        world.clock.advance(86_400)
        let ahead = try await Self.current(world)
        world.clock.advance(-86_400)
        let right = try await Self.current(world)
        #expect(right.number == ahead.number + 1)
        #expect(right.thisUpdate == world.clock.now)
        // Another node's clock may be a little ahead.
        world.clock.advance(-60)
        #expect(try await Self.current(world) == right)
    }

    @Test func anExpiredCertificateLeavesAfterOneListThatWasMadeAfterItsEnd() async throws {
        let world = try await World()
        let certificate = try await Self.issue([1], in: world)
        _ = try await Self.administration(world).revoke(certificate, reason: .superseded)
        #expect(try Self.read(await Self.current(world)).count == 1)
        world.clock.advance(366 * 86_400)
        #expect(try Self.read(await Self.current(world)).count == 1)
        world.clock.advance(CertificateLists.freshness)
        #expect(try Self.read(await Self.current(world)).count == 0)
    }

    @Test func nodesAndTasksMakeOneListTogether() async throws {
        let world = try await World()
        let other = try world.anotherNode()
        let stores = [CountingStore(world.store), CountingStore(other.store)]
        let nodes = stores.map { store in
            CertificateLists(store: store, time: world.clock) { _ in world.issuer.authority }
        }
        let records = try await withThrowingTaskGroup(of: CertificateListRecord.self) { group in
            for index in 0..<32 { group.addTask { try await Self.current(world, nodes[index % 2]) } }
            return try await group.reduce(into: Set<CertificateListRecord>()) { $0.insert($1) }
        }
        #expect(records.count == 1)
        // Each node makes one at most; the store keeps one, and the other node gives that one.
        #expect(stores.allSatisfy { $0.made <= 1 })
        #expect(stores.map(\.kept).reduce(0, +) == 1)
    }

    @Test func manyRevocationsAreReadInPages() async throws {
        let world = try await World()
        let lists = CertificateLists(store: ManyRevocations(), time: world.clock) { _ in world.issuer.authority }
        let record = try await Self.current(world, lists)
        let list = try Self.read(record)
        #expect(list.count == ManyRevocations.count)
        #expect(try list.revocation(of: ManyRevocations.serialNumber(ManyRevocations.count - 1))?.reason == .superseded)
        #expect(try list.revocation(of: ManyRevocations.serialNumber(ManyRevocations.count)) == nil)
    }

    @Test func whoIsAlwaysTooLateGivesWhatOthersMade() async throws {
        let world = try await World()
        let rival = Rival(world: world)
        let lists = CertificateLists(store: rival, time: world.clock) { _ in world.issuer.authority }
        let record = try await Self.current(world, lists)
        #expect(record.der == [1, 2, 3])
    }

    // MARK: - Finding

    @Test func aCertificateIsFoundByItsSerialNumberAndItsID() async throws {
        let world = try await World()
        let first = try await Self.issue([1], in: world)
        let second = try await Self.issue([2], in: world)
        let administration = Self.administration(world)
        for certificate in [first, second] {
            let digits = certificate.serialNumber.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            for text in [
                digits.joined(), digits.joined().uppercased(), digits.joined(separator: ":"),
                "0x00" + digits.joined(), certificate.id.uuidString, certificate.id.uuidString.lowercased(),
            ] {
                #expect(try await administration.find(text) == .found(certificate), "\(text)")
            }
        }
        for text in ["4142", "0x41", UUID().uuidString, "00000000-0000-0000-0000-000000000000"] {
            #expect(try await administration.find(text) == .unknown, "\(text)")
        }
        for text in ["", "x", "+4", String(repeating: "41", count: 22)] {
            #expect(try await administration.find(text) == .unreadable, "\(text)")
        }
    }

    @Test func aRevocationIsNeverOfTheFuture() async throws {
        let world = try await World()
        let certificate = try await Self.issue([1], in: world)
        let later = world.clock.now.addingTimeInterval(3600)
        _ = try await Self.administration(world).revoke(certificate, reason: .superseded, at: later)
        let stored = try await world.store.certificates(serialNumber: certificate.serialNumber)
        #expect(stored.first?.revocation == Revocation(at: world.clock.now, reason: .superseded))
    }
}

/// Counts the CRLs that are put into a store.
private final class CountingStore: RevocationStore {
    private let store: any EnrollmentStore
    private let counts = Mutex((made: 0, kept: 0))

    init(_ store: any EnrollmentStore) { self.store = store }

    var made: Int { counts.withLock(\.made) }
    var kept: Int { counts.withLock(\.kept) }

    func revoke(
        issuerID: UUID,
        serialNumber: [UInt8],
        _ revocation: Revocation
    ) async throws(StoreError) -> RevocationOutcome {
        try await store.revoke(issuerID: issuerID, serialNumber: serialNumber, revocation)
    }

    func release(issuerID: UUID, serialNumber: [UInt8]) async throws(StoreError) -> RevocationOutcome {
        try await store.release(issuerID: issuerID, serialNumber: serialNumber)
    }

    func revocationRevision(issuerID: UUID, shard: Int) async throws(StoreError) -> Int {
        try await store.revocationRevision(issuerID: issuerID, shard: shard)
    }

    func revokedCertificates(
        issuerID: UUID,
        shard: Int,
        validAt moment: Date,
        after serialNumber: [UInt8]?,
        limit: Int
    ) async throws(StoreError) -> [(serialNumber: [UInt8], revocation: Revocation)] {
        try await store.revokedCertificates(
            issuerID: issuerID,
            shard: shard,
            validAt: moment,
            after: serialNumber,
            limit: limit
        )
    }

    func certificateList(issuerID: UUID, shard: Int) async throws(StoreError) -> CertificateListRecord? {
        try await store.certificateList(issuerID: issuerID, shard: shard)
    }

    func put(_ list: CertificateListRecord) async throws(StoreError) -> Bool {
        counts.withLock { $0.made += 1 }
        let isKept = try await store.put(list)
        if isKept { counts.withLock { $0.kept += 1 } }
        return isKept
    }
}

/// More revocations than one page holds.
private struct ManyRevocations: RevocationStore {
    static let count = 12_345

    static func serialNumber(_ index: Int) -> [UInt8] {
        [0x40, UInt8(index >> 16), UInt8(index >> 8 & 0xFF), UInt8(index & 0xFF)]
    }

    func revoke(issuerID: UUID, serialNumber: [UInt8], _ revocation: Revocation) -> RevocationOutcome { .unknown }
    func release(issuerID: UUID, serialNumber: [UInt8]) -> RevocationOutcome { .unknown }
    func revocationRevision(issuerID: UUID, shard: Int) -> Int { Self.count }

    func revokedCertificates(
        issuerID: UUID,
        shard: Int,
        validAt moment: Date,
        after serialNumber: [UInt8]?,
        limit: Int
    ) -> [(serialNumber: [UInt8], revocation: Revocation)] {
        let start = serialNumber.map { Int($0[1]) << 16 | Int($0[2]) << 8 | Int($0[3]) + 1 } ?? 0
        return (start..<max(start, min(start + limit, Self.count))).map { index in
            (Self.serialNumber(index), Revocation(at: moment, reason: .superseded))
        }
    }

    func certificateList(issuerID: UUID, shard: Int) -> CertificateListRecord? { nil }
    func put(_ list: CertificateListRecord) -> Bool { true }
}

/// Somebody else who is always faster, with CRLs of revisions that are out of date by the time they are asked for.
private struct Rival: RevocationStore {
    let world: World

    func revoke(issuerID: UUID, serialNumber: [UInt8], _ revocation: Revocation) -> RevocationOutcome { .unknown }
    func release(issuerID: UUID, serialNumber: [UInt8]) -> RevocationOutcome { .unknown }
    func revocationRevision(issuerID: UUID, shard: Int) -> Int { 9 }

    func revokedCertificates(
        issuerID: UUID,
        shard: Int,
        validAt moment: Date,
        after serialNumber: [UInt8]?,
        limit: Int
    ) -> [(serialNumber: [UInt8], revocation: Revocation)] { [] }

    func certificateList(issuerID: UUID, shard: Int) -> CertificateListRecord? {
        CertificateListRecord(
            issuerID: issuerID,
            shard: shard,
            number: 7,
            thisUpdate: world.clock.now,
            nextUpdate: world.clock.now,
            der: [1, 2, 3],
            revision: 8
        )
    }

    func put(_ list: CertificateListRecord) -> Bool { false }
}
