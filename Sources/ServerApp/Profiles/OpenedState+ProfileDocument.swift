// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

/// What became of a profile that a document names.
public struct ProfileOutcome: Sendable {
    /// What happened to it.
    public enum Change: String, Sendable, Hashable, CaseIterable {
        /// It is new.
        case created
        /// It is another than it was.
        case changed
        /// It is as it was.
        case unchanged
    }

    /// The kind of profile.
    public let kind: ProfileKind
    /// Its name.
    public let name: String
    /// What happened to it.
    public let change: Change
    /// What it was and is, by the path of the setting; only of one that was changed.
    public let differences: [(path: String, old: String, new: String)]
    /// Why it is enabled and not served all the same.
    public let refusal: String?
}

extension OpenedState {
    /// Makes profiles as a document says: what it names becomes what it says, what it does not name stays as it is.
    ///
    /// All of it becomes true at once, or nothing. What a profile in it leaves out has its default; only whether it is enabled stays.
    ///
    /// - Parameters:
    ///   - text: YAML or JSON.
    ///   - isDryRun: whether nothing is to be changed.
    /// - Returns: what became of each profile that it names, or would.
    /// - Throws: `AppError`, with line and setting where the document is wrong.
    public func apply(_ text: String, isDryRun: Bool) async throws -> [ProfileOutcome] {
        let document = try ProfileDocument(yaml: text)
        var draft = ConfigurationDraft(try await configuration())
        try Self.put(document.raProfiles, &draft)
        try Self.put(document.scepProfiles, &draft)
        do {
            try draft.check()
        } catch {
            throw document.located(error)
        }
        let served = try served(draft.after)
        let outcomes =
            try Self.outcomes(document.raProfiles, draft, served)
            + Self.outcomes(document.scepProfiles, draft, served)
        if !isDryRun { try await commit(draft) }
        return outcomes
    }

    private static func put<Settings>(
        _ entries: [String: ProfileDocument.Entry<Settings>],
        _ draft: inout ConfigurationDraft
    ) throws {
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let wasEnabled = draft.before.profile(Settings.kind, name)?.isEnabled ?? true
            try draft.put(name, entry.settings, isEnabled: entry.isEnabled ?? wasEnabled)
        }
    }

    private static func outcomes<Settings>(
        _ entries: [String: ProfileDocument.Entry<Settings>],
        _ draft: ConfigurationDraft,
        _ served: ServedConfiguration
    ) throws -> [ProfileOutcome] {
        try entries.keys.sorted().compactMap { name in
            guard let after = draft.after.profile(Settings.kind, name) else { return nil }
            let before = draft.before.profile(Settings.kind, name)
            return ProfileOutcome(
                kind: Settings.kind,
                name: name,
                change: before == nil ? .created : before == after ? .unchanged : .changed,
                differences: try before.map { try differences($0, after, Settings.self) } ?? [],
                refusal: after.isEnabled ? served.refusal(Settings.kind, name) : nil
            )
        }
    }

    private static func differences<Settings: ProfileSettings>(
        _ before: ProfileRecord,
        _ after: ProfileRecord,
        _ type: Settings.Type
    ) throws -> [(path: String, old: String, new: String)] {
        func leaves(_ record: ProfileRecord) throws -> [String: SettingsValue] {
            var object = try record.settings(type).map { try SettingsValue(canonical: $0).object } ?? [:]
            object["enabled"] = .boolean(record.isEnabled)
            return SettingsValue.object(object).leaves()
        }
        let (old, new) = (try leaves(before), try leaves(after))
        return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map { path in
            (path, (old[path] ?? .none).line, (new[path] ?? .none).line)
        }
    }

    /// Writes profiles of both kinds as a document that `apply` reads back to the same.
    ///
    /// - Parameter names: the SCEP profiles, with the RA profiles that belong to them; all profiles if it is empty.
    /// - Returns: YAML.
    /// - Throws: `AppError`; `conflict` when there is no such profile.
    public func export(_ names: [String]) async throws -> String {
        let stored = try await configuration()
        var list: [(kind: ProfileKind, name: String, isEnabled: Bool, settings: SettingsValue)] = []
        func add<Settings: ProfileSettings>(_ record: ProfileRecord, _ type: Settings.Type) throws {
            guard let settings = record.settings(type) else {
                throw AppError(.state, "The settings of the \(Settings.kind.rawValue) '\(record.name)' can't be read.")
            }
            list.append((Settings.kind, record.name, record.isEnabled, try SettingsValue(canonical: settings)))
        }
        for name in names { try await requireProfile(name) }
        let scepProfiles = stored.scepProfiles.filter { names.isEmpty || names.contains($0.name) }
        let defaults = scepProfiles.compactMap { $0.settings(SCEPProfileSettings.self)?.raProfile }
        for record in stored.raProfiles {
            let owner = record.settings(RAProfileSettings.self)?.scepProfile
            let belongs = defaults.contains(record.name) || owner.map { names.contains($0) } ?? false
            if names.isEmpty || belongs { try add(record, RAProfileSettings.self) }
        }
        for record in scepProfiles { try add(record, SCEPProfileSettings.self) }
        return try ProfileDocument.yaml(list)
    }
}
