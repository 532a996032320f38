// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import StrictJSON

/// A change to one profile, which is made again if somebody else changed something else meanwhile.
struct ProfileChange<Noun: LocalProfileNoun> {
    /// How often it is tried: others change profiles in milliseconds, and seldom.
    private static var maximumAttempts: Int { 5 }

    let context: AdministrationContext
    let name: String
    var ifMatch: String?

    init(context: AdministrationContext, name: String, ifMatch: String? = nil) {
        self.context = context
        self.name = name
        self.ifMatch = ifMatch
    }

    init(context: AdministrationContext, _ reference: ProfileReference<Noun>) {
        self.init(context: context, name: reference.name, ifMatch: reference.ifMatch)
    }

    /// Makes the change.
    ///
    /// - Returns: the profile as it is then.
    func made(_ change: (inout ConfigurationDraft, ProfileRecord?) throws -> Void) async throws -> ProfileDocument<Noun>
    {
        guard let document = try await done(change) else { throw OpenedState.missing(Noun.Settings.kind, name) }
        return document
    }

    /// Enables or disables the profile.
    func enabled(_ isEnabled: Bool) async throws -> ProfileDocument<Noun> {
        try await made { draft, former in
            guard let former else { throw OpenedState.missing(Noun.Settings.kind, name) }
            if former.isEnabled != isEnabled { draft.enable(Noun.Settings.kind, name, isEnabled) }
        }
    }

    /// Makes the change.
    ///
    /// - Returns: the profile as it is then; nil if it is gone.
    @discardableResult
    func done(
        _ change: (inout ConfigurationDraft, ProfileRecord?) throws -> Void
    ) async throws -> ProfileDocument<Noun>? {
        var attempt = 1
        while true {
            do {
                return try await tryOnce(change)
            } catch let error as AppError where error == .overtaken && attempt < Self.maximumAttempts {
                attempt += 1
            }
        }
    }

    private func tryOnce(
        _ change: (inout ConfigurationDraft, ProfileRecord?) throws -> Void
    ) async throws -> ProfileDocument<Noun>? {
        let state = context.state
        let kind = Noun.Settings.kind
        var draft = ConfigurationDraft(try await state.configuration())
        let former = draft.before.profile(kind, name)
        let before = try former.map { try ProfileDocument<Noun>($0, try state.served(draft.before)) }
        if let ifMatch, let before, ifMatch != before.entityTag {
            throw AppError(
                .changed,
                "Somebody else has changed the \(kind.rawValue) '\(name)' meanwhile.",
                hint: "Look at it again, and repeat what is still wanted."
            )
        }
        try change(&draft, former)
        do {
            try draft.check()
        } catch {
            throw Self.details(error)
        }
        let served = try state.served(draft.after)
        let after = try draft.after.profile(kind, name).map { try ProfileDocument<Noun>($0, served) }
        try context.audit("\(Noun.command) \(name)", before: before, after: after)
        if !draft.changes.isEmpty { try await state.commit(draft) }
        return after
    }

    /// A problem of a draft, with its place in the input.
    private static func details(_ problem: ConfigurationDraft.Problem) -> ProblemDetails {
        var details = ProblemDetails(problem.error)
        let key = problem.key ?? leadingKey(problem.error.sentence)
        if let key, problem.kind == Noun.Settings.kind {
            let pointer = "/" + key.replacing(".", with: "/")
            details.violations = [.init(pointer: pointer, sentence: problem.error.sentence)]
        }
        return details
    }

    /// The setting that a sentence begins with, as those about settings do.
    private static func leadingKey(_ sentence: String) -> String? {
        let word = String(sentence.prefix { $0.isLetter || $0 == "." })
        let first = String(word.prefix { $0 != "." })
        if Noun.settings.property(first) != nil { return word }
        guard case .object(let template)? = Noun.settings.property("template")?.schema else { return nil }
        return template.property(first) == nil ? nil : "template.\(word)"
    }
}

extension AppError {
    /// Whether somebody else was faster with some change to the configuration.
    static let overtaken = AppError(
        .changed,
        "The change can't be made: the configuration was changed by somebody else meanwhile.",
        hint: "Run it again."
    )
}
