// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The keys of some settings as they were written.
///
/// A mistyped key would leave its default in force, which must not happen where the default is the laxer choice.
package struct SettingsKeys: CodingKey {
    package let stringValue: String
    package let intValue: Int? = nil

    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }

    /// Checks that nothing is written but what is known.
    ///
    /// - Throws: `DecodingError` that names the first key that is not.
    package static func check(_ decoder: any Decoder, known: [any CodingKey]) throws {
        try check(decoder, known: Set(known.map(\.stringValue)))
    }

    /// Checks that nothing is written but what is known.
    ///
    /// - Throws: `DecodingError` that names the first key that is not.
    static func check(_ decoder: any Decoder, known names: Set<String>) throws {
        let written = try decoder.container(keyedBy: SettingsKeys.self).allKeys.map(\.stringValue).sorted()
        guard let stray = written.first(where: { !names.contains($0) }) else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: decoder.codingPath,
                debugDescription: "'\(stray)' is not known here: there are \(names.sorted().joined(separator: ", "))"
            )
        )
    }
}
