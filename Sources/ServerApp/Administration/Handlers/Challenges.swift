// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Enrollment

internal import struct Foundation.Date

extension ListChallenges: LocalOperation {
    /// Lists challenges.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let limit = input.limit ?? 100
        let records: [ChallengeRecord]
        do {
            records = try await context.state.challenges.challenges(
                profile: input.profile,
                after: input.after?.uuid,
                limit: limit
            )
        } catch {
            throw AppError(error)
        }
        return Page(
            items: records.map { ChallengeDocument($0, at: context.now) },
            next: records.count < limit ? nil : records.last?.id.uuidString.lowercased()
        )
    }
}

extension NewChallenges: LocalOperation {
    /// Makes challenges.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try check(input)
        try context.checkIssuer(input)
        let identity = try identity(input)
        let state = context.state
        try await state.requireProfile(input.profile)
        let settings = try await state.profile(input.profile, SCEPProfileSettings.self).settings
        let maximum = settings?.maximumOutstandingCodes
        let challenges = ChallengeAdministration(
            store: state.challenges,
            masterKey: state.masterKey,
            time: SystemTimeSource()
        )
        context.audit("profile \(input.profile)")
        do throws(StoreError) {
            return Output(codes: try await make(input, challenges, boundTo: identity, maximum))
        } catch .conflict(let sentence) where maximum != nil && input.staticName == nil {
            throw AppError(
                .conflict,
                sentence,
                hint:
                    "Take some back with: sceptic challenge revoke; or allow more: sceptic profile set \(input.profile) --maximum-outstanding-codes N"
            )
        } catch {
            throw AppError(error)
        }
    }

    /// What goes together, which a description of each member can't say.
    private static func check(_ input: Input) throws {
        let isStatic = input.staticName != nil
        let isSingle = (input.count ?? 1) == 1
        guard input.code == nil || isStatic else {
            throw AppError(.usage, "A code can be chosen for static challenges only.", hint: "Name the challenge.")
        }
        guard isSingle || !isStatic else {
            throw AppError(.usage, "A count is for one-time challenges: a static one serves many devices.")
        }
        guard input.transactionID == nil || (!isStatic && isSingle) else {
            throw AppError(.usage, "A transactionID is for one one-time challenge.")
        }
        let binds = input.subject != nil || input.subjectAltNames != nil || input.keyType != nil
        guard !binds || (!isStatic && isSingle) else {
            throw AppError(.usage, "Subject, alternative names and key type are for one one-time challenge.")
        }
        guard !isStatic || (input.raProfile == nil && input.device == nil) else {
            throw AppError(.usage, "RA profile and device are for one-time challenges.")
        }
        guard input.device == nil || isSingle, (1...256).contains(input.device?.utf8.count ?? 1) else {
            throw AppError(.usage, "The device is for one one-time challenge, and has 1 to 256 bytes.")
        }
    }
}

extension AdministrationContext {
    /// The longest that a code lives which a code issuer makes, in hours: a month.
    private static let issuersHours = 720.0

    /// A code issuer's codes end, and are good once: whoever steals its token must not leave a key under the mat.
    fileprivate func checkIssuer(_ input: NewChallenges.Input) throws {
        guard !principal.allows(.administering, profile: nil) else { return }
        guard input.staticName == nil else {
            throw AppError(
                .denied,
                "A code issuer makes one-time challenges, and no static ones.",
                hint: "Have an administrator make it."
            )
        }
        guard input.hours ?? 0 <= Self.issuersHours else {
            throw AppError(
                .denied,
                "The codes of a code issuer live \(Int(Self.issuersHours)) hours at most.",
                hint: "Make them when they are needed, or have an administrator make them."
            )
        }
    }
}

extension NewChallenges {
    private static func identity(_ input: Input) throws -> BoundIdentity? {
        try .written(subject: input.subject, names: input.subjectAltNames, keyType: input.keyType)
    }

    private static func make(
        _ input: Input,
        _ challenges: ChallengeAdministration,
        boundTo identity: BoundIdentity?,
        _ maximum: Int?
    ) async throws(StoreError) -> [String] {
        let lifetime = input.hours.map { $0 * 3600 }
        if let name = input.staticName {
            return [
                try await challenges.makeStatic(
                    code: input.code,
                    name: name,
                    profile: input.profile,
                    lifetime: lifetime
                )
            ]
        }
        guard let transactionID = input.transactionID else {
            return try await challenges.makeOneTime(
                count: input.count ?? 1,
                profile: input.profile,
                lifetime: lifetime ?? 86_400,
                boundTo: identity,
                raProfile: input.raProfile,
                device: input.device,
                maximumOutstanding: maximum
            )
        }
        return [
            try await challenges.makeForRequest(
                transactionID: transactionID,
                profile: input.profile,
                lifetime: lifetime ?? 86_400,
                boundTo: identity,
                raProfile: input.raProfile,
                device: input.device,
                maximumOutstanding: maximum
            )
        ]
    }
}

extension RevokeChallenge: LocalOperation {
    /// Takes a challenge back.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        context.audit("challenge \(input.id)")
        do {
            guard try await context.state.challenges.revokeChallenge(input.id.uuid, at: context.now) else {
                throw AppError(.missing, "There is no such challenge, or it was taken back before.")
            }
        } catch let error as StoreError {
            throw AppError(error)
        }
        return NoContent()
    }
}

extension ChallengeDocument {
    /// A challenge as it is at a moment.
    init(_ record: ChallengeRecord, at now: Date) {
        self.init(
            id: Identifier(record.id),
            profile: record.profile,
            kind: record.kind.rawValue,
            name: record.name,
            createdAt: record.createdAt,
            expiresAt: record.expiresAt,
            state: State(record, at: now),
            boundSubject: record.boundTo?.subjectText,
            boundNames: record.boundTo?.nameTexts,
            boundKeyType: record.boundTo?.keyType,
            raProfile: record.raProfile,
            device: record.device
        )
    }
}

extension ChallengeDocument.State {
    fileprivate init(_ record: ChallengeRecord, at now: Date) {
        if record.revokedAt != nil {
            self = .revoked
        } else if record.usedAt != nil {
            self = .used
        } else if let expiresAt = record.expiresAt, expiresAt <= now {
            self = .expired
        } else {
            self = .open
        }
    }
}
