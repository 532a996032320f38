// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import Synchronization
internal import TestSupport
internal import Testing

internal import struct Foundation.Date
internal import struct Foundation.UUID

@testable internal import Storage

@Suite struct UnavailabilityTests {
    @Test func failedCommitIssuesNothingAndLeavesTheCode() async throws {
        let world = try await World()
        let isBroken = Mutex(true)
        let failure: @Sendable () -> StoreError? = { isBroken.withLock { $0 ? .unavailable("the disk is full") : nil } }
        var options = SQLiteOptions()
        options.commitFailure = failure
        let store = try SQLiteStore(path: world.folder.file(World.databaseName), mode: .existing, options: options)
        let service = world.service(transactions: store)
        let code = try await world.code()
        let message = try Device(in: world).message(code)
        #expect(try await world.ask(message, service: service) == .unavailable)
        #expect(world.observer.reasons == [.storeUnavailable])
        #expect(try await world.certificateCount() == 0)
        #expect(try await world.row(code).usedAt == nil)
        isBroken.withLock { $0 = false }
        #expect(try await world.ask(message, service: service).certificate != nil)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func failingStoreAnswersNobodyDifferentlyBeforeAuthentication() async throws {
        let world = try await World()
        let code = try await world.code()
        let device = try Device(in: world)
        try await world.store.close()
        // A right code, a wrong one and a broken envelope: were they told apart while the database is down, they could be
        // told apart by whoever takes it down.
        let broken = try device.message(code, envelope: { $0.spoilContent = { $0.dropLast(16) } })
        #expect(try await world.ask(try device.message(code)) == .unavailable)
        #expect(try await world.ask(try device.message("wrong")) == .unavailable)
        #expect(try await world.ask(broken) == .unavailable)
        #expect(world.observer.reasons == [.challengeUnavailable, .challengeUnavailable, .envelopeUnopened])

        let after = try world.restarted(in: world.folder)
        #expect(try await after.certificateCount() == 0)
        #expect(try await after.ask(try device.message(code)).certificate != nil)
    }

    @Test func failureToFindAnEarlierAnswerTellsNothingEither() async throws {
        let world = try await World()
        let service = world.service(transactions: FailingTransactions())
        let code = try await world.usedCode()
        #expect(try await world.ask(try Device(in: world).message(code), service: service) == .uniform)
    }

    @Test func failureToFinishLeavesTheTransactionToBeFinished() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer)
        let profile = try world.profile(issuer: issuer)
        let isBroken = Mutex(false)
        issuer.beforeAnswer { isBroken.withLock { $0 = true } }
        var options = SQLiteOptions()
        options.commitFailure = { isBroken.withLock { $0 ? .unavailable("the disk is full") : nil } }
        let store = try SQLiteStore(path: world.folder.file(World.databaseName), mode: .existing, options: options)
        let message = try Device(in: world).message(try await world.code())
        #expect(
            try await world.ask(message, profile: profile, service: world.service(transactions: store)) == .unavailable
        )
        #expect(try await world.certificateCount() == 0)
        world.clock.advance(World.beyondTheLease)
        #expect(try await world.ask(message, profile: profile).certificate != nil)
        #expect(issuer.orders.count == 1)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func brokenKeyOfTheCAIssuesNothingAndLeavesTheCode() async throws {
        let world = try await World()
        let code = try await world.code()
        let broken = BrokenIssuer(signer: world.issuer, preparing: nil, signing: .signingFailed("no key"))
        let message = try Device(in: world).message(code)
        #expect(try await world.ask(message, profile: try world.profile(issuer: broken)) == .unavailable)
        #expect(world.observer.reasons == [.issuerFailed])
        #expect(try await world.certificateCount() == 0)
        #expect(try await world.ask(message).certificate != nil)
    }
}

/// A store that never answers.
private struct FailingTransactions: TransactionStore {
    private static let failure = StoreError.unavailable("the database is gone")

    func reserve(
        _ reservation: Reservation,
        signing: @escaping @Sendable () throws -> CertificateRecord?
    ) async throws -> ReservationOutcome { throw Self.failure }

    func newest(_ key: TransactionKey) async throws(StoreError) -> ReservationOutcome? { throw Self.failure }

    func find(_ key: TransactionKey, requestDigest: [UInt8]) async throws(StoreError) -> ReservationOutcome? {
        throw Self.failure
    }

    func finish(_ id: UUID, certificate: CertificateRecord) async throws(StoreError) -> FinishOutcome {
        throw Self.failure
    }

    func abandon(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool { throw Self.failure }

    func takeOverExpired(
        before moment: Date,
        lease: Lease,
        limit: Int
    ) async throws(StoreError) -> [OpenTransaction] { throw Self.failure }
}
