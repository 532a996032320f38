// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

extension SettingsSchema {
    /// The file that `sceptic profile apply` reads.
    public static let file = ObjectSchema(
        nil,
        .optional(
            "scepProfiles",
            .nullable(.map(of: .nullable(.object(entry("SCEPProfile", scepProfile))))),
            "SCEP profiles by name: how the protocol is served at a URL."
        ),
        .optional(
            "raProfiles",
            .nullable(.map(of: .nullable(.object(entry("RAProfile", raProfile))))),
            "RA profiles by name: what is issued, and by whom."
        )
    )

    private static func entry(_ name: String, _ settings: ObjectSchema) -> ObjectSchema {
        let enabled = ObjectSchema.Property.optional(
            "enabled",
            .boolean,
            "Whether it is served; if it is left out, that stays as it is, and a new profile is."
        )
        return ObjectSchema(name, [enabled] + settings.properties)
    }

    /// The JSON Schema (draft 2020-12) of that file.
    public static var profileFile: JSONValue {
        file.published(
            "Profiles of Sceptic",
            "What 'sceptic profile apply' reads and 'sceptic profile export' writes."
        )
    }
}

extension ObjectSchema {
    /// The JSON Schema (draft 2020-12) of a file, which needs no other one.
    public func published(_ title: String, _ description: String) -> JSONValue {
        let definitions = "#/$defs/"
        guard case .object(var members) = json(referringTo: definitions) else { return .null }
        members["$schema"] = .string("https://json-schema.org/draft/2020-12/schema")
        members["title"] = .string(title)
        members["description"] = .string(description)
        let named = namedObjects.compactMap { object in
            object.name.map { ($0, object.json(referringTo: definitions)) }
        }
        if !named.isEmpty { members["$defs"] = .object(Dictionary(named, uniquingKeysWith: { first, _ in first })) }
        return .object(members)
    }
}
