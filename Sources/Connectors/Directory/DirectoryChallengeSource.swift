// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLDAP
internal import Cryptography
public import Enrollment
internal import PKIX

/// Asks a directory about challenges: whether one is an entry's password, or a value in it (RFC 4511).
///
/// A directory's password is as good as static: it is not used up, and whoever has read it can enrol. A reply is never encrypted under
/// one, since people chose it.
public struct DirectoryChallengeSource: ChallengeSource {
    /// The name in traces.
    public let name: String
    private let settings: DirectorySourceSettings
    let pool: DirectoryPool

    /// Puts a source together; it connects when it is asked for the first time.
    public init(_ settings: DirectorySourceSettings) {
        self.init(settings, pool: DirectoryPool())
    }

    init(_ settings: DirectorySourceSettings, pool: DirectoryPool) {
        self.name = "directory '\(settings.name)'"
        self.settings = settings
        self.pool = pool
    }

    /// The most bytes of a challenge: no directory has longer passwords.
    static let maximumChallengeByteCount = 1024

    /// Judges a challenge within the time of the settings, whatever the directory does.
    public func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        let challenge = question.challenge
        guard (1...Self.maximumChallengeByteCount).contains(challenge.utf8.count), !challenge.utf8.contains(0) else {
            return .reject(
                .challengeUnknown,
                detail: "no password of a directory is empty, so long, or has a zero byte"
            )
        }
        // A bind may count as a guess, and lock an account.
        if question.isDryRun, settings.mode == .bind { return .unavailable("not asked in a dry run") }
        guard let values = try? RequestValues(question.request) else {
            return .reject(.challengeUnknown, detail: "the alternative names can't be read")
        }
        let limit = Duration.seconds(settings.timeoutSeconds)
        do throws(DirectoryText.Unfit) {
            switch settings.entry {
            case .named(let template):
                let dn = try DirectoryText.name(template, values)
                return await pool.run(within: limit) { _, job in
                    answer { () throws(DirectoryFailure) in try bind(dn, challenge, nil, job) }
                }
            case .found(let base, let scope, let template, let account):
                let filter = try DirectoryText.filter(template, values, challenge: challenge)
                let search = Search(base: base, scope: scope, filter: filter, account: account)
                return await pool.run(within: limit) { session, job in
                    answer { () throws(DirectoryFailure) in try judge(search, challenge, &session, job) }
                }
            }
        } catch {
            return .reject(.challengeUnknown, detail: error.sentence)
        }
    }

    fileprivate struct Search {
        var base: String
        var scope: DirectorySourceSettings.Scope
        var filter: String
        var account: DirectorySourceSettings.Account
    }

    private func answer(_ ask: () throws(DirectoryFailure) -> ChallengeAnswer) -> ChallengeAnswer {
        do throws(DirectoryFailure) {
            return try ask()
        } catch {
            return .unavailable(error.sentence)
        }
    }

    private func judge(
        _ search: Search,
        _ challenge: String,
        _ session: inout DirectorySession?,
        _ job: DirectoryJob
    ) throws(DirectoryFailure) -> ChallengeAnswer {
        let found = try find(search, &session, job)
        guard found.count < 2 else {
            return .reject(.challengeUnknown, detail: "more than one entry fits \(search.shownFilter(settings))")
        }
        guard let entry = found.first else { return .notMine }
        switch settings.mode {
        case .bind: return try bind(entry.dn, challenge, entry, job)
        case .lookup:
            if let attribute = settings.attribute, !Self.holds(entry.values[attribute] ?? [], challenge) {
                return .reject(.challengeUnknown, detail: "it is no value of \(attribute) in '\(entry.dn)'")
            }
            return accept(entry)
        }
    }

    // MARK: - Binding

    /// Asks whether a challenge is an entry's password, over a connection that is used for nothing else.
    private func bind(
        _ dn: String,
        _ challenge: String,
        _ entry: DirectoryEntry?,
        _ job: DirectoryJob
    ) throws(DirectoryFailure) -> ChallengeAnswer {
        let own = try DirectorySession(settings, for: job)
        defer { own.close() }
        if case .refused(let why) = try own.bind(dn, password: Array(challenge.utf8), until: job.deadline) {
            return .reject(.challengeUnknown, detail: "the directory refuses '\(dn)': \(why)")
        }
        if let entry { return accept(entry) }
        guard !settings.attributes.isEmpty else { return accept(DirectoryEntry(dn: dn, values: [:])) }
        let found = try own.search(
            base: dn,
            scope: CInt(LDAP_SCOPE_BASE),
            filter: "(objectClass=*)",
            attributes: settings.attributes,
            until: job.deadline
        )
        return accept(found.first ?? DirectoryEntry(dn: dn, values: [:]))
    }

    // MARK: - Searching

    private func find(
        _ search: Search,
        _ session: inout DirectorySession?,
        _ job: DirectoryJob
    ) throws(DirectoryFailure) -> [DirectoryEntry] {
        if let kept = session, try kept.isReusable(for: job) {
            do throws(DirectoryFailure) {
                return try find(search, on: kept, job)
            } catch .lost {
                // The directory may have closed it long ago.
                kept.close()
            } catch {
                kept.close()
                throw error
            }
        }
        session?.close()
        session = nil
        let fresh = try DirectorySession(settings, for: job)
        try bind(search.account, fresh, job)
        let found = try find(search, on: fresh, job)
        session = fresh
        return found
    }

    private func bind(
        _ account: DirectorySourceSettings.Account,
        _ session: DirectorySession,
        _ job: DirectoryJob
    ) throws(DirectoryFailure) {
        let password: [UInt8]
        do throws(SecretUnavailable) {
            password = try account.password.read()
        } catch {
            throw .unusable("the account's password: \(error.sentence)")
        }
        if case .refused(let why) = try session.bind(account.dn, password: password, until: job.deadline) {
            throw .unusable("the directory refuses the account '\(account.dn)': \(why)")
        }
    }

    private func find(
        _ search: Search,
        on session: DirectorySession,
        _ job: DirectoryJob
    ) throws(DirectoryFailure) -> [DirectoryEntry] {
        try session.search(
            base: search.base,
            scope: CInt(search.scope == .one ? LDAP_SCOPE_ONELEVEL : LDAP_SCOPE_SUBTREE),
            filter: search.filter,
            attributes: settings.attributes + [settings.attribute].compactMap(\.self),
            until: job.deadline
        )
    }

    // MARK: - Answers

    /// Whether a challenge is one of some values, in a time that tells nothing of how much of it is right.
    private static func holds(_ values: [[UInt8]], _ challenge: String) -> Bool {
        let wanted = DigestAlgorithm.sha256.digest(Array(challenge.utf8))
        var isFound = false
        for value in values where !value.isEmpty {
            // Digests, so that not even the lengths are compared.
            let isEqual = MessageAuthentication.areEqual(DigestAlgorithm.sha256.digest(value), wanted)
            isFound = isFound || isEqual
        }
        return isFound
    }

    private func accept(_ entry: DirectoryEntry) -> ChallengeAnswer {
        var attributes = ChallengeAttributes()
        for name in settings.attributes {
            let texts = (entry.values[name] ?? []).compactMap { String(validating: $0, as: UTF8.self) }
            if !texts.isEmpty { attributes.add("directory.\(name)", texts) }
        }
        return .accept(claims: [], attributes: attributes, strength: .unknown)
    }
}

extension DirectoryChallengeSource.Search {
    /// The filter for people; one with the challenge in it as it stands in the settings.
    fileprivate func shownFilter(_ settings: DirectorySourceSettings) -> String {
        if case .found(_, _, let template, _) = settings.entry, template.parts.contains(.challenge) {
            return template.text
        }
        return filter
    }
}
