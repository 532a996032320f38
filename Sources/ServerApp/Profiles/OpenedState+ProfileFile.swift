// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import StrictJSON

extension OpenedState {
    /// Makes profiles as a file says: what it names becomes what it says; what it does not name stays as it is, or goes if it is pruned.
    ///
    /// All of it becomes true at once, or nothing. What a profile in it leaves out has its default; only whether it is enabled stays.
    ///
    /// - Parameters:
    ///   - input: the file, and how it is meant.
    ///   - audit: told what is going to be done, before it is.
    /// - Returns: what became of each profile that it names or that goes, or would.
    /// - Throws: `AppError`, with line and setting where the file is wrong.
    func apply(
        _ input: ApplyProfiles.Input,
        audit: (ApplyProfiles.Output) throws -> Void = { _ in }
    ) async throws -> ApplyProfiles.Output {
        let file = try ProfileFile(yaml: input.document)
        var draft = ConfigurationDraft(try await configuration())
        try Self.put(file.raProfiles, &draft)
        try Self.put(file.scepProfiles, &draft)
        if input.prune ?? false { Self.prune(file, &draft) }
        do {
            try draft.check()
        } catch {
            throw file.located(error)
        }
        let served = try served(draft.after)
        let isDifferent = !draft.changes.isEmpty
        let isDryRun = input.dryRun ?? false
        var output = ApplyProfiles.Output(
            isDifferent: isDifferent,
            isApplied: !isDryRun,
            profiles: try Self.outcomes(RAProfileSettings.self, file.raProfiles, draft, served)
                + Self.outcomes(SCEPProfileSettings.self, file.scepProfiles, draft, served),
            objections: []
        )
        if isDifferent { output.objections = try objections(draft, served) }
        guard !isDryRun, isDifferent else { return output }
        guard output.objections.isEmpty || input.force ?? false else {
            throw AppError(
                .conflict,
                output.objections.joined(separator: " "),
                hint: "Nothing was changed. Add --force if that is what you want."
            )
        }
        try audit(output)
        try await commit(draft)
        return output
    }

    private static func put<Settings>(
        _ entries: [String: ProfileFile.Entry<Settings>],
        _ draft: inout ConfigurationDraft
    ) throws {
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let wasEnabled = draft.before.profile(Settings.kind, name)?.isEnabled ?? true
            try draft.put(name, entry.settings, isEnabled: entry.isEnabled ?? wasEnabled)
        }
    }

    /// Removes what a file does not name, of the kinds that it has a map of.
    private static func prune(_ file: ProfileFile, _ draft: inout ConfigurationDraft) {
        for kind in file.kinds {
            let named = Set(kind == .scep ? Array(file.scepProfiles.keys) : Array(file.raProfiles.keys))
            for record in draft.before.profiles(kind) where !named.contains(record.name) {
                draft.remove(kind, record.name)
            }
        }
    }

    /// What a file must not do by mistake, one sentence each.
    private func objections(_ draft: ConfigurationDraft, _ served: ServedConfiguration) throws -> [String] {
        var objections: [String] = []
        let hadEnabled = draft.before.scepProfiles.contains(where: \.isEnabled)
        if hadEnabled, !draft.after.scepProfiles.contains(where: \.isEnabled) {
            objections.append("No SCEP profile would be enabled any more.")
        } else if served.profiles.isEmpty, try !self.served(draft.before).profiles.isEmpty {
            objections.append("Nothing would be served any more.")
        }
        let idle = Self.issuers(draft.before).subtracting(Self.issuers(draft.after)).sorted()
        for issuer in idle {
            objections.append("No RA profile of the issuer '\(issuer)' would be enabled any more.")
        }
        return objections
    }

    /// The issuers that enabled RA profiles name.
    private static func issuers(_ stored: StoredConfiguration) -> Set<String> {
        Set(stored.raProfiles.filter(\.isEnabled).compactMap { $0.settings(RAProfileSettings.self)?.issuer })
    }

    private static func outcomes<Settings: ProfileSettings>(
        _ type: Settings.Type,
        _ entries: [String: ProfileFile.Entry<Settings>],
        _ draft: ConfigurationDraft,
        _ served: ServedConfiguration
    ) throws -> [ProfileOutcome] {
        let gone = draft.before.profiles(Settings.kind).map(\.name)
            .filter { draft.after.profile(Settings.kind, $0) == nil }
        return try (entries.keys + gone).sorted().map { name in
            let before = draft.before.profile(Settings.kind, name)
            let after = draft.after.profile(Settings.kind, name)
            let change: ProfileOutcome.Change =
                after == nil ? .removed : before == nil ? .created : before == after ? .unchanged : .changed
            return ProfileOutcome(
                kind: Settings.kind.key,
                name: name,
                change: change,
                differences: try after.map { try differences(before, $0, type) } ?? [],
                reason: after?.isEnabled ?? false ? served.refusal(Settings.kind, name) : nil
            )
        }
    }

    /// What is another than it was, or than its default in a profile that is new.
    private static func differences<Settings: ProfileSettings>(
        _ before: ProfileRecord?,
        _ after: ProfileRecord,
        _ type: Settings.Type
    ) throws -> [ProfileOutcome.Difference] {
        func leaves(_ settings: Settings?, _ isEnabled: Bool) throws -> [String: SettingsValue] {
            var object = try settings.map { try SettingsValue(canonical: $0).object } ?? [:]
            object["enabled"] = .boolean(isEnabled)
            return SettingsValue.object(object).leaves()
        }
        let old =
            try before.map { try leaves($0.settings(type), $0.isEnabled) } ?? leaves(try Settings(members: [:]), true)
        let new = try leaves(after.settings(type), after.isEnabled)
        return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map { path in
            ProfileOutcome.Difference(
                path: path,
                old: before == nil ? nil : old[path].map(\.json),
                new: new[path].map(\.json)
            )
        }
    }

    /// Writes profiles of both kinds as a file that `apply` reads back to the same.
    ///
    /// - Parameter names: the SCEP profiles, with the RA profiles that belong to them; all profiles if it is empty.
    /// - Returns: YAML.
    /// - Throws: `AppError`; `missing` when there is no such profile.
    func export(_ names: [String]) async throws -> String {
        let stored = try await configuration()
        var list: [(kind: ProfileKind, name: String, isEnabled: Bool, settings: SettingsValue)] = []
        func add<Settings: ProfileSettings>(_ record: ProfileRecord, _ type: Settings.Type) throws {
            guard let settings = record.settings(type) else {
                throw AppError(
                    .conflict,
                    "The settings of the \(Settings.kind.rawValue) '\(record.name)' can't be read."
                )
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
        return try ProfileFile.yaml(list)
    }
}
