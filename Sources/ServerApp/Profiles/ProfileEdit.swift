// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Enrollment
internal import StrictJSON

extension LocalProfileNoun {
    /// A new profile, as an input.
    ///
    /// - Throws: `AppError` when something is wrong with name or settings.
    public static func input(_ name: String, _ settings: Settings) throws -> NamedSettings {
        guard ProfileName.isValid(name) else {
            throw AppError(.usage, "\(ProfileName.rule.prefix(1).uppercased())\(ProfileName.rule.dropFirst()).")
        }
        try check(settings)
        return NamedSettings(name: name, settings: try SettingsValue(canonical: settings).object.mapValues(\.json))
    }

    /// What changes in a profile, as an input: only that, and only in the version that was read.
    ///
    /// - Throws: what the edit throws, and `AppError` when something is wrong with the settings.
    public static func input(
        changing document: ProfileDocument<Self>,
        _ edit: (inout Settings) throws -> Void
    ) throws -> NamedSettings {
        var settings = try Settings(members: document.settings)
        let before = try SettingsValue(canonical: settings).json
        try edit(&settings)
        try check(settings)
        let change = before.change(to: try SettingsValue(canonical: settings).json)
        guard case .object(let members) = change else {
            return NamedSettings(name: document.name, ifMatch: document.entityTag, settings: [:])
        }
        return NamedSettings(name: document.name, ifMatch: document.entityTag, settings: members)
    }

    private static func check(_ settings: Settings) throws {
        if let first = settings.problems().first { throw AppError(.usage, first) }
    }
}
