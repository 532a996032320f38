// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import ArgumentParser
internal import Enrollment
internal import ServerApp

internal import struct Foundation.Date

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

        @OptionGroup var state: DataOption

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
        var uses: RegistrationUses = .once

        @Option(help: "When it ends: 2027-01-31, or 2027-01-31T12:00:00Z.")
        var expires: Moment?

        @Option(
            name: .customLong("attribute"),
            help: ArgumentHelp("What templates may fill in; may be repeated.", valueName: "key=value")
        )
        var attributes: [String] = []

        func run() async throws {
            guard let registered = RegisteredName(name) else {
                throw AppError(.usage, "A name has 1 to \(RegisteredName.maximumByteCount) bytes.")
            }
            var candidate = RegistrationAdministration.Candidate(
                name: registered,
                uses: uses,
                expiresAt: expires?.date
            )
            candidate.secret = try secretFile.map(Self.read)
            candidate.boundTo = try binding.identity()
            candidate.raProfile = raProfile
            for attribute in attributes { try Self.add(attribute, to: &candidate.attributes) }
            let opened = try state.folder.open()
            try await opened.requireProfile(profile)
            let administration = RegistrationAdministration(
                store: opened.registrations,
                masterKey: opened.masterKey,
                time: SystemTimeSource()
            )
            let prepared = administration.prepare([candidate], profile: profile)
            do {
                guard try await administration.register(prepared) == nil else {
                    throw AppError(.conflict, "'\(registered.text)' is registered already.")
                }
            } catch let error as StoreError {
                throw AppError(error)
            }
            for case let secret? in prepared.secrets { Terminal.result(secret) }
        }

        private static func add(_ text: String, to attributes: inout ChallengeAttributes) throws {
            guard let equals = text.firstIndex(of: "="), RegistrationAttribute.isKey(text[..<equals]),
                RegistrationAttribute.add(
                    text[..<equals],
                    String(text[text.index(after: equals)...]),
                    to: &attributes
                )
            else {
                throw AppError(
                    .usage,
                    "'\(text)' is no attribute.",
                    hint: "Write it like site=berlin; the key has letters, digits, '.', '_' and '-', and is not 'name'."
                )
            }
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

        @OptionGroup var state: DataOption

        @Option(help: "Only those of this SCEP profile.")
        var profile: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let store = try state.folder.open().registrations
            var all: [RegistrationRecord] = []
            do {
                while case let page = try await store.registrations(profile: profile, after: all.last?.id, limit: 500),
                    !page.isEmpty
                {
                    all += page
                }
            } catch {
                throw AppError(error)
            }
            let now = Date()
            if json { return try Terminal.json(all.map { $0.json(at: now) }) }
            Terminal.table(
                ["NAME", "PROFILE", "USES", "EXPIRES", "GUESSES", "STATE"],
                all.map { record in
                    [
                        record.name.text, record.profile, record.uses.rawValue,
                        record.expiresAt.map(Texts.moment) ?? "never", "\(record.failedGuesses)",
                        record.state(at: now),
                    ]
                }
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a registered device.")

        @OptionGroup var device: RegisteredDeviceArguments

        func run() async throws {
            let (_, record) = try await device.find()
            try Terminal.json(record.json(at: Date()))
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a registration back; certificates that it was used for stay."
        )

        @OptionGroup var device: RegisteredDeviceArguments

        func run() async throws {
            let (store, record) = try await device.find()
            do {
                guard try await store.revokeRegistration(record.id, at: Date()) else {
                    throw AppError(.conflict, "The registration was taken back before.")
                }
            } catch let error as StoreError {
                throw AppError(error)
            }
        }
    }

    struct Unlock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Unlocks a device that too many wrong secrets were tried for."
        )

        @OptionGroup var device: RegisteredDeviceArguments

        func run() async throws {
            let (store, record) = try await device.find()
            do {
                guard try await store.unlockRegistration(record.id) else {
                    throw AppError(.conflict, "The registration is not locked.")
                }
            } catch let error as StoreError {
                throw AppError(error)
            }
        }
    }
}

/// Which registered device.
struct RegisteredDeviceArguments: ParsableArguments {
    @OptionGroup var state: DataOption

    @Argument(help: "The name that it is registered under.")
    var name: String

    @Option(help: "The SCEP profile that it is registered for.")
    var profile: String = ProfileName.default

    /// The device, and where it is kept.
    func find() async throws -> (store: any RegistrationStore, record: RegistrationRecord) {
        let store = try state.folder.open().registrations
        do {
            if let name = RegisteredName(name),
                let record = try await store.registration(profile: profile, name: name)
            {
                return (store, record)
            }
        } catch {
            throw AppError(error)
        }
        throw AppError(
            .missing,
            "No device '\(name)' is registered for the SCEP profile '\(profile)'.",
            hint: "Look with: sceptic registration list"
        )
    }
}

extension RegistrationUses: ExpressibleByArgument {}

extension RegistrationRecord {
    fileprivate func state(at now: Date) -> String {
        if revokedAt != nil { return "revoked" }
        if lockedAt != nil { return "locked" }
        if usedAt != nil { return "used" }
        if let expiresAt, expiresAt <= now { return "expired" }
        return "open"
    }

    fileprivate func json(at now: Date) -> [String: Any] {
        [
            "id": id.uuidString.lowercased(), "name": name.text, "profile": profile, "uses": uses.rawValue,
            "state": state(at: now), "createdAt": Texts.moment(createdAt),
            "expiresAt": expiresAt.map(Texts.moment) ?? "", "lockedAt": lockedAt.map(Texts.moment) ?? "",
            "usedAt": usedAt.map(Texts.moment) ?? "", "failedGuesses": failedGuesses,
            "raProfile": raProfile ?? "", "boundSubject": boundTo?.subjectText ?? "",
            "boundNames": boundTo?.nameTexts ?? [], "boundKeyType": boundTo?.keyType ?? "",
            "attributes": attributes.values,
        ]
    }
}
