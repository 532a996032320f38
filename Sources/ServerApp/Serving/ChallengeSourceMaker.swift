// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Connectors
internal import Cryptography
internal import Enrollment
internal import Synchronization

/// Makes the challenge sources that profiles name, and keeps those whose settings stay as they are.
///
/// A source may hold connections and keys that it fetched: a change to some other setting must not lose them.
final class ChallengeSourceMaker: Sendable {
    private let stored: StoredChallengeSource
    private let used: any UsedChallengeStore
    private let registrations: any RegistrationStore
    private let masterKey: MasterKey
    private let made = Mutex<[ChallengeSourceSettings: any ChallengeSource]>([:])

    /// Makes sources over a store.
    ///
    /// - Parameters:
    ///   - challenges: where one-time codes and static challenges are.
    ///   - others: where registrations are, and which challenges of others were used.
    ///   - masterKey: the key that challenges are looked up by.
    init(
        challenges: any ChallengeStore,
        others: any UsedChallengeStore & RegistrationStore,
        masterKey: MasterKey
    ) {
        self.registrations = others
        self.masterKey = masterKey
        self.stored = StoredChallengeSource(store: challenges, masterKey: masterKey)
        self.used = others
    }

    /// Who knows the challenges that requests may be encrypted under.
    var passwordSource: any RequestPasswordSource { stored }

    /// The source with some settings.
    func source(_ settings: ChallengeSourceSettings) throws(ProfileRefusal) -> any ChallengeSource {
        if let known = made.withLock({ $0[settings] }) { return known }
        let source = try make(settings)
        return made.withLock { made in
            if let known = made[settings] { return known }
            made[settings] = source
            return source
        }
    }

    /// Forgets the sources that no profile names any more.
    func keepOnly(_ settings: Set<ChallengeSourceSettings>) {
        made.withLock { made in made = made.filter { settings.contains($0.key) } }
    }

    private func make(_ settings: ChallengeSourceSettings) throws(ProfileRefusal) -> any ChallengeSource {
        switch settings {
        case .stored: stored
        case .directory(let settings): DirectoryChallengeSource(settings)
        case .webhook(let settings): WebhookSource(settings)
        case .token(let settings): TokenSource(settings, used: used)
        case .program(let settings): ProgramSource(settings)
        case .registration(let settings):
            RegistrationSource(settings: settings, store: registrations, masterKey: masterKey)
        }
    }
}
