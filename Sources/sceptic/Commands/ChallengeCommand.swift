// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import Enrollment
internal import SCEP
internal import ServerApp

/// The command `sceptic challenge …`.
struct ChallengeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "challenge",
        abstract: "Makes, lists and takes back challenges.",
        subcommands: [New.self, List.self, Revoke.self]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes one-time challenges, or a static one; prints each on a line of its own."
        )

        @OptionGroup var administration: AdministrationOptions

        @Option(help: "The SCEP profile that the challenge is good for.")
        var profile: String = ProfileName.default

        @Option(help: "How many one-time challenges.")
        var count: Int = 1

        @Option(help: "How long it lives, in hours; one-time challenges live 24 hours unless this says otherwise.")
        var hours: Double?

        @Option(name: .customLong("static"), help: "Makes a static challenge with this name instead.")
        var staticName: String?

        @Option(help: "Reads the static challenge from a file, or from standard input with '-', instead of making one.")
        var codeFile: String?

        @Option(
            help:
                "Makes a challenge for this transactionID, and keeps it so that a request encrypted under it can be opened."
        )
        var transactionID: String?

        @OptionGroup var binding: BindingArguments

        @Option(help: "Good for this RA profile only.")
        var raProfile: String?

        @Option(help: "The device that it is for, for templates and traces; this binds nothing.")
        var device: String?

        func run() async throws {
            guard (1...100_000).contains(count) else { throw AppError(.usage, "--count has to be 1 to 100000.") }
            guard codeFile == nil || staticName != nil else {
                throw AppError(.usage, "--code-file is for static challenges.", hint: "Add --static NAME.")
            }
            guard count == 1 || staticName == nil else {
                throw AppError(.usage, "--count is for one-time challenges: a static one serves many devices.")
            }
            guard transactionID == nil || (staticName == nil && count == 1) else {
                throw AppError(.usage, "--transaction-id is for one one-time challenge.")
            }
            guard transactionID.map({ TransactionID($0) != nil }) ?? true else {
                throw AppError(.usage, "A transactionID has 1 to 255 printable ASCII characters.")
            }
            guard !binding.bindsAnything || (staticName == nil && count == 1) else {
                throw AppError(.usage, "--subject, --san and --key-type are for one one-time challenge.")
            }
            guard staticName == nil || (raProfile == nil && device == nil) else {
                throw AppError(.usage, "--ra-profile and --device are for one-time challenges.")
            }
            guard device == nil || count == 1, (1...256).contains(device?.utf8.count ?? 1) else {
                throw AppError(.usage, "--device is for one one-time challenge, and has 1 to 256 bytes.")
            }
            if let hours, !(hours > 0 && hours <= 876_000) {
                throw AppError(.usage, "--hours has to be more than 0, and a century at the most.")
            }
            var input = NewChallenges.Input(profile: profile)
            input.count = staticName == nil ? count : nil
            input.hours = hours
            input.staticName = staticName
            input.code = try codeFile.map(Self.read)
            input.transactionID = transactionID
            input.subject = binding.subject
            input.subjectAltNames = try binding.alternativeNames()
            input.keyType = binding.keyType
            input.raProfile = raProfile
            input.device = device
            for code in try await administration.administrator.perform(NewChallenges.self, input).codes {
                Terminal.result(code)
            }
        }

        private static func read(_ path: String) throws -> String {
            let code = try DocumentFile.firstLine(path)
            guard code.utf8.count >= 12 else {
                throw AppError(
                    .usage,
                    "A static challenge needs 12 characters or more: it can be guessed for as long as it lives."
                )
            }
            return code
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists challenges, without their codes.")

        @OptionGroup var administration: AdministrationOptions

        @Option(help: "Only those of this SCEP profile.")
        var profile: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            var printer = ListPrinter<ChallengeDocument>(
                ["ID", "PROFILE", "KIND", "NAME", "EXPIRES", "STATE", "BOUND TO"],
                json: json
            ) { challenge in
                [
                    challenge.id.description, challenge.profile, challenge.kind, challenge.name ?? "-",
                    challenge.expiresAt.map(Texts.moment) ?? "never", challenge.state.rawValue, challenge.boundText,
                ]
            }
            try await administration.administrator.forEach(
                ListChallenges.self,
                { ListChallenges.Input(profile: profile, after: $0, limit: $1) },
                { try printer.add($0) }
            )
            printer.end()
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a challenge back.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The challenge's id, as 'challenge list' shows it.")
        var id: String

        func run() async throws {
            guard let identifier = Identifier(id) else { throw AppError(.usage, "'\(id)' is no challenge's id.") }
            _ = try await administration.administrator.perform(
                RevokeChallenge.self,
                RevokeChallenge.Input(id: identifier)
            )
        }
    }
}

extension ChallengeDocument {
    /// What the challenge is bound to, in one line, as the options of `challenge new` name it.
    fileprivate var boundText: String {
        let names = boundNames.map { $0.isEmpty ? "none" : $0.joined(separator: " ") }
        let parts = [
            boundSubject.map { "subject \($0)" }, names.map { "san \($0)" }, boundKeyType.map { "key \($0)" },
            raProfile.map { "RA profile \($0)" },
        ]
        .compactMap(\.self)
        return parts.isEmpty ? "-" : parts.joined(separator: "; ")
    }
}
