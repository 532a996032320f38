// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import SCEP
internal import ServerApp

internal import struct Foundation.Date
internal import struct Foundation.UUID

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

        @OptionGroup var state: DataOption

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
            let identity = try binding.identity()
            if let hours, !(hours > 0 && hours <= 876_000) {
                throw AppError(.usage, "--hours has to be more than 0, and a century at the most.")
            }
            let opened = try state.folder.open()
            try await opened.requireProfile(profile)
            let challenges = ChallengeAdministration(
                store: opened.challenges,
                masterKey: opened.masterKey,
                time: SystemTimeSource()
            )
            let settings = try await opened.profile(profile, SCEPProfileSettings.self).settings
            let maximum = settings?.maximumOutstandingCodes
            do {
                for code in try await make(challenges, boundTo: identity, maximum) { Terminal.result(code) }
            } catch StoreError.conflict(let sentence) where maximum != nil && staticName == nil {
                throw AppError(
                    .conflict,
                    sentence,
                    hint:
                        "Take some back with: sceptic challenge revoke; or allow more: sceptic profile set \(profile) --maximum-outstanding-codes N"
                )
            } catch let error as StoreError {
                throw AppError(error)
            }
        }

        private func make(
            _ challenges: ChallengeAdministration,
            boundTo identity: BoundIdentity?,
            _ maximum: Int?
        ) async throws -> [String] {
            let lifetime = hours.map { $0 * 3600 }
            if let transactionID {
                return [
                    try await challenges.makeForRequest(
                        transactionID: transactionID,
                        profile: profile,
                        lifetime: lifetime ?? 86_400,
                        boundTo: identity,
                        raProfile: raProfile,
                        device: device,
                        maximumOutstanding: maximum
                    )
                ]
            }
            guard let staticName else {
                return try await challenges.makeOneTime(
                    count: count,
                    profile: profile,
                    lifetime: lifetime ?? 86_400,
                    boundTo: identity,
                    raProfile: raProfile,
                    device: device,
                    maximumOutstanding: maximum
                )
            }
            let code = try codeFile.map(Self.read)
            return [
                try await challenges.makeStatic(code: code, name: staticName, profile: profile, lifetime: lifetime)
            ]
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

        @OptionGroup var state: DataOption

        @Option(help: "Only those of this SCEP profile.")
        var profile: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let store = try state.folder.open().challenges
            var all: [ChallengeRecord] = []
            do {
                while case let page = try await store.challenges(profile: profile, after: all.last?.id, limit: 500),
                    !page.isEmpty
                {
                    all += page
                }
            } catch {
                throw AppError(error)
            }
            let now = Date()
            if json {
                return try Terminal.json(
                    all.map { record in
                        [
                            "id": record.id.uuidString.lowercased(), "profile": record.profile,
                            "kind": record.kind.rawValue,
                            "name": record.name ?? "", "createdAt": Texts.moment(record.createdAt),
                            "expiresAt": record.expiresAt.map(Texts.moment) ?? "", "state": record.state(at: now),
                            "boundSubject": record.boundTo?.subjectText ?? "",
                            "boundNames": record.boundTo?.nameList ?? "",
                            "boundKeyType": record.boundTo?.keyType ?? "",
                            "raProfile": record.raProfile ?? "", "device": record.device ?? "",
                        ]
                    }
                )
            }
            Terminal.table(
                ["ID", "PROFILE", "KIND", "NAME", "EXPIRES", "STATE", "BOUND TO"],
                all.map { record in
                    [
                        record.id.uuidString.lowercased(), record.profile, record.kind.rawValue, record.name ?? "-",
                        record.expiresAt.map(Texts.moment) ?? "never", record.state(at: now),
                        record.boundText,
                    ]
                }
            )
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a challenge back.")

        @OptionGroup var state: DataOption

        @Argument(help: "The challenge's id, as 'challenge list' shows it.")
        var id: String

        func run() async throws {
            guard let identifier = UUID(uuidString: id) else { throw AppError(.usage, "'\(id)' is no challenge's id.") }
            let store = try state.folder.open().challenges
            do {
                guard try await store.revokeChallenge(identifier, at: Date()) else {
                    throw AppError(.conflict, "There is no such challenge, or it was taken back before.")
                }
            } catch let error as StoreError {
                throw AppError(error)
            }
        }
    }
}

extension ChallengeRecord {
    fileprivate func state(at now: Date) -> String {
        if revokedAt != nil { return "revoked" }
        if usedAt != nil { return "used" }
        if let expiresAt, expiresAt <= now { return "expired" }
        return "open"
    }
}

extension ChallengeRecord {
    /// What the challenge is bound to, in one line.
    fileprivate var boundText: String {
        let parts = [boundTo?.text, raProfile.map { "RA profile \($0)" }].compactMap(\.self)
        return parts.isEmpty ? "-" : parts.joined(separator: "; ")
    }
}

extension BoundIdentity {
    /// The alternative names in one text; nil when they are free.
    fileprivate var nameList: String? {
        nameTexts.map { $0.isEmpty ? "none" : $0.joined(separator: " ") }
    }

    /// All of it in one line, as the options of `challenge new` name it.
    fileprivate var text: String {
        [subjectText.map { "subject \($0)" }, nameList.map { "san \($0)" }, keyType.map { "key \($0)" }]
            .compactMap(\.self).joined(separator: "; ")
    }
}
