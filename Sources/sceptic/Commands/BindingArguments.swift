// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import Enrollment
internal import ServerApp

/// What a one-time challenge is bound to: what is named here has to be asked for, what is not is free.
struct BindingArguments: ParsableArguments {
    /// What stands for no alternative names at all.
    private static let none = "none"

    @Option(help: "Good for this subject only, such as \"CN=device-1,O=Example\".")
    var subject: String?

    @Option(
        name: .customLong("san"),
        help: ArgumentHelp(
            "Good for these alternative names only: dns:NAME, email:ADDRESS, uri:URI or ip:ADDRESS; may be repeated. 'none' for no names at all.",
            valueName: "name"
        )
    )
    var names: [String] = []

    @Option(help: "Good for a key of this type only: \(KeyType.allCases.map(\.rawValue).joined(separator: ", ")).")
    var keyType: KeyType?

    /// Whether anything is bound.
    var bindsAnything: Bool { subject != nil || !names.isEmpty || keyType != nil }

    /// The alternative names that are named: nil when they are free, empty for none at all.
    func alternativeNames() throws -> [String]? { try Self.alternativeNames(names) }

    /// The alternative names of a list that may be `none`.
    static func alternativeNames(_ names: [String]) throws -> [String]? {
        guard !names.isEmpty else { return nil }
        if names == [none] { return [] }
        guard !names.contains(none) else { throw AppError(.usage, "--san none stands alone.") }
        return names
    }
}
