// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

/// The command `sceptic ca rollover …`.
struct RolloverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollover",
        abstract: "Gives the CA its next key, in two steps: prepare, then activate.",
        discussion: """
            After 'prepare', GetNextCACert names the next CA certificate, and devices that envelope to its RA get certificates of it. \
            After 'activate', it issues to all devices; requests enveloped to the former RA are still answered, and the former \
            CRL goes on. 'cancel' takes a prepared key back.
            """,
        subcommands: [Prepare.self, Activate.self, Cancel.self, Status.self],
        defaultSubcommand: Prepare.self
    )

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes the next key, with its certificate and RA.")

        @OptionGroup var options: GenerationOptions

        @Option(help: "The type of the next key; that of the present one if it is not given.")
        var keyType: KeyType?

        func run() async throws {
            let next = try await options.administration.administrator.perform(
                PrepareIssuerKey.self,
                PrepareIssuerKey.Input(issuer: options.name.issuer, keyType: keyType)
            )
            if options.json { return try Terminal.json(next) }
            Terminal.result("Key \(next.key) of '\(next.issuer)' is prepared: \(next.subject)")
            Terminal.result("SHA-256:  \(Texts.fingerprint(next.sha256))")
            Terminal.note("Devices that ask for the next CA are told of it; all others go on as before.")
            Terminal.note("next: sceptic ca rollover activate (or take it back with: sceptic ca rollover cancel)")
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets the next key issue.")

        @OptionGroup var options: GenerationOptions

        func run() async throws {
            let active = try await options.administration.administrator.perform(
                ActivateIssuerKey.self,
                options.name.reference
            )
            if options.json { return try Terminal.json(active) }
            Terminal.result("Key \(active.key) of '\(active.issuer)' issues now: \(active.subject)")
            Terminal.result("SHA-256:  \(Texts.fingerprint(active.sha256))")
            Terminal.note("Requests enveloped to the former RA are still answered, and the former CRL goes on.")
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a prepared key back.")

        @OptionGroup var options: GenerationOptions

        func run() async throws {
            let former = try await options.administration.administrator.perform(
                CancelIssuerKey.self,
                options.name.reference
            )
            if options.json { return try Terminal.json(former) }
            Terminal.result("Key \(former.key) of '\(former.issuer)' is taken back.")
            Terminal.note("What it has issued stays good, and is listed in its own CRL when it is revoked.")
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the CA's keys with their RAs.")

        @OptionGroup var options: GenerationOptions

        func run() async throws {
            let keys = try await options.administration.administrator.perform(
                ListIssuerKeys.self,
                options.name.reference
            )
            .items
            if options.json { return try Terminal.json(keys) }
            Terminal.table(["KEY", "STATE", "SUBJECT", "UNTIL", "RA"], keys.map(\.cells))
        }
    }
}

/// The command `sceptic ca rotate-ra`.
struct RotateRACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-ra",
        abstract: "Gives the RA a new key; the CA keeps its own.",
        discussion: """
            The new key is announced as soon as all servers can decrypt with it. Requests enveloped to the former one are answered \
            until it is retired with --retire.
            """
    )

    @OptionGroup var options: GenerationOptions

    @Option(help: "Instead, ends the use of the RA with this number, which has to be decrypt-only.")
    var retire: Int?

    @Option(help: "Which key of the CA the retired RA speaks for; the present one if it is not given.")
    var key: Int?

    func run() async throws {
        guard key == nil || retire != nil else { throw AppError(.usage, "--key goes with --retire.") }
        let administrator = try await options.administration.administrator
        if let retire {
            _ = try await administrator.perform(
                RetireRA.self,
                RetireRA.Input(issuer: options.name.issuer, generation: retire, key: key)
            )
            if !options.json { Terminal.result("RA \(retire) is retired.") }
            return
        }
        let active = try await administrator.perform(RotateRA.self, options.name.reference)
        if options.json { return try Terminal.json(active) }
        Terminal.result("RA \(active.generation) is active: \(active.subject)")
        Terminal.result("SHA-256:  \(Texts.fingerprint(active.sha256))")
        Terminal.note("Requests enveloped to the former RA are answered until it is retired.")
    }
}

/// What the commands about a CA's keys take.
struct GenerationOptions: ParsableArguments {
    @OptionGroup var administration: AdministrationOptions

    @OptionGroup var name: IssuerOption

    @Flag(help: "Prints JSON.")
    var json = false
}
