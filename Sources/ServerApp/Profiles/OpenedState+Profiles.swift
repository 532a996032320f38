// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

internal import struct Foundation.Date

extension OpenedState {
    /// The profiles of a kind, by name, each with whether its own URL is served.
    public func profiles<Settings: ProfileSettings>(
        _ type: Settings.Type
    ) async throws -> [StoredProfile<Settings>] {
        let stored = try await configuration()
        let served = try served(stored)
        return stored.profiles(Settings.kind).map { record in
            let isServed = served.serves(Settings.kind, record.name)
            return StoredProfile(
                name: record.name,
                isEnabled: record.isEnabled,
                settings: record.settings(type),
                refusal: isServed ? nil : served.refusal(Settings.kind, record.name) ?? Self.noURL
            )
        }
    }

    /// A profile; throws an `AppError` unless it is there.
    public func profile<Settings: ProfileSettings>(
        _ name: String,
        _ type: Settings.Type
    ) async throws -> StoredProfile<Settings> {
        guard let profile = try await profiles(type).first(where: { $0.name == name }) else {
            throw Self.missing(Settings.kind, name)
        }
        return profile
    }

    /// Throws an `AppError` unless there is a SCEP profile with a name.
    public func requireProfile(_ name: String) async throws {
        guard try await configuration().profile(.scep, name) != nil else { throw Self.missing(.scep, name) }
    }

    /// Adds a profile; running servers serve it at once.
    ///
    /// - Returns: why its own URL is not served, if it has one that is not.
    public func addProfile<Settings: ProfileSettings>(_ name: String, _ settings: Settings) async throws -> String? {
        var draft = ConfigurationDraft(try await configuration())
        guard draft.before.profile(Settings.kind, name) == nil else {
            throw AppError(.conflict, "There is \(Settings.kind.withArticle) '\(name)' already.")
        }
        try draft.put(name, settings, isEnabled: true)
        try await commit(draft)
        return try served(draft.after).refusal(Settings.kind, name)
    }

    /// Changes the settings of a profile; running servers follow at once.
    ///
    /// - Returns: why it is not served, if it is enabled and not.
    /// - Throws: `AppError`, also when somebody else changed the configuration meanwhile.
    public func changeProfile<Settings: ProfileSettings>(
        _ name: String,
        _ change: (inout Settings) throws -> Void
    ) async throws -> String? {
        var draft = ConfigurationDraft(try await configuration())
        guard let record = draft.before.profile(Settings.kind, name) else { throw Self.missing(Settings.kind, name) }
        guard var settings = record.settings(Settings.self) else {
            throw AppError(.state, "The settings of the \(Settings.kind.rawValue) '\(name)' can't be read.")
        }
        try change(&settings)
        try draft.put(name, settings, isEnabled: record.isEnabled)
        try await commit(draft)
        return record.isEnabled ? try served(draft.after).refusal(Settings.kind, name) : nil
    }

    /// Enables or disables a profile; running servers follow at once.
    ///
    /// - Returns: why it is not served, if it is enabled and not.
    public func enableProfile(_ kind: ProfileKind, _ name: String, _ isEnabled: Bool) async throws -> String? {
        var draft = ConfigurationDraft(try await configuration())
        guard let record = draft.before.profile(kind, name) else { throw Self.missing(kind, name) }
        if record.isEnabled != isEnabled {
            draft.enable(kind, name, isEnabled)
            try await commit(draft)
        }
        return isEnabled ? try served(draft.after).refusal(kind, name) : nil
    }

    /// Deletes a profile that no other one names; what was issued through it stays.
    public func deleteProfile(_ kind: ProfileKind, _ name: String) async throws {
        var draft = ConfigurationDraft(try await configuration())
        guard draft.before.profile(kind, name) != nil else { throw Self.missing(kind, name) }
        draft.remove(kind, name)
        try await commit(draft)
    }

    /// Makes a draft true, if it may be and nobody was faster.
    func commit(_ draft: ConfigurationDraft) async throws {
        do {
            try draft.check()
        } catch {
            throw error.error
        }
        do {
            try await store.apply(draft.changes)
        } catch {
            throw AppError(error)
        }
    }

    /// A configuration as a server would serve it.
    func served(_ stored: StoredConfiguration) throws -> ServedConfiguration {
        try ServedConfiguration(
            stored,
            masterKey: masterKey,
            sources: ChallengeSourceMaker(challenges: store, others: store, masterKey: masterKey),
            now: Date()
        )
    }

    private static let noURL = "it has no URL of its own: it names no SCEP profile"

    private static func missing(_ kind: ProfileKind, _ name: String) -> AppError {
        AppError(
            .missing,
            "There is no \(kind.rawValue) '\(name)'.",
            hint: "Look with: sceptic \(kind.command) list"
        )
    }
}

extension ServedConfiguration {
    /// Why a profile's own URL is not served; nil if it is, or if an RA profile has none.
    func refusal(_ kind: ProfileKind, _ name: String) -> String? { refusals[Self.servedName(kind, name)] }

    /// Whether a profile's own URL is served.
    func serves(_ kind: ProfileKind, _ name: String) -> Bool { profiles[Self.servedName(kind, name)] != nil }

    private static func servedName(_ kind: ProfileKind, _ name: String) -> String {
        kind == .scep ? name : ProfileName.served(raProfile: name)
    }
}
