// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

internal import struct Foundation.Date

/// Makes and takes back challenges.
public struct ChallengeAdministration: Sendable {
    private let store: any ChallengeStore
    private let masterKey: MasterKey
    private let time: any TimeSource

    /// Puts the use-case together.
    public init(store: any ChallengeStore, masterKey: MasterKey, time: any TimeSource) {
        self.store = store
        self.masterKey = masterKey
        self.time = time
    }

    /// Makes one-time challenges.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - profile: the SCEP profile they are good for.
    ///   - lifetime: how long, in seconds.
    ///   - identity: what a request has to ask for; nil leaves that free.
    ///   - raProfile: the only RA profile that they are good for; nil for all.
    ///   - device: the device that they are for; it binds nothing.
    ///   - maximum: how many of the profile's codes may be good at the same time; nil for any number.
    /// - Returns: the codes, which are known nowhere else from now on.
    /// - Throws: `StoreError`; `conflict` when there would be too many.
    public func makeOneTime(
        count: Int,
        profile: String,
        lifetime: Double,
        boundTo identity: BoundIdentity? = nil,
        raProfile: String? = nil,
        device: String? = nil,
        maximumOutstanding maximum: Int? = nil
    ) async throws(StoreError) -> [String] {
        var generator = SecureRandom()
        let codes = (0..<count).map { _ in ChallengeCode.make(using: &generator) }
        try await store.add(
            codes.map { code in
                var record = record(code, .oneTime, profile: profile, name: nil, lifetime: lifetime, isGenerated: true)
                record.boundTo = identity
                record.raProfile = raProfile
                record.device = device
                return record
            },
            limit: limit(maximum)
        )
        return codes
    }

    /// Makes a one-time challenge for one transactionID and keeps it, encrypted, so that a request encrypted under it can be opened.
    ///
    /// - Returns: the code.
    /// - Throws: `StoreError`; `unavailable` when it can't be encrypted.
    public func makeForRequest(
        transactionID: String,
        profile: String,
        lifetime: Double,
        boundTo identity: BoundIdentity? = nil,
        raProfile: String? = nil,
        device: String? = nil,
        maximumOutstanding maximum: Int? = nil
    ) async throws(StoreError) -> String {
        var generator = SecureRandom()
        let code = ChallengeCode.make(using: &generator)
        var record = record(code, .oneTime, profile: profile, name: nil, lifetime: lifetime, isGenerated: true)
        record.boundTo = identity
        record.raProfile = raProfile
        record.device = device
        do {
            let sealed = try masterKey.wrap(
                Array(code.utf8),
                purpose: .columnEncryption,
                context: StoredChallengeSource.context(record)
            )
            record.sealedCode = SealedCode(transactionID: transactionID, code: sealed)
        } catch {
            throw .unavailable("the challenge could not be encrypted")
        }
        try await store.add([record], limit: limit(maximum))
        return code
    }

    private func limit(_ maximum: Int?) -> OutstandingLimit? {
        maximum.map { OutstandingLimit(maximum: $0, now: time.now) }
    }

    /// Makes or takes up a static challenge.
    ///
    /// - Parameters:
    ///   - code: the code; a new one is made when nil.
    ///   - name: its name for people.
    ///   - profile: the SCEP profile it is good for.
    ///   - lifetime: how long, in seconds; without an end when nil.
    /// - Returns: the code.
    /// - Throws: `StoreError`; `conflict` when the profile has this code already.
    public func makeStatic(
        code: String?,
        name: String,
        profile: String,
        lifetime: Double?
    ) async throws(StoreError) -> String {
        var generator = SecureRandom()
        let chosen = code ?? ChallengeCode.make(using: &generator)
        try await store.add([
            record(chosen, .static, profile: profile, name: name, lifetime: lifetime, isGenerated: code == nil)
        ])
        return chosen
    }

    private func record(
        _ code: String,
        _ kind: ChallengeKind,
        profile: String,
        name: String?,
        lifetime: Double?,
        isGenerated: Bool
    ) -> ChallengeRecord {
        var generator = SecureRandom()
        let now = time.now
        return ChallengeRecord(
            id: .version7(at: now, using: &generator),
            profile: profile,
            kind: kind,
            lookup: masterKey.challengeLookup(code),
            name: name,
            createdAt: now,
            expiresAt: lifetime.map(now.addingTimeInterval),
            isGenerated: isGenerated,
            maker: AuditAct.current?.actor
        )
    }
}
