// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import ArgumentParser
internal import Enrollment
internal import SCEP
internal import ServerApp

/// What can be said of a SCEP profile, when it is made and when it is changed.
struct ProfileOptions: ParsableArguments {
    @Option(help: "The client compatibility: \(ClientCompatibility.all.map(\.name).joined(separator: ", ")).")
    var compatibility: String?

    @Option(help: "The RA profile that says what is issued at its own URL; 'none' for none.")
    var raProfile: String?

    @Option(
        name: .customLong("alias"),
        help: "Further names that its URL may have, separated by commas; 'none' for none."
    )
    var aliases: String?

    @Option(
        help: "Forbidden algorithms that are accepted all the same, separated by commas: des, md5; 'none' for none."
    )
    var acceptLegacy: String?

    @Option(
        help:
            "Usual algorithms that are refused, separated by commas: sha1, sha384, sha512, des3, aes192, aes256; 'none' for none."
    )
    var refuse: String?

    @Option(help: "Whether signatures by RSASSA-PSS are accepted: accepted or refused.")
    var pss: Acceptance?

    @Option(
        help: "Whether requests may be encrypted under a challenge made for their transactionID: accepted or refused."
    )
    var passwordRecipients: Acceptance?

    @Option(help: "Which requests wait for approval: automatic (none), enrollments or all.")
    var approval: ApprovalPolicy?

    @Option(help: "After how many days a request expires that nobody decided on.")
    var approvalDays: Int?

    @Option(help: "How many different people have to approve a request.")
    var approvalsNeeded: Int?

    @Option(help: "Who may approve and deny, by name, separated by commas; 'none' for whoever may give commands.")
    var approvers: String?

    @Option(help: "Whether nobody may approve what they asked for themselves: required or optional.")
    var fourEyes: FourEyes?

    @Option(help: "Whether certificates are renewed with themselves: accepted or refused.")
    var renewal: Acceptance?

    @Option(help: "From when on a certificate may be renewed: always, 33% (its last third) or 30d (its last 30 days).")
    var renewalWindow: RenewalWindow?

    @Option(help: "Whether a renewal may keep the old key: accepted or refused.")
    var renewalKeyReuse: Acceptance?

    @Option(help: "For how many days after its end a certificate may still be renewed.")
    var renewalGraceDays: Int?

    @Option(
        help: "The alternate authorities whose certificates may sign renewals, separated by commas; 'none' for none."
    )
    var alternateAuthorities: String?

    @Option(help: "How many seconds a signingTime may be off; 'none' for as many as it likes.")
    var maximumClockSkew: String?

    @Option(help: "How many one-time codes may be good at the same time; 'none' for any number.")
    var maximumOutstandingCodes: String?

    @Option(
        help:
            "How many requests of an address may fail to authenticate in a minute before it has to wait; 0 for any number."
    )
    var maximumFailuresPerMinute: Int?

    /// Changes what was named.
    func apply(to settings: inout SCEPProfileSettings) throws {
        if let compatibility { settings.compatibility = compatibility }
        if let raProfile { settings.raProfile = raProfile == "none" ? nil : raProfile }
        if let aliases { settings.aliases = Self.names(aliases) }
        if let acceptLegacy { settings.acceptedLegacy = try legacy(acceptLegacy) }
        if let refuse { settings.refusedAlgorithms = try Self.set(refuse, "algorithm that can be refused") }
        if let pss { settings.pss = pss }
        if let passwordRecipients { settings.passwordRecipients = passwordRecipients }
        if let approval { settings.approval = approval }
        if let approvalDays { settings.approvalDays = approvalDays }
        if let approvalsNeeded { settings.approvers.needed = approvalsNeeded }
        if let approvers { settings.approvers.names = Self.names(approvers) }
        if let fourEyes { settings.fourEyes = fourEyes }
        if let renewal { settings.renewal.requests = renewal }
        if let renewalWindow { settings.renewal.window = renewalWindow }
        if let renewalKeyReuse { settings.renewal.keyReuse = renewalKeyReuse }
        if let renewalGraceDays { settings.renewal.graceDays = renewalGraceDays }
        if let alternateAuthorities { settings.renewal.alternateAuthorities = Self.names(alternateAuthorities) }
        if let maximumClockSkew { settings.maximumClockSkew = try Self.skew(maximumClockSkew) }
        if let maximumFailuresPerMinute {
            guard (0...1_000_000).contains(maximumFailuresPerMinute) else {
                throw AppError(.usage, "--maximum-failures-per-minute has to be 0 to 1000000.")
            }
            settings.maximumFailuresPerMinute = maximumFailuresPerMinute
        }
        if let maximumOutstandingCodes {
            settings.maximumOutstandingCodes = try Self.outstanding(maximumOutstandingCodes)
        }
    }

    private func legacy(_ text: String) throws -> Swift.Set<LegacyAlgorithm> {
        let legacy: Swift.Set<LegacyAlgorithm> = try Self.set(text, "legacy algorithm")
        if !legacy.isEmpty {
            Terminal.note(
                "warning: RFC 8894 forbids \(legacy.map(\.rawValue).sorted().joined(separator: " and ")); "
                    + "who listens may read or forge what this profile's clients send."
            )
        }
        return legacy
    }

    private static func names(_ text: String) -> [String] {
        text == "none" ? [] : text.split(separator: ",").map(String.init)
    }

    private static func set<Member: RawRepresentable<String> & CaseIterable & Hashable>(
        _ text: String,
        _ kind: String
    ) throws -> Swift.Set<Member> {
        Swift.Set(
            try names(text).map { name in
                guard let member = Member(rawValue: name) else {
                    let known = Member.allCases.map(\.rawValue).joined(separator: ", ")
                    throw AppError(.usage, "'\(name)' is no \(kind).", hint: "Known are: \(known).")
                }
                return member
            }
        )
    }

    private static func outstanding(_ text: String) throws -> Int? {
        if text == "none" { return nil }
        guard let number = Int(text), number >= 0 else {
            throw AppError(.usage, "--maximum-outstanding-codes has to be a number, or 'none'.")
        }
        return number
    }

    private static func skew(_ text: String) throws -> Int? {
        if text == "none" { return nil }
        guard let seconds = Int(text) else {
            throw AppError(.usage, "--maximum-clock-skew has to be a number of seconds, or 'none'.")
        }
        return seconds
    }
}

extension Acceptance: ExpressibleByArgument {}
extension ApprovalPolicy: ExpressibleByArgument {}
extension FourEyes: ExpressibleByArgument {}
extension RenewalWindow: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
