// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

/// Devices that were registered beforehand: a request names one of them, and its challenge is that one's secret.
///
/// A wrong secret counts against the registration that was named and against no other (design §6.12).
public struct RegistrationSource: ChallengeSource {
    /// The name in traces.
    public let name = "registered devices"
    /// How many names of a request that has several are looked for, at most.
    private static let maximumNameCount = 8
    private let settings: RegistrationSourceSettings
    private let store: any RegistrationStore
    private let masterKey: MasterKey

    /// Puts a source together.
    public init(settings: RegistrationSourceSettings, store: any RegistrationStore, masterKey: MasterKey) {
        self.settings = settings
        self.store = store
        self.masterKey = masterKey
    }

    /// Judges a challenge.
    public func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        let names = settings.identifiedBy.names(in: question.request)
        do {
            for name in names.prefix(Self.maximumNameCount) {
                guard let name, let found = try await store.registration(profile: question.profile, name: name) else {
                    continue
                }
                if names.count == 1 { return try await judge(question, found) }
                // The certificate would have all of them, and which one counts, two readers might see differently.
                let kind = settings.identifiedBy.rawValue
                return .reject(
                    .challengeIdentity,
                    detail: "the request names '\(found.name.text)' and has \(names.count) of \(kind), not one"
                )
            }
            return .notMine
        } catch {
            return .unavailable("the database did not answer")
        }
    }

    private func judge(
        _ question: ChallengeQuestion,
        _ found: RegistrationRecord
    ) async throws(StoreError) -> ChallengeAnswer {
        let who = "'\(found.name.text)'"
        if found.lockedAt != nil { return .reject(.registrationLocked, detail: "\(who) is locked") }
        if found.revokedAt != nil { return .reject(.challengeRevoked, detail: "the registration of \(who)") }
        if let end = found.expiresAt, end <= question.now {
            return .reject(.challengeExpired, detail: "the registration of \(who)")
        }
        let lookup = masterKey.challengeLookup(question.challenge)
        guard MessageAuthentication.areEqual(lookup, found.lookup) else {
            return .reject(.challengeUnknown, detail: try await countGuess(question, found, lookup))
        }
        if let bound = found.raProfile, bound != question.raProfile {
            return .reject(.challengeIdentity, detail: "\(who) is registered for the RA profile '\(bound)'")
        }
        if let mismatch = found.boundTo?.mismatch(question.request, question.keyAlgorithm) {
            return .reject(.challengeIdentity, detail: mismatch)
        }
        if let user = found.usedByKey, user != question.publicKeyDigest {
            return .reject(.challengeUsed, detail: "\(who) is registered for one certificate")
        }
        var attributes = found.attributes
        attributes.add("registration.name", [found.name.text])
        if let bound = found.raProfile { attributes.bind(raProfile: bound) }
        attributes.note(maker: found.maker)
        // Wrong secrets are forgotten where this is granted: who repeats a message that was overheard gets nothing forgotten.
        return .accept(
            claims: [.registration(found.id)],
            attributes: attributes,
            strength: found.isGenerated ? .unguessable : .unknown
        )
    }

    private func countGuess(
        _ question: ChallengeQuestion,
        _ found: RegistrationRecord,
        _ guess: [UInt8]
    ) async throws(StoreError) -> String {
        let wrong = "not the secret of '\(found.name.text)'"
        if question.isDryRun { return wrong }
        let maximum = settings.maximumGuesses
        let outcome = try await store.countGuess(found.id, guess: guess, maximum: maximum, at: question.now)
        guard let outcome else { return wrong }
        if outcome.isLocked { return wrong + ", which is locked now" }
        return wrong + ": guess \(outcome.failedGuesses) of \(maximum)"
    }
}
