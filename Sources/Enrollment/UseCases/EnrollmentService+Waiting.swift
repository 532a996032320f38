// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SCEP
internal import X509

internal import struct Foundation.UUID

extension EnrollmentService {
    /// How many people have to approve a request; nil when it is issued at once.
    func neededVotes(
        _ request: CertificationRequest,
        _ contents: CertificateContents,
        _ entitlement: Entitlement,
        _ deliberation: inout Deliberation
    ) -> Int? {
        let settings = deliberation.profile.settings
        let needed = max(1, settings.approvers.needed)
        switch settings.approval {
        case .automatic: return nil
        case .enrollments: return entitlement.renewed == nil ? needed : nil
        case .all: return needed
        case .rules:
            // A renewal keeps what it has, whatever its request says.
            let names =
                entitlement.renewed == nil
                ? try? RequestValues(request)
                : RequestValues(subject: contents.subject, names: contents.names ?? SubjectAlternativeNames())
            let subject = ApprovalSubject(
                purpose: entitlement.renewed == nil ? .enrollment : .renewal,
                raProfile: deliberation.profile.raProfile,
                key: contents.keyAlgorithm,
                values: (names?.texts ?? [:]).merging(entitlement.attributes.values) { requested, _ in requested },
                others: names?.others ?? []
            )
            guard let (number, rule) = subject.rule(among: settings.approvalRules) else {
                deliberation.note("approval", "no rule is about it")
                return needed
            }
            deliberation.note("approval", "rule \(number) says: \(rule.then.rawValue)")
            return rule.then == .issue ? nil : rule.needed ?? needed
        }
    }

    /// Lets an application wait, unless it was decided before.
    ///
    /// - Returns: the certificate, when the same request was issued one before.
    /// - Throws: an `Ending`, with `approvalPending` as long as it waits.
    func wait(
        _ application: Application,
        _ opened: OpenedRequest,
        _ entitlement: Entitlement,
        neededVotes: Int,
        _ deliberation: inout Deliberation
    ) async throws -> CertificateRecord {
        try await heedDenial(application, &deliberation)
        let approval = try approval(application, opened, entitlement, neededVotes, deliberation)
        let outcome: PendingOutcome
        do {
            outcome = try await approvals.wait(approval, claims: application.claims)
        } catch {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
        switch outcome {
        case .pending(let waiting):
            // As with a request that was issued, only its first coming proves something.
            if waiting.id != approval.id { deliberation.isAuthenticated = false }
            throw pending(waiting, &deliberation)
        case .alreadyIssued(let certificate):
            return try earlier(certificate, &deliberation)
        case .alreadyOpen(let open):
            return try await takeUp(open, &deliberation)
        case .otherRequestOpen:
            throw deliberation.fail(
                "transaction",
                .transactionOtherOpen,
                "another request has the same transactionID and key"
            )
        case .claimRefused(let refusal):
            deliberation.isAuthenticated = false
            throw deliberation.fail("challenge", refusal.reason, "somebody else was faster")
        }
    }

    /// Ends a request that was denied before, as long as it could have waited.
    ///
    /// Some clients never poll but send the same request again: they hear of the denial here, and nobody has to deny what a
    /// certificate or a static challenge entitles them to ask for again and again. Another node's denial may come between this
    /// and `wait`; then it is the next repetition that hears of it.
    private func heedDenial(_ application: Application, _ deliberation: inout Deliberation) async throws {
        let newest: ApprovalRecord?
        do {
            newest = try await approvals.newestApproval(application.key)
        } catch {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
        guard let newest, newest.state == .denied, newest.requestDigest == application.requestDigest,
            newest.expiresAt > deliberation.receivedAt
        else { return }
        deliberation.isAuthenticated = false
        throw denied(newest, &deliberation)
    }

    /// The same request, if it waits for a decision that its profile does not ask for any more.
    func waiting(_ application: Application, _ deliberation: inout Deliberation) async throws -> ApprovalRecord? {
        do {
            let newest = try await approvals.newestApproval(application.key)
            guard let newest, newest.state == .pending, newest.requestDigest == application.requestDigest else {
                return nil
            }
            deliberation.isAuthenticated = false
            return newest
        } catch {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
    }

    /// Ends a request that waits: with PENDING, or with FAILURE when nobody decided in time.
    func pending(_ approval: ApprovalRecord, _ deliberation: inout Deliberation) -> Ending {
        guard approval.expiresAt > deliberation.receivedAt else {
            return deliberation.fail("approval", .approvalExpired, "nobody decided until \(approval.expiresAt)")
        }
        let id = approval.id.uuidString.lowercased()
        deliberation.note("approval", "request \(id) waits until \(approval.expiresAt)")
        return Ending(reason: .approvalPending, detail: "")
    }

    /// Ends a request that was denied, or that was approved and its order refused by the issuer.
    func denied(_ approval: ApprovalRecord, _ deliberation: inout Deliberation) -> Ending {
        let by = approval.decidedBy ?? "-"
        guard approval.isRefusedByIssuer else {
            return deliberation.fail("approval", .approvalDenied, "denied by \(by)")
        }
        deliberation.pass("approval", "approved by \(by)")
        return deliberation.fail("issuer", .issuerRefused, "it refused the order that followed the approval")
    }

    private func approval(
        _ application: Application,
        _ opened: OpenedRequest,
        _ entitlement: Entitlement,
        _ neededVotes: Int,
        _ deliberation: Deliberation
    ) throws -> ApprovalRecord {
        var generator = SecureRandom()
        let id = UUID.version7(at: deliberation.receivedAt, using: &generator)
        let password = opened.replyDelivery == .password ? entitlement.password : nil
        var approval = ApprovalRecord(
            id: id,
            key: application.key,
            requestDigest: application.requestDigest,
            publicKeyDigest: application.publicKeyDigest,
            request: application.request,
            subject: application.subject,
            raProfile: deliberation.profile.raProfile,
            issuerID: application.issuer.id,
            renewedCertificate: entitlement.renewed?.der,
            attributes: entitlement.attributes,
            neededVotes: neededVotes,
            sealedChallenge: try password.map { password in
                try masterKey.wrap(
                    Array(password.utf8),
                    purpose: .columnEncryption,
                    context: Self.challengeContext(id)
                )
            },
            remoteAddress: deliberation.remoteAddress,
            createdAt: deliberation.receivedAt,
            expiresAt: deliberation.receivedAt.addingTimeInterval(
                86_400 * Double(max(1, deliberation.profile.settings.approvalDays))
            )
        )
        approval.authentication = deliberation.authentication
        return approval
    }

    /// The challenge of a request that waits, or waited.
    func password(_ approval: ApprovalRecord?) -> String? {
        guard let approval, let sealed = approval.sealedChallenge,
            let bytes = try? masterKey.unwrap(
                sealed,
                purpose: .columnEncryption,
                context: Self.challengeContext(approval.id)
            )
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func challengeContext(_ id: UUID) -> String { "approval \(id)" }
}
