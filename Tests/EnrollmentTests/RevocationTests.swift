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
        // One list for each revocation, and no number left out.
        let numbers = byNumber.keys.map { $0.reduce(0) { $0 << 8 | Int($1) } }.sorted()
        let first = try #require(numbers.first)
        #expect(numbers == Array(first..<first + certificates.count))
    }
}
