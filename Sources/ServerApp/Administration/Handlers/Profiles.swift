// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
public import Enrollment
internal import StrictJSON

/// A kind of profile whose settings are known here.
public protocol LocalProfileNoun: ProfileNoun {
    /// Its settings.
    associatedtype Settings: ProfileSettings
}

extension SCEPProfiles: LocalProfileNoun {
    /// The settings of SCEP profiles.
    public typealias Settings = SCEPProfileSettings
}

extension RAProfiles: LocalProfileNoun {
    /// The settings of RA profiles.
    public typealias Settings = RAProfileSettings
}

extension ProfileDocument where Noun: LocalProfileNoun {
    /// A profile as it is stored, and as a server would serve it.
    init(_ record: ProfileRecord, _ served: ServedConfiguration) throws {
        let kind = Noun.Settings.kind
        let isServed = served.serves(kind, record.name)
        let settings = try record.settings(Noun.Settings.self).map { try SettingsValue(canonical: $0).object }
        self.init(
            id: Identifier(record.id),
            name: record.name,
            version: record.version,
            isEnabled: record.isEnabled,
            isServed: isServed,
            reason: isServed ? nil : served.refusal(kind, record.name) ?? OpenedState.noURL,
            settings: (settings ?? [:]).mapValues(\.json)
        )
    }
}

extension ListProfiles: LocalOperation where Noun: LocalProfileNoun {
    /// Lists profiles.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let stored = try await context.state.configuration()
        let served = try context.state.served(stored)
        let limit = input.limit ?? 100
        let all = stored.profiles(Noun.Settings.kind).sorted { $0.name < $1.name }
        let rest = input.after.map { after in Array(all.drop { $0.name <= after }) } ?? all
        let page = rest.prefix(limit)
        return Page(
            items: try page.map { try ProfileDocument($0, served) },
            next: page.count < rest.count ? page.last?.name : nil
        )
    }
}

extension ShowProfile: LocalOperation where Noun: LocalProfileNoun {
    /// Shows a profile.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let stored = try await context.state.configuration()
        guard let record = stored.profile(Noun.Settings.kind, input.name) else {
            throw OpenedState.missing(Noun.Settings.kind, input.name)
        }
        return try ProfileDocument(record, try context.state.served(stored))
    }
}

extension NewProfile: LocalOperation where Noun: LocalProfileNoun {
    /// Makes a profile.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let settings = try Noun.Settings(members: input.profile.settings)
        let name = input.profile.name
        let change = ProfileChange<Noun>(context: context, name: name)
        return try await change.made { draft, former in
            guard former == nil else {
                throw AppError(.conflict, "There is \(Noun.Settings.kind.withArticle) '\(name)' already.")
            }
            try draft.put(name, settings, isEnabled: input.profile.isEnabled ?? true)
        }
    }
}

extension ReplaceProfile: LocalOperation where Noun: LocalProfileNoun {
    /// Makes a profile what an input says.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let settings = try Noun.Settings(members: input.profile.settings)
        let name = input.profile.name
        let change = ProfileChange<Noun>(context: context, name: name, ifMatch: input.profile.ifMatch)
        return try await change.made { draft, former in
            guard let former else { throw OpenedState.missing(Noun.Settings.kind, name) }
            try draft.put(name, settings, isEnabled: input.profile.isEnabled ?? former.isEnabled)
        }
    }
}

extension SetProfile: LocalOperation where Noun: LocalProfileNoun {
    /// Changes some settings of a profile.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let name = input.profile.name
        let kind = Noun.Settings.kind
        let change = ProfileChange<Noun>(context: context, name: name, ifMatch: input.profile.ifMatch)
        return try await change.made { draft, former in
            guard let former else { throw OpenedState.missing(kind, name) }
            guard let settings = former.settings(Noun.Settings.self) else {
                throw AppError(
                    .conflict,
                    "The settings of the \(kind.rawValue) '\(name)' can't be read.",
                    hint: "Replace all of them."
                )
            }
            let changed = try SettingsValue(canonical: settings).json.changed(by: .object(input.profile.settings))
            guard case .object(let members) = changed else { return }
            let isEnabled = input.profile.isEnabled ?? former.isEnabled
            try draft.put(name, try Noun.Settings(members: members), isEnabled: isEnabled)
        }
    }
}

extension EnableProfile: LocalOperation where Noun: LocalProfileNoun {
    /// Enables a profile.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await ProfileChange<Noun>(context: context, input).enabled(true)
    }
}

extension DisableProfile: LocalOperation where Noun: LocalProfileNoun {
    /// Disables a profile.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await ProfileChange<Noun>(context: context, input).enabled(false)
    }
}

extension DeleteProfile: LocalOperation where Noun: LocalProfileNoun {
    /// Deletes a profile.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await ProfileChange<Noun>(context: context, input).done { draft, former in
            guard former != nil else { throw OpenedState.missing(Noun.Settings.kind, input.name) }
            draft.remove(Noun.Settings.kind, input.name)
        }
        return NoContent()
    }
}

extension ApplyProfiles: LocalOperation {
    /// Makes profiles what a file says.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await context.state.apply(input) { try context.audit("profiles", after: $0) }
    }
}

extension ExportProfiles: LocalOperation {
    /// Writes profiles as a file.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        Output(document: try await context.state.export(input.names ?? []))
    }
}
