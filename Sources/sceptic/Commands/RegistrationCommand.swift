// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
public import ArgumentParser
internal import Enrollment
internal import ServerApp

/// The command `sceptic registration …`.
struct RegistrationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registration",
        abstract: "Registers devices beforehand, each with its own secret.",
        subcommands: [New.self, Import.self, List.self, Show.self, Revoke.self, Unlock.self]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a device; prints its secret, unless one is given."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "What the device names in its requests, such as its common name.")
        var name: String

        @Option(help: "The SCEP profile that it is registered for.")
        var profile: String = ProfileName.default

        @Option(help: "Reads its secret from a file, or from standard input with '-', instead of making one.")
        var secretFile: String?

        @OptionGroup var binding: BindingArguments

        @Option(help: "Good for this RA profile only.")
        var raProfile: String?

        @Option(help: "How often it is good: once or many.")
        var uses: RegistrationUse = .once

        @Option(help: "When it ends: 2027-01-31, or 2027-01-31T12:00:00Z.")
        var expires: Moment?

        @Option(
            name: .customLong("attribute"),
            help: ArgumentHelp("What templates may fill in; may be repeated.", valueName: "key=value")
        )
        var attributes: [String] = []

        func run() async throws {
            var device = NewRegistrationDocument(name: name)
            device.secret = try secretFile.map(Self.read)
            device.subject = binding.subject
            device.subjectAltNames = try binding.alternativeNames()
            device.keyType = binding.keyType
            device.raProfile = raProfile
            device.uses = uses
            device.expiresAt = expires?.date
            for attribute in attributes { try Self.add(attribute, to: &device) }
            let made = try await administration.administrator.perform(
                NewRegistration.self,
                NewRegistration.Input(profile: profile, device: device)
            )
            if let secret = made.secret { Terminal.result(secret) }
        }

        private static func add(_ text: String, to device: inout NewRegistrationDocument) throws {
            guard let equals = text.firstIndex(of: "="), RegistrationAttribute.isKey(text[..<equals]) else {
                throw AppError(
                    .usage,
                    "'\(text)' is no attribute.",
                    hint: "Write it like site=berlin; the key has letters, digits, '.', '_' and '-', and is not 'name'."
                )
            }
            device.attributes = device.attributes ?? [:]
            device.attributes?[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }

        private static func read(_ path: String) throws -> String {
            let secret = try DocumentFile.firstLine(path)
            guard secret.count >= RegistrationAdministration.minimumSecretLength else {
                throw AppError(
                    .usage,
                    "A secret has \(RegistrationAdministration.minimumSecretLength) characters or more."
                )
            }
            return secret
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists registered devices, without their secrets.")

        @OptionGroup var administration: AdministrationOptions

        @Option(help: "Only those of this SCEP profile.")
        var profile: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            var printer = ListPrinter<RegistrationDocument>(
                ["NAME", "PROFILE", "USES", "EXPIRES", "GUESSES", "STATE"],
                json: json
            ) { registration in
                [
                    registration.name, registration.profile, registration.uses.rawValue,
                    registration.expiresAt.map(Texts.moment) ?? "never", "\(registration.failedGuesses)",
                    registration.state.rawValue,
                ]
            }
            try await administration.administrator.forEach(
                ListRegistrations.self,
                { ListRegistrations.Input(profile: profile, after: $0, limit: $1) },
                { try printer.add($0) }
            )
            printer.end()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a registered device.")

        @OptionGroup var device: RegisteredDeviceArguments

        func run() async throws {
            try Terminal.json(
                try await device.administration.administrator.perform(ShowRegistration.self, device.reference)
            )
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a registration back; certificates that it was used for stay."
        )

        @OptionGroup var device: RegisteredDeviceArguments

        func run() async throws {
            _ = try await device.administration.administrator.perform(RevokeRegistration.self, device.reference)
        }
    }

    struct Unlock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Unlocks a device that too many wrong secrets were tried for."
        )

        @OptionGroup var device: RegisteredDeviceArguments

        func run() async throws {
            _ = try await device.administration.administrator.perform(UnlockRegistration.self, device.reference)
        }
    }
}

/// Which registered device.
struct RegisteredDeviceArguments: ParsableArguments {
    @OptionGroup var administration: AdministrationOptions

    @Argument(help: "The name that it is registered under.")
    var name: String

    @Option(help: "The SCEP profile that it is registered for.")
    var profile: String = ProfileName.default

    var reference: RegistrationReference { RegistrationReference(profile: profile, name: name) }
}

extension RegistrationUse: ExpressibleByArgument {}
