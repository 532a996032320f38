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
    /// - Returns: the codes, which are known nowhere else from now on.
    /// - Throws: `StoreError`.
    public func makeOneTime(count: Int, profile: String, lifetime: Double) async throws(StoreError) -> [String] {
        var generator = SecureRandom()
        let codes = (0..<count).map { _ in ChallengeCode.make(using: &generator) }
        try await store.add(codes.map { record($0, .oneTime, profile: profile, name: nil, lifetime: lifetime) })
        return codes
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
        let code = code ?? ChallengeCode.make(using: &generator)
        try await store.add([record(code, .static, profile: profile, name: name, lifetime: lifetime)])
        return code
    }

    private func record(
        _ code: String,
        _ kind: ChallengeKind,
        profile: String,
        name: String?,
        lifetime: Double?
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
            expiresAt: lifetime.map(now.addingTimeInterval)
        )
    }
}
