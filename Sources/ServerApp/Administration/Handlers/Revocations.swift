// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment
internal import PKIX

internal import struct Foundation.Date
internal import struct Foundation.UUID

extension RevokeCertificate: LocalOperation {
    /// Revokes a certificate.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        if let at = input.at, at > context.now { throw AppError(.usage, "'at' has to be before now.", pointer: "/at") }
        let record = try await context.state.certificate(input.certificate)
        switch try await context.revoke(record, input.reason, at: input.at) {
        case .done: return try await context.state.document(of: record, at: context.now)
        case .alreadyRevoked(let revocation):
            throw AppError(
                .conflict,
                "The certificate is revoked already, since \(AdminJSON.text(revocation.at)) (\(revocation.reason))."
            )
        case .notOnHold, .unknown: throw AppError(.conflict, "The certificate has disappeared.")
        }
    }
}

extension ReleaseCertificate: LocalOperation {
    /// Releases a certificate.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let record = try await context.state.certificate(input.certificate)
        var free = record
        free.revocation = nil
        try context.audit(
            "certificate \(record.serialNumber.hexadecimal)",
            before: CertificateDocument(record, at: context.now),
            after: CertificateDocument(free, at: context.now)
        )
        let outcome: RevocationOutcome
        do {
            outcome = try await context.state.certificateAdministration.release(record)
        } catch {
            throw AppError(error)
        }
        switch outcome {
        case .done: return try await context.state.document(of: record, at: context.now)
        case .notOnHold, .alreadyRevoked:
            throw AppError(
                .conflict,
                "The certificate is not on hold.",
                hint: "Only what was revoked with the reason certificateHold can be released."
            )
        case .unknown: throw AppError(.conflict, "The certificate has disappeared.")
        }
    }
}

extension RevokeCertificates: LocalOperation {
    /// Revokes many certificates, each in a storage transaction of its own.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let records = try await chosen(input, context)
        if let expected = input.expectedCount, expected != records.count {
            throw AppError(
                .conflict,
                "\(records.count) certificates are found, and \(expected) were expected; nothing was revoked.",
                hint: "Look which ones with a dry run."
            )
        }
        var items: [Output.Item] = []
        for record in records {
            let outcome: Output.Item.Outcome
            if input.dryRun == true {
                outcome = record.canBeRevoked(input.reason) ? .wouldBeRevoked : .alreadyRevoked
            } else {
                // One that is gone meanwhile can't be: certificates never go.
                outcome = try await context.revoke(record, input.reason, at: nil) == .done ? .revoked : .alreadyRevoked
            }
            items.append(
                Output.Item(
                    id: Identifier(record.id),
                    serialNumber: record.serialNumber.hexadecimal,
                    subject: record.subject,
                    outcome: outcome
                )
            )
        }
        return Output(items: items)
    }

    private static func chosen(_ input: Input, _ context: AdministrationContext) async throws -> [CertificateRecord] {
        switch (input.certificates, input.filter) {
        case (let names?, nil):
            var records: [CertificateRecord] = []
            var known: Set<UUID> = []
            // All of them first: a slip of the pen is found before anything is done.
            for name in names {
                let record = try await context.state.certificate(name)
                if known.insert(record.id).inserted { records.append(record) }
            }
            return records
        case (nil, let filter?):
            guard filter != CertificateFilterDocument() else {
                throw AppError(.usage, "The filter names nothing, and would find every certificate.")
            }
            guard input.dryRun == true || input.expectedCount != nil else {
                throw AppError(
                    .usage,
                    "How many certificates the filter is expected to find has to be said.",
                    hint: "A dry run tells how many there are."
                )
            }
            return try await found(filter, context)
        default:
            throw AppError(.usage, "Either certificates are named, or a filter finds them.")
        }
    }

    private static func found(
        _ filter: CertificateFilterDocument,
        _ context: AdministrationContext
    ) async throws -> [CertificateRecord] {
        var filter = filter
        filter.status = filter.status ?? [.valid, .onHold]
        let query = try CertificateQuery(filter, now: context.now)
        var records: [CertificateRecord] = []
        var after: UUID?
        do {
            repeat {
                let part = try await context.state.certificates.certificates(
                    matching: query,
                    after: after,
                    limit: maximumCount + 1
                )
                records += part.records
                after = part.next
                guard records.count <= maximumCount else {
                    throw AppError(
                        .conflict,
                        "More than \(maximumCount) certificates are found.",
                        hint: "Narrow the filter, for instance by when they were issued."
                    )
                }
                try Task.checkCancellation()
            } while after != nil
        } catch let error as StoreError {
            throw AppError(error)
        }
        return records
    }
}

extension CertificateRecord {
    /// Whether it is not revoked, or is on hold and would be revoked for another reason.
    fileprivate func canBeRevoked(_ word: RevocationWord?) -> Bool {
        guard let revocation else { return true }
        return revocation.reason == .certificateHold && word != .certificateHold
    }
}

extension AdministrationContext {
    /// Revokes a certificate, with its own row of the audit log.
    fileprivate func revoke(
        _ record: CertificateRecord,
        _ word: RevocationWord?,
        at moment: Date?
    ) async throws -> RevocationOutcome {
        let reason = (word ?? .unspecified).reason
        var after = record
        after.revocation = Revocation(at: record.revocation?.at ?? moment ?? now, reason: reason)
        try audit(
            "certificate \(record.serialNumber.hexadecimal)",
            before: CertificateDocument(record, at: now),
            after: CertificateDocument(after, at: now)
        )
        do {
            return try await state.certificateAdministration.revoke(record, reason: reason, at: moment)
        } catch {
            throw AppError(error)
        }
    }
}

extension OpenedState {
    /// A certificate as it is stored now.
    fileprivate func document(of record: CertificateRecord, at now: Date) async throws -> CertificateDocument {
        CertificateDocument(try await certificate(record.id.uuidString), at: now)
    }
}

extension RevocationWord {
    /// The reason as PKIX has it.
    var reason: RevocationReason {
        switch self {
        case .unspecified: .unspecified
        case .keyCompromise: .keyCompromise
        case .cACompromise: .cACompromise
        case .affiliationChanged: .affiliationChanged
        case .superseded: .superseded
        case .cessationOfOperation: .cessationOfOperation
        case .certificateHold: .certificateHold
        case .privilegeWithdrawn: .privilegeWithdrawn
        case .aACompromise: .aACompromise
        }
    }
}
