// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
public import Enrollment
internal import Logging

internal import struct Foundation.UUID

/// Carries operations out on an open state: the one way in for the command line beside it and for the HTTP API.
public struct Administration: Sendable {
    private let state: OpenedState
    private let time: any TimeSource

    /// Puts it together.
    public init(_ state: OpenedState, time: any TimeSource = SystemTimeSource()) {
        self.state = state
        self.time = time
    }

    /// Writes a checkpoint of the audit log: for commands, which do not stay to write one later.
    public func writeCheckpoint() async {
        _ = try? await state.store.writeAuditCheckpoint(at: time.now)
    }

    /// Carries an operation out, audited if it changes anything.
    ///
    /// - Parameters:
    ///   - operation: what to do.
    ///   - input: what it has to be told; it is checked by its description, as everywhere.
    ///   - principal: who asks.
    /// - Returns: the answer.
    /// - Throws: `AppError` or `ProblemDetails`.
    public func perform<Operation: LocalOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input,
        as principal: Principal
    ) async throws -> Operation.Output {
        try check(operation, input, principal)
        let context = AdministrationContext(state: state, principal: principal, now: time.now)
        if Operation.isReading { return try await Operation.run(input, context) }
        var generator = SecureRandom()
        let act = AuditAct(
            id: .version7(at: context.now, using: &generator),
            action: Operation.id,
            actor: principal.name,
            origin: principal.origin,
            input: try AuditedDocument.text(input)
        )
        return try await AuditAct.$current.withValue(act) { try await Operation.run(input, context) }
    }
}

extension Administration {
    /// Refuses whoever may not do something.
    func check<Operation: LocalOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input,
        _ principal: Principal
    ) throws {
        let profile = Operation.profile(of: input)
        guard principal.allows(Operation.access, profile: profile) else {
            throw AppError.denied(principal, Operation.id + (profile.map { " for \($0)" } ?? ""))
        }
    }

    /// What is done once for each key.
    func idempotency(time: any TimeSource, logger: Logger) -> Idempotency {
        Idempotency(store: state.store, masterKey: state.masterKey, time: time, logger: logger)
    }
}

extension AppError {
    static func denied(_ principal: Principal, _ what: String) -> AppError {
        AppError(
            .denied,
            "\(principal.name) may not do this (\(what)).",
            hint: "Ask an administrator for a role that may."
        )
    }
}

/// The operations that can be carried out here: all there are, which a test looks after.
public enum LocalOperations: Sendable {
    /// By noun.
    public static let all: [any LocalOperation.Type] =
        challenges
        + people
        + requests
        + certificates
        + authorities
        + registrations
        + audit
        + profiles
        + raProfiles

    private static let challenges: [any LocalOperation.Type] = [
        ListChallenges.self, NewChallenges.self, RevokeChallenge.self,
    ]

    private static let people: [any LocalOperation.Type] = [
        ListOperators.self, ShowOperator.self, NewOperator.self, SetOperator.self, DisableOperator.self,
        EnableOperator.self, DeleteOperator.self, SetPassword.self, ListTokens.self, NewToken.self, RevokeToken.self,
        WhoAmI.self,
    ]

    private static let requests: [any LocalOperation.Type] = [
        ListRequests.self, ExplainRequest.self, ListWaitingRequests.self, ShowWaitingRequest.self, ApproveRequest.self,
        DenyRequest.self, TryRequest.self,
    ]

    private static let certificates: [any LocalOperation.Type] = [
        ListCertificates.self, ShowCertificate.self, RevokeCertificate.self, ReleaseCertificate.self,
        RevokeCertificates.self,
    ]

    private static let authorities: [any LocalOperation.Type] = [
        ShowCA.self, ListIssuers.self, GetCertificateList.self, ListIssuerKeys.self, PrepareIssuerKey.self,
        ActivateIssuerKey.self, CancelIssuerKey.self, RotateRA.self, RetireRA.self, ListAuthorities.self,
        AddAuthority.self, PutAuthorityList.self, RemoveAuthority.self,
    ]

    private static let registrations: [any LocalOperation.Type] = [
        NewRegistration.self, ImportRegistrations.self, ListRegistrations.self, ShowRegistration.self,
        RevokeRegistration.self, UnlockRegistration.self,
    ]

    private static let audit: [any LocalOperation.Type] = [ListAudit.self, VerifyAudit.self, ExportAudit.self]

    private static let profiles: [any LocalOperation.Type] =
        profileVerbs(SCEPProfiles.self) + [ApplyProfiles.self, ExportProfiles.self]

    private static let raProfiles: [any LocalOperation.Type] = profileVerbs(RAProfiles.self)

    private static func profileVerbs<Noun: LocalProfileNoun>(_ noun: Noun.Type) -> [any LocalOperation.Type] {
        [
            ListProfiles<Noun>.self, ShowProfile<Noun>.self, NewProfile<Noun>.self, ReplaceProfile<Noun>.self,
            SetProfile<Noun>.self, EnableProfile<Noun>.self, DisableProfile<Noun>.self, DeleteProfile<Noun>.self,
        ]
    }
}
