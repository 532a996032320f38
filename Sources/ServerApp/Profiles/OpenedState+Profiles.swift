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

    /// Makes a draft true, if it may be and nobody was faster.
    func commit(_ draft: ConfigurationDraft) async throws {
        do {
            try draft.check()
        } catch {
            throw error.error
        }
        do {
            try await store.apply(draft.changes)
        } catch .conflict {
            throw AppError.overtaken
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

    static let noURL = "it has no URL of its own: it names no SCEP profile"

    static func missing(_ kind: ProfileKind, _ name: String) -> AppError {
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
