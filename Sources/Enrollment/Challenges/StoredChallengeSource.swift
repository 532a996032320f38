// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

public import struct Foundation.Date

/// The challenges that this server made itself: one-time codes and static ones, by one look-up.
public struct StoredChallengeSource: ChallengeSource {
    /// The name in traces.
    public let name = "stored challenges"
    private let store: any ChallengeStore
    private let masterKey: MasterKey

    /// Puts a source together.
    public init(store: any ChallengeStore, masterKey: MasterKey) {
        self.store = store
        self.masterKey = masterKey
    }

    /// Judges a challenge by its keyed digest; how long that takes says nothing about the code.
    public func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        let found: ChallengeRecord?
        do {
            found = try await store.challenge(
                profile: question.profile,
                lookup: masterKey.challengeLookup(question.challenge)
            )
        } catch {
            return .unavailable("the database did not answer")
        }
        guard let found else { return .notMine }
        if found.revokedAt != nil { return .reject(.challengeRevoked) }
        if let end = found.expiresAt, end <= question.now { return .reject(.challengeExpired) }
        if let mismatch = found.boundTo?.mismatch(question.request, question.keyAlgorithm) {
            return .reject(.challengeIdentity, detail: mismatch)
        }
        if let bound = found.raProfile, bound != question.raProfile {
            return .reject(.challengeIdentity, detail: "made for the RA profile '\(bound)'")
        }
        var attributes = ChallengeAttributes()
        if let bound = found.raProfile { attributes.bind(raProfile: bound) }
        attributes.note(maker: found.maker)
        switch found.kind {
        case .static:
            let strength: ChallengeStrength = found.isGenerated ? .unguessable : .unknown
            return .accept(claims: [], attributes: attributes, strength: strength)
        case .oneTime:
            // The device that used it gets the same certificate again until the code ends (design §6.2).
            if let user = found.usedByKey, user != question.publicKeyDigest { return .reject(.challengeUsed) }
            // One-time codes are made here, and only here (`ChallengeCode`).
            if let device = found.device { attributes.add("challenge.device", [device]) }
            return .accept(claims: [.oneTimeChallenge(found.id)], attributes: attributes, strength: .unguessable)
        }
    }
}

extension StoredChallengeSource: RequestPasswordSource {
    /// The codes that a request with a transactionID may be encrypted under, and that still live.
    public func passwords(profile: String, transactionID: String, now: Date) async throws(StoreError) -> [String] {
        let found = try await store.sealedChallenges(profile: profile, transactionID: transactionID, limit: 4)
        return found.compactMap { challenge in
            guard challenge.revokedAt == nil, challenge.expiresAt.map({ $0 > now }) ?? true,
                let sealed = challenge.sealedCode,
                let code = try? masterKey.unwrap(
                    sealed.code,
                    purpose: .columnEncryption,
                    context: Self.context(challenge)
                )
            else { return nil }
            return String(validating: code, as: UTF8.self)
        }
    }

    /// What the ciphertext of a challenge's code belongs to.
    static func context(_ challenge: ChallengeRecord) -> String { "challenge \(challenge.id)" }
}

/// Makes the codes that people and MDM systems hand to devices.
public enum ChallengeCode: Sendable {
    /// 32 letters and digits: about 190 bits, within every client's alphabet and length (client-quirks K2, K4).
    public static let characterCount = 32
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

    /// A new code.
    public static func make(using generator: inout some RandomNumberGenerator) -> String {
        String((0..<characterCount).compactMap { _ in alphabet.randomElement(using: &generator) })
    }
}
