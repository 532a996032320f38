// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import PKIX
internal import Synchronization

public import struct Foundation.Date
public import struct Foundation.UUID

/// Makes the CRLs of this server's CAs, and makes them anew when something was revoked or time has passed.
///
/// A CRL is stored before anybody sees it, so that publication and GetCRL, on all nodes, give the same one, and its number only grows.
public final class CertificateLists: CertificateListSource {
    /// How long a CRL is valid, in seconds: long enough to repair a server, short enough to be of use.
    public static let lifetime = 7 * 86_400.0
    /// How long a CRL is given out before a fresh one is signed, in seconds.
    public static let freshness = 3600.0
    /// How far ahead of this node's clock another node's may be, in seconds: a CRL from further ahead is replaced.
    static let clockTolerance = 300.0
    /// How often a CRL is made when other nodes are faster each time; each of them leaves a good one.
    private static let attempts = 5
    /// How many entries are read at once.
    private static let pageSize = 5000

    private struct Shard: Hashable, Sendable {
        var issuerID: UUID
        var number: Int
    }

    private typealias Making = Task<Result<CertificateListRecord, StoreError>, Never>

    private let store: any RevocationStore
    private let time: any TimeSource
    private let authority: @Sendable (UUID) -> IssuingAuthority?
    /// What is being made now: one request makes a CRL for all that ask meanwhile.
    private let inTheMaking = Mutex<[Shard: Making]>([:])

    /// Puts the use-case together.
    ///
    /// - Parameters:
    ///   - store: keeps revocations and CRLs.
    ///   - time: the clock.
    ///   - authority: the CAs of all generations, by id.
    public init(
        store: any RevocationStore,
        time: any TimeSource,
        authority: @escaping @Sendable (UUID) -> IssuingAuthority?
    ) {
        self.store = store
        self.time = time
        self.authority = authority
    }

    /// The most recent CRL of a shard.
    public func certificateList(issuerID: UUID, shard: Int) async throws(StoreError) -> [UInt8]? {
        try await current(issuerID: issuerID, shard: shard)?.der
    }

    /// The most recent CRL of a shard, with its dates.
    ///
    /// - Returns: the stored one if nothing was revoked since and it is fresh, else a new one; nil when the issuer or shard is none.
    /// - Throws: `StoreError`; `unavailable` also when the issuer's key does not sign.
    public func current(issuerID: UUID, shard: Int) async throws(StoreError) -> CertificateListRecord? {
        guard let authority = authority(issuerID), (0...authority.crlShard).contains(shard) else { return nil }
        if let stored = try await currentlyStored(issuerID, shard).good { return stored }
        return try await made(authority, Shard(issuerID: issuerID, number: shard))
    }

    /// Makes a CRL, or waits for the one that is being made.
    private func made(_ authority: IssuingAuthority, _ shard: Shard) async throws(StoreError) -> CertificateListRecord {
        let making = inTheMaking.withLock { making -> Making in
            if let running = making[shard] { return running }
            let task = Making {
                defer { self.inTheMaking.withLock { $0[shard] = nil } }
                do throws(StoreError) {
                    return .success(try await self.make(authority, shard))
                } catch {
                    return .failure(error)
                }
            }
            making[shard] = task
            return task
        }
        return try await making.value.get()
    }

    private func make(_ authority: IssuingAuthority, _ shard: Shard) async throws(StoreError) -> CertificateListRecord {
        for _ in 0..<Self.attempts {
            let (good, last, revision) = try await currentlyStored(shard.issuerID, shard.number)
            if let good { return good }
            let list = try await sign(authority, shard, after: last, revision: revision)
            if try await store.put(list) { return list }
        }
        // Others made one each time; the newest of them is as good as any.
        guard let last = try await store.certificateList(issuerID: shard.issuerID, shard: shard.number) else {
            throw .unavailable("the CRL could not be stored")
        }
        return last
    }

    /// The newest stored CRL, also as `good` if it can be given out, and the count of revocations.
    ///
    /// The count is read first: what is revoked later makes the CRL out of date, whether it is in it or not.
    private func currentlyStored(
        _ issuerID: UUID,
        _ shard: Int
    ) async throws(StoreError) -> (good: CertificateListRecord?, last: CertificateListRecord?, revision: Int) {
        let revision = try await store.revocationRevision(issuerID: issuerID, shard: shard)
        let last = try await store.certificateList(issuerID: issuerID, shard: shard)
        let age = last.map { time.now.timeIntervalSince($0.thisUpdate) } ?? 0
        let isGood = (last?.revision ?? -1) >= revision && age < Self.freshness && age > -Self.clockTolerance
        return (isGood ? last : nil, last, revision)
    }

    private func sign(
        _ authority: IssuingAuthority,
        _ shard: Shard,
        after last: CertificateListRecord?,
        revision: Int
    ) async throws(StoreError) -> CertificateListRecord {
        let thisUpdate = Date(timeIntervalSince1970: time.now.timeIntervalSince1970.rounded(.down))
        let nextUpdate = thisUpdate.addingTimeInterval(Self.lifetime)
        // The first one is numbered by the time: version 0.1 numbered its lists so, and numbers only grow (RFC 5280 §5.2.3).
        let number = last.map { $0.number + 1 } ?? UInt64(max(1, thisUpdate.timeIntervalSince1970))
        // A certificate that has expired stays until it was in a CRL that was made after its end (RFC 5280 §3.3).
        let revoked = try await revoked(shard, validAt: last?.thisUpdate ?? Date(timeIntervalSince1970: 0))
        do {
            let der = try authority.certificateList(
                revoked: revoked,
                shard: shard.number,
                number: number,
                thisUpdate: thisUpdate,
                nextUpdate: nextUpdate
            )
            return CertificateListRecord(
                issuerID: shard.issuerID,
                shard: shard.number,
                number: number,
                thisUpdate: thisUpdate,
                nextUpdate: nextUpdate,
                der: der,
                revision: revision
            )
        } catch {
            throw .unavailable("the CRL could not be signed")
        }
    }

    /// What a shard's CRL lists, read in pages, so that no read keeps the database busy for long.
    private func revoked(_ shard: Shard, validAt moment: Date) async throws(StoreError) -> [RevokedCertificate] {
        var all: [RevokedCertificate] = []
        while true {
            let page = try await store.revokedCertificates(
                issuerID: shard.issuerID,
                shard: shard.number,
                validAt: moment,
                after: all.last?.serialNumber,
                limit: Self.pageSize
            )
            guard !page.isEmpty else { return all }
            all += page.map { entry in
                RevokedCertificate(
                    serialNumber: entry.serialNumber,
                    revokedAt: entry.revocation.at,
                    reason: entry.revocation.reason
                )
            }
        }
    }
}
