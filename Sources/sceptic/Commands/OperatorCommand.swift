// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

/// The command `sceptic operator …`.
struct OperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator",
        abstract: "Enters, shows, changes and removes those who administer the server.",
        subcommands: [
            New.self, List.self, Show.self, Set.self, Disable.self, Enable.self, Delete.self, Password.self,
        ]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enters an operator; the password is asked for, or read from a file."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name: small letters, digits, '.', '_', '@' and '-'.")
        var name: String

        @OptionGroup var rights: RightsOptions

        @OptionGroup var password: PasswordOptions

        @Flag(help: "No password: the operator only has tokens.")
        var noPassword = false

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            guard !noPassword || password.passwordFile == nil else {
                throw AppError(.usage, "A password is given, and is not wanted.", hint: "Leave --no-password out.")
            }
            let administrator = try await administration.administrator
            let input = NewOperator.Input(
                name: name,
                roles: try rights.required(),
                profiles: rights.profiles,
                password: noPassword ? nil : try password.read()
            )
            let document = try await administrator.perform(NewOperator.self, input)
            if json { return try Terminal.json(document) }
            Terminal.result("\(document.name): \(document.roles.text)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists operators.")

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let all = try await administration.administrator.all(ListOperators.self) { after, limit in
                ListOperators.Input(after: after, limit: limit)
            }
            if json { return try Terminal.json(all) }
            Terminal.table(
                ["NAME", "ROLES", "PROFILES", "STATE", "PASSWORD", "SINCE"],
                all.map { person in
                    [
                        person.name, person.roles.text, person.profiles?.joined(separator: ",") ?? "-",
                        person.enabled ? "enabled" : "disabled", person.hasPassword ? "yes" : "no",
                        Texts.moment(person.createdAt),
                    ]
                }
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows an operator.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name.")
        var name: String

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let person = try await administration.administrator.perform(
                ShowOperator.self,
                ShowOperator.Input(name: name)
            )
            if json { return try Terminal.json(person) }
            Terminal.result("name:      \(person.name)")
            Terminal.result("roles:     \(person.roles.text)")
            if let profiles = person.profiles { Terminal.result("profiles:  \(profiles.joined(separator: ","))") }
            Terminal.result("state:     \(person.enabled ? "enabled" : "disabled")")
            Terminal.result("password:  \(person.hasPassword ? "yes" : "no")")
            Terminal.result("since:     \(Texts.moment(person.createdAt))")
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Changes what an operator may do.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name.")
        var name: String

        @OptionGroup var rights: RightsOptions

        @Flag(help: "A code issuer may make codes for all profiles.")
        var allProfiles = false

        @Flag(help: "Does it even if nobody is left who may do everything.")
        var force = false

        func run() async throws {
            guard !rights.role.isEmpty || !rights.profile.isEmpty || allProfiles else {
                throw AppError(.usage, "Nothing is to be changed.", hint: "Name roles or profiles.")
            }
            _ = try await administration.administrator.perform(
                SetOperator.self,
                SetOperator.Input(
                    name: name,
                    roles: rights.role.isEmpty ? nil : rights.role,
                    profiles: rights.profiles,
                    allProfiles: allProfiles ? true : nil,
                    force: force ? true : nil
                )
            )
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets an operator do nothing any more, nor their tokens."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name.")
        var name: String

        @Flag(help: "Does it even if nobody is left who may do everything.")
        var force = false

        func run() async throws {
            _ = try await administration.administrator.perform(
                DisableOperator.self,
                DisableOperator.Input(name: name, force: force ? true : nil)
            )
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets an operator do again what their roles allow."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name.")
        var name: String

        func run() async throws {
            _ = try await administration.administrator.perform(
                EnableOperator.self,
                EnableOperator.Input(name: name)
            )
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes an operator with their tokens.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name.")
        var name: String

        @Flag(help: "Does it even if nobody is left who may do everything.")
        var force = false

        func run() async throws {
            _ = try await administration.administrator.perform(
                DeleteOperator.self,
                DeleteOperator.Input(name: name, force: force ? true : nil)
            )
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an operator another password, which is asked for, or read from a file."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name.")
        var name: String

        @OptionGroup var password: PasswordOptions

        func run() async throws {
            let administrator = try await administration.administrator
            _ = try await administrator.perform(
                SetPassword.self,
                SetPassword.Input(name: name, password: try password.read())
            )
        }
    }
}

/// What an operator or a token may do, as options.
struct RightsOptions: ParsableArguments {
    @Option(
        help: "What it may do: administrator, approver, auditor, code-issuer or monitor; may be repeated."
    )
    var role: [Role] = []

    @Option(help: "A SCEP profile for which a code-issuer may make codes, instead of all; may be repeated.")
    var profile: [String] = []

    var profiles: [String]? { profile.isEmpty ? nil : profile }

    func required() throws -> [Role] {
        guard !role.isEmpty else {
            throw AppError(
                .usage,
                "No role is named.",
                hint: "Add --role \(Role.allCases.map(\.rawValue).joined(separator: ", or --role "))."
            )
        }
        return role
    }
}

extension [Role] {
    /// The roles in a table.
    var text: String { map(\.rawValue).joined(separator: ",") }
}
