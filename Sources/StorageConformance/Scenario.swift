// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Synchronization

import struct Foundation.Date
import struct Foundation.UUID

/// A store with one issuer, and records to put into it.
struct Scenario: Sendable {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    let fixture: any StorageFixture
    let store: any EnrollmentStore
    let issuer: IssuerRecord

    init(_ fixture: any StorageFixture) async throws {
        self.fixture = fixture
        store = try await fixture.open()
        issuer = Self.issuer("first")
        try await store.apply([.addIssuer(issuer)])
    }

    private init(_ fixture: any StorageFixture, _ store: any EnrollmentStore, _ issuer: IssuerRecord) {
        self.fixture = fixture
        self.store = store
        self.issuer = issuer
    }

    /// Closes the store and opens its state again.
    func reopened() async throws -> Scenario {
        try await store.close()
        return Scenario(fixture, try await fixture.open(), issuer)
    }

    /// A second store on the same state.
    func beside() async throws -> Scenario {
        Scenario(fixture, try await fixture.open(), issuer)
    }

    /// A moment some seconds after the scenario's present.
    static func moment(_ seconds: Double) -> Date { now.addingTimeInterval(seconds) }

    /// An id that sorts by the moment.
    static func id(_ moment: Date = now) -> UUID {
        var generator = SystemRandomNumberGenerator()
        return UUID.version7(at: moment, using: &generator)
    }

    /// Sixteen or more random bytes.
    static func bytes(_ count: Int = 32) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 1...127) } }

    static func issuer(_ name: String, generation: Int = 1) -> IssuerRecord {
        IssuerRecord(
            id: id(),
            name: name,
            keyGeneration: generation,
            certificate: bytes(200),
            chain: [bytes(300), [], bytes(100)],
            publicURL: "http://ca.example:8080/\(name)",
            wrappedKey: bytes(60),
            createdAt: now
        )
    }

    /// A reservation that collides with no other; the checks change what they need.
    func reservation(
        transactionID: String = "transaction",
        signer: [UInt8] = bytes(),
        claims: [Claim] = [],
        at moment: Date = now
    ) -> Reservation {
        Reservation(
            id: Self.id(moment),
            key: TransactionKey(profile: "default", transactionID: transactionID, signerDigest: signer),
            requestDigest: Self.bytes(),
            publicKeyDigest: Self.bytes(),
            request: Self.bytes(400),
            raProfile: "devices",
            claims: claims,
            order: IssuanceOrder(issuerID: issuer.id, serialNumber: Self.bytes(16), toBeSigned: Self.bytes(500)),
            reservedAt: moment,
            lease: Lease(owner: Self.id(), until: moment.addingTimeInterval(60)),
            trace: nil
        )
    }

    /// The same request once more, as a client sends it that got no answer: only the server's part is new.
    func repeated(_ reservation: Reservation, at moment: Date = now) -> Reservation {
        var copy = reservation
        copy.id = Self.id(moment)
        copy.order.serialNumber = Self.bytes(16)
        copy.reservedAt = moment
        return copy
    }

    /// What its issuer makes of a reservation.
    static func certificate(for reservation: Reservation) -> CertificateRecord {
        certificate(
            transactionID: reservation.id,
            issuerID: reservation.order.issuerID,
            serialNumber: reservation.order.serialNumber,
            publicKeyDigest: reservation.publicKeyDigest
        )
    }

    /// What an issuer makes of an open transaction.
    static func certificate(for open: OpenTransaction) -> CertificateRecord {
        certificate(
            transactionID: open.id,
            issuerID: open.order.issuerID,
            serialNumber: open.order.serialNumber,
            publicKeyDigest: open.publicKeyDigest
        )
    }

    private static func certificate(
        transactionID: UUID,
        issuerID: UUID,
        serialNumber: [UInt8],
        publicKeyDigest: [UInt8]
    ) -> CertificateRecord {
        CertificateRecord(
            id: id(),
            transactionID: transactionID,
            issuerID: issuerID,
            serialNumber: serialNumber,
            der: bytes(900),
            subject: "CN=device \u{1F4F1},O=Ünïcode",
            publicKeyDigest: publicKeyDigest,
            profile: "default",
            notBefore: moment(-3600),
            notAfter: moment(31_536_000.125),
            issuedAt: now,
            crlShard: 3
        )
    }

    /// Reserves and signs at once.
    func issue(_ reservation: Reservation) async throws -> ReservationOutcome {
        try await store.reserve(reservation) { Self.certificate(for: reservation) }
    }

    /// Reserves for later.
    func hold(_ reservation: Reservation) async throws -> ReservationOutcome {
        try await store.reserve(reservation) { nil }
    }

    static func challenge(
        _ profile: String = "default",
        kind: ChallengeKind = .oneTime,
        lasts seconds: Double? = 3600,
        at moment: Date = now
    ) -> ChallengeRecord {
        ChallengeRecord(
            id: id(moment),
            profile: profile,
            kind: kind,
            lookup: bytes(),
            name: kind == .static ? "wing \u{2068}b\u{2069}" : nil,
            createdAt: moment,
            expiresAt: seconds.map { moment.addingTimeInterval($0) }
        )
    }

    /// Adds a one-time challenge.
    func added(_ challenge: ChallengeRecord = challenge()) async throws -> ChallengeRecord {
        try await store.add([challenge])
        return challenge
    }

    /// The stored state of a challenge.
    func stored(_ challenge: ChallengeRecord) async throws -> ChallengeRecord {
        try unwrap(try await store.challenge(profile: challenge.profile, lookup: challenge.lookup))
    }

    static func trace(
        _ transactionID: String? = nil,
        authenticated: Bool = false,
        at moment: Date = now
    ) -> TraceRecord {
        TraceRecord(
            id: id(moment),
            at: moment,
            profile: "default",
            transactionID: transactionID,
            isAuthenticated: authenticated,
            remoteAddress: "192.0.2.7",
            reasonCode: "challenge.used",
            steps: [TraceStep(name: "parse", outcome: .passed, detail: "842 bytes")]
        )
    }
}

/// Counts calls from any thread.
final class Counter: Sendable {
    private let count = Mutex(0)

    func add() { count.withLock { $0 += 1 } }

    var value: Int { count.withLock { $0 } }
}
