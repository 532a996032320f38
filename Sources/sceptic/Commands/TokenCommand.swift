// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

/// The command `sceptic token …`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Makes, lists and takes back tokens of the admin API.",
        subcommands: [New.self, List.self, Revoke.self]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints it; it can't be printed again."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The name, such as that of the system that it is for.")
        var name: String

        @OptionGroup var rights: RightsOptions

        @Option(name: .customLong("operator"), help: "The operator whose it is, who limits what it may do.")
        var owner: String?

        @Option(help: "How many days it lives: 1 to \(NewToken.maximumDays).")
        var expiresDays: Int = 90

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            guard (1...NewToken.maximumDays).contains(expiresDays) else {
                throw AppError(.usage, "--expires-days has to be 1 to \(NewToken.maximumDays).")
            }
            let made = try await administration.administrator.perform(
                NewToken.self,
                NewToken.Input(
                    name: name,
                    roles: try rights.required(),
                    profiles: rights.profiles,
                    operator: owner,
                    days: expiresDays
                )
            )
            if json { return try Terminal.json(made) }
            Terminal.result(made.secret)
            Terminal.note(
                "note: this token is shown once; it may act as \(made.token.roles.text) until \(Texts.moment(made.token.expiresAt))."
            )
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists tokens, without their secrets.")

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let all = try await administration.administrator.all(ListTokens.self) { after, limit in
                ListTokens.Input(after: after, limit: limit)
            }
            if json { return try Terminal.json(all) }
            Terminal.table(
                ["ID", "NAME", "OPERATOR", "ROLES", "PROFILES", "STATE", "EXPIRES", "LAST USED"],
                all.map { token in
                    [
                        token.id.description, token.name, token.operator ?? "-", token.roles.text,
                        token.profiles?.joined(separator: ",") ?? "-", token.state.rawValue,
                        Texts.moment(token.expiresAt), token.lastUsedAt.map(Texts.moment) ?? "never",
                    ]
                }
            )
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a token back, at once.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The token's id, as 'token list' shows it.")
        var id: String

        @Flag(help: "Does it even if nobody is left who may do everything.")
        var force = false

        func run() async throws {
            guard let identifier = Identifier(id) else { throw AppError(.usage, "'\(id)' is no token's id.") }
            _ = try await administration.administrator.perform(
                RevokeToken.self,
                RevokeToken.Input(id: identifier, force: force ? true : nil)
            )
        }
    }
}

/// The command `sceptic whoami`.
struct WhoAmICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Tells as whom a server or the state folder knows you, and what you may do."
    )

    @OptionGroup var administration: AdministrationOptions

    @Flag(help: "Prints JSON.")
    var json = false

    func run() async throws {
        let principal = try await administration.administrator.perform(WhoAmI.self, NoContent())
        if json { return try Terminal.json(principal) }
        Terminal.result("name:      \(principal.name)")
        Terminal.result("from:      \(principal.origin)")
        Terminal.result("roles:     \(principal.roles.isEmpty ? "none" : principal.roles.text)")
        if let profiles = principal.profiles { Terminal.result("profiles:  \(profiles.joined(separator: ","))") }
    }
}
