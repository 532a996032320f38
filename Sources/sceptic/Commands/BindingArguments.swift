// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import PKIX
internal import SCEPClient
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

    /// The binding.
    ///
    /// - Returns: nil when nothing is bound.
    func identity() throws -> BoundIdentity? {
        try Self.identity(subject: subject, names: names, keyType: keyType)
    }

    /// A binding of texts.
    static func identity(subject: String?, names: [String], keyType: KeyType?) throws -> BoundIdentity? {
        let subject = try subject.map(Self.subject)
        let alternativeNames = try requestedNames(names)
        do {
            return try BoundIdentity(subject: subject, names: alternativeNames?.map(\.name), key: keyType?.algorithm)
        } catch {
            throw AppError(.usage, "The names can't be encoded.")
        }
    }

    private static func subject(_ text: String) throws -> Name {
        do {
            let name = try Name(text)
            guard !name.isEmpty else { throw PKIXError.malformed("it names nothing") }
            return name
        } catch {
            guard case .malformed(let reason) = error as? PKIXError else {
                throw AppError(.usage, "The subject can't be read.")
            }
            throw AppError(
                .usage,
                "The subject can't be read: \(reason).",
                hint: "Write it like \"CN=device-1,O=Example\"."
            )
        }
    }

    private static func requestedNames(_ names: [String]) throws -> [RequestedName]? {
        guard !names.isEmpty else { return nil }
        if names == [none] { return [] }
        guard !names.contains(none) else { throw AppError(.usage, "--san none stands alone.") }
        do {
            return try names.map { try RequestedName($0) }
        } catch {
            guard let error = error as? SCEPClientError else { throw error }
            throw AppError(.usage, "\(error.sentence.prefix(1).uppercased())\(error.sentence.dropFirst()).")
        }
    }
}
