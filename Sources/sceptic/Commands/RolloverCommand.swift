// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import Cryptography
internal import Enrollment
internal import PKIX
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
            let next = try await options.rollover.prepareNext(keyType: keyType?.algorithm)
            if options.json { return try Terminal.json(next.json) }
            Terminal.result("Key \(next.keyGeneration) of '\(next.name)' is prepared: \(next.certificate.subject)")
            Terminal.result("SHA-256:  \(Texts.fingerprint(next.certificate.fingerprint()))")
            Terminal.note("Devices that ask for the next CA are told of it; all others go on as before.")
            Terminal.note("next: sceptic ca rollover activate (or take it back with: sceptic ca rollover cancel)")
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets the next key issue.")

        @OptionGroup var options: GenerationOptions

        func run() async throws {
            let active = try await options.rollover.activateNext()
            if options.json { return try Terminal.json(active.json) }
            Terminal.result("Key \(active.keyGeneration) of '\(active.name)' issues now: \(active.certificate.subject)")
            Terminal.result("SHA-256:  \(Texts.fingerprint(active.certificate.fingerprint()))")
            Terminal.note("Requests enveloped to the former RA are still answered, and the former CRL goes on.")
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a prepared key back.")

        @OptionGroup var options: GenerationOptions

        func run() async throws {
            let former = try await options.rollover.cancelNext()
            if options.json { return try Terminal.json(former.json) }
            Terminal.result("Key \(former.keyGeneration) of '\(former.name)' is taken back.")
            Terminal.note("What it has issued stays good, and is listed in its own CRL when it is revoked.")
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the CA's keys with their RAs.")

        @OptionGroup var options: GenerationOptions

        func run() async throws {
            let generations = try await options.rollover.status()
            if options.json { return try Terminal.json(generations.map(\.json)) }
            Terminal.table(
                ["KEY", "STATE", "SUBJECT", "UNTIL", "RA"],
                generations.map { generation in
                    [
                        "\(generation.keyGeneration)", generation.state.rawValue, "\(generation.certificate.subject)",
                        generation.certificate.notAfter.map(Texts.moment) ?? "-",
                        generation.registrations.map { "\($0.generation) \($0.state.rawValue)" }
                            .joined(separator: ", "),
                    ]
                }
            )
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
        let rotation = RARotation(try options.state.folder.open(), issuer: options.name.issuer)
        if let retire {
            try await rotation.retireRA(retire, keyGeneration: key)
            if !options.json { Terminal.result("RA \(retire) is retired.") }
            return
        }
        _ = try await rotation.rotateRA()
        let active = try await rotation.activateRA()
        if options.json { return try Terminal.json(active.json) }
        Terminal.result("RA \(active.generation) is active: \(active.certificate.subject)")
        Terminal.result("SHA-256:  \(Texts.fingerprint(active.certificate.fingerprint()))")
        Terminal.note("Requests enveloped to the former RA are answered until it is retired.")
    }
}

/// What the commands about a CA's keys take.
struct GenerationOptions: ParsableArguments {
    @OptionGroup var state: DataOption

    @OptionGroup var name: IssuerOption

    @Flag(help: "Prints JSON.")
    var json = false

    var rollover: CARollover {
        get throws { CARollover(try state.folder.open(), issuer: name.issuer) }
    }
}

extension CAGeneration {
    fileprivate var json: [String: Any] {
        [
            "issuer": name, "key": keyGeneration, "state": state.rawValue, "subject": "\(certificate.subject)",
            "serialNumber": certificate.serialNumber.hexadecimal, "sha256": certificate.fingerprint().hexadecimal,
            "notAfter": certificate.notAfter.map(Texts.moment) ?? "", "ra": registrations.map(\.json),
        ]
    }
}

extension CAGeneration.Registration {
    fileprivate var json: [String: Any] {
        [
            "generation": generation, "state": state.rawValue, "subject": "\(certificate.subject)",
            "serialNumber": certificate.serialNumber.hexadecimal, "sha256": certificate.fingerprint().hexadecimal,
            "notAfter": certificate.notAfter.map(Texts.moment) ?? "",
        ]
    }
}
