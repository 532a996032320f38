// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// A configuration while profiles in it are changed: all of it is checked together, and becomes true together or not at all.
struct ConfigurationDraft {
    /// Why a draft may not become the configuration.
    struct Problem: Error {
        var kind: ProfileKind
        var name: String
        /// The setting, if it is one.
        var key: String?
        var error: AppError
    }

    let before: StoredConfiguration
    private(set) var after: StoredConfiguration

    init(_ stored: StoredConfiguration) {
        before = stored
        after = stored
    }

    /// Adds a profile, or changes the one of that name.
    mutating func put<Settings: ProfileSettings>(_ name: String, _ settings: Settings, isEnabled: Bool) throws {
        let former = after.profile(Settings.kind, name)
        if let former, former.isEnabled == isEnabled, former.settings(Settings.self) == settings { return }
        var generator = SecureRandom()
        let id = former?.id ?? UUID.version7(at: Date(), using: &generator)
        var record = try ProfileRecord.make(name, settings, id: id)
        record.isEnabled = isEnabled
        replace(Settings.kind, record)
    }

    /// Enables or disables a profile that is there.
    mutating func enable(_ kind: ProfileKind, _ name: String, _ isEnabled: Bool) {
        guard var record = after.profile(kind, name) else { return }
        record.isEnabled = isEnabled
        replace(kind, record)
    }

    /// Removes a profile.
    mutating func remove(_ kind: ProfileKind, _ name: String) {
        switch kind {
        case .scep: after.scepProfiles.removeAll { $0.name == name }
        case .registration: after.raProfiles.removeAll { $0.name == name }
        }
    }

    private mutating func replace(_ kind: ProfileKind, _ record: ProfileRecord) {
        var record = record
        record.version = before.profile(kind, record.name).map { $0.version + 1 } ?? 1
        remove(kind, record.name)
        switch kind {
        case .scep: after.scepProfiles.append(record)
        case .registration: after.raProfiles.append(record)
        }
    }

    /// What has to be stored; nothing when nothing is different.
    var changes: [ConfigurationChange] {
        var changes: [ConfigurationChange] = []
        for kind in ProfileKind.allCases {
            for record in before.profiles(kind) where after.profile(kind, record.name) == nil {
                changes.append(
                    kind == .scep
                        ? .removeSCEPProfile(record.id, version: record.version)
                        : .removeRAProfile(record.id, version: record.version)
                )
            }
            for record in changed(kind) {
                changes.append(kind == .scep ? .putSCEPProfile(record) : .putRAProfile(record))
            }
        }
        return changes.isEmpty ? [] : [.requireVersion(before.version)] + changes
    }

    private func changed(_ kind: ProfileKind) -> [ProfileRecord] {
        after.profiles(kind).filter { $0 != before.profile(kind, $0.name) }.sorted { $0.name < $1.name }
    }

    // MARK: - Checks

    /// Checks what is different, and what refers to it.
    func check() throws(Problem) {
        for record in changed(.registration) { try check(registration: record) }
        for record in changed(.scep) { try check(scep: record) }
        for kind in ProfileKind.allCases {
            for record in before.profiles(kind) where after.profile(kind, record.name) == nil {
                try checkUnused(kind, record.name)
            }
        }
    }

    private func check(registration record: ProfileRecord) throws(Problem) {
        guard let settings: RAProfileSettings = try checked(record) else { return }
        guard after.issuers.contains(where: { $0.name == settings.issuer }) else {
            throw problem(record, .registration, "issuer", .conflict, "There is no issuer '\(settings.issuer)'.")
        }
        if let name = settings.scepProfile, after.profile(.scep, name) == nil {
            throw problem(record, .registration, "scepProfile", .conflict, "There is no SCEP profile '\(name)'.")
        }
    }

    private func check(scep record: ProfileRecord) throws(Problem) {
        guard let settings: SCEPProfileSettings = try checked(record) else { return }
        if let name = settings.raProfile, after.profile(.registration, name) == nil {
            throw problem(record, .scep, "raProfile", .conflict, "There is no RA profile '\(name)'.")
        }
        for name in settings.renewal.alternateAuthorities
        where !after.alternateAuthorities.contains(where: { $0.name == name }) {
            throw problem(
                record,
                .scep,
                "renewal.alternateAuthorities",
                .conflict,
                "There is no alternate authority '\(name)'.",
                hint: "Add it with: sceptic ca authority add \(name) --certificate FILE"
            )
        }
        try checkNames(record, settings)
    }

    /// Every name and alias means one profile.
    private func checkNames(_ record: ProfileRecord, _ settings: SCEPProfileSettings) throws(Problem) {
        if settings.aliases.contains(record.name) {
            throw problem(record, .scep, "aliases", .conflict, "'\(record.name)' is the profile's name already.")
        }
        for other in after.scepProfiles where other.name != record.name {
            if settings.aliases.contains(other.name) {
                let sentence =
                    "There is a SCEP profile '\(other.name)': its name can't be an alias of '\(record.name)'."
                throw problem(record, .scep, "aliases", .conflict, sentence)
            }
            for alias in other.settings(SCEPProfileSettings.self)?.aliases ?? [] {
                if alias == record.name {
                    let sentence = "'\(alias)' is an alias of the SCEP profile '\(other.name)'."
                    throw problem(record, .scep, nil, .conflict, sentence)
                }
                if settings.aliases.contains(alias) {
                    let sentence = "'\(alias)' is an alias of the SCEP profile '\(other.name)' already."
                    throw problem(record, .scep, "aliases", .conflict, sentence)
                }
            }
        }
    }

    /// The settings, if nothing is wrong with them and the name; nil if only an unreadable profile was disabled.
    private func checked<Settings: ProfileSettings>(_ record: ProfileRecord) throws(Problem) -> Settings? {
        if before.profile(Settings.kind, record.name) == nil, !ProfileName.isValid(record.name) {
            let rule = ProfileName.rule
            throw problem(record, Settings.kind, nil, .usage, "\(rule.prefix(1).uppercased())\(rule.dropFirst()).")
        }
        guard let settings = record.settings(Settings.self) else { return nil }
        if let first = settings.problems().first { throw problem(record, Settings.kind, nil, .usage, first) }
        return settings
    }

    /// Nothing names what is removed.
    private func checkUnused(_ kind: ProfileKind, _ name: String) throws(Problem) {
        let user: String?
        switch kind {
        case .scep:
            user = after.raProfiles.first { $0.settings(RAProfileSettings.self)?.scepProfile == name }?.name
        case .registration:
            user = after.scepProfiles.first { $0.settings(SCEPProfileSettings.self)?.raProfile == name }?.name
        }
        guard let user else { return }
        let other = kind == .scep ? ProfileKind.registration : .scep
        let option = kind == .scep ? "scep-profile" : "ra-profile"
        throw Problem(
            kind: kind,
            name: name,
            error: AppError(
                .conflict,
                "The \(other.rawValue) '\(user)' names the \(kind.rawValue) '\(name)'.",
                hint: "Change it with: sceptic \(other.command) set \(user) --\(option) OTHER"
            )
        )
    }

    private func problem(
        _ record: ProfileRecord,
        _ kind: ProfileKind,
        _ key: String?,
        _ whose: AppError.Kind,
        _ sentence: String,
        hint: String? = nil
    ) -> Problem {
        Problem(kind: kind, name: record.name, key: key, error: AppError(whose, sentence, hint: hint))
    }
}
