// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SCEP

public import struct Foundation.Date
public import struct Foundation.UUID

/// What became of a decision.
public enum DecisionOutcome: Sendable {
    /// The request is approved, and this is its certificate.
    case issued(CertificateRecord)
    /// The request is approved; the issuer takes longer.
    case ordered
    /// So many people are for the request, and more are needed: it still waits.
    case counted(Int, of: Int)
    /// The request is denied.
    case denied
    /// There is no such request.
    case unknown
    /// It was decided before, or expired.
    case decided(ApprovalState)
    /// The profile or its rules do not allow it any more: it still waits.
    case refused(ReasonCode, String)
}

/// Decides on requests that wait.
public struct ApprovalAdministration: Sendable {
    private let service: EnrollmentService
    private let profiles: @Sendable (String) -> ServedProfile?

    /// Puts the use-case together.
    ///
    /// - Parameters:
    ///   - service: issues what is approved.
    ///   - profiles: the profiles by name, as they are served now.
    public init(service: EnrollmentService, profiles: @escaping @Sendable (String) -> ServedProfile?) {
        self.service = service
        self.profiles = profiles
    }

    /// Approves a request: as soon as enough people are for it, decision, transaction and certificate become durable together.
    ///
    /// - Parameters:
    ///   - id: the request's id.
    ///   - by: who decides.
    ///   - note: what they write.
    /// - Returns: what became of it.
    /// - Throws: `StoreError`.
    public func approve(
        _ id: UUID,
        by: String,
        note: String? = nil
    ) async throws(StoreError) -> DecisionOutcome {
        guard let approval = try await service.approvals.approval(id) else { return .unknown }
        guard approval.state == .pending else { return .decided(approval.state) }
        guard let profile = profiles(approval.key.profile) else {
            return .refused(.policyProfile, "the profile '\(approval.key.profile)' is not served")
        }
        let decision = ApprovalDecision(by: by, at: service.time.now, note: note)
        guard decision.at < approval.expiresAt else { return .decided(.expired) }
        if let refusal = service.refusal(of: by, approval, profile) { return refusal }
        if let refusal = service.refusalOfOwn(by, approval, profile) { return refusal }
        if approval.neededVotes > 1 {
            switch try await service.approvals.vote(id, decision) {
            case .counted(_, let needed):
                // Who may not decide any more does not count any more.
                let approvers = profile.settings.approvers
                let votes = try await service.approvals.votes(on: id).count {
                    approvers.allows($0.by) && profile.ownMaker(of: approval, among: [$0.by]) == nil
                }
                if votes < needed { return .counted(votes, of: needed) }
            case .notWaiting: return .decided(try await service.approvals.approval(id)?.state ?? .expired)
            }
        }
        return await service.approve(approval, decision, profile)
    }

    /// Denies a request, which one person can do, however many are needed to approve it.
    ///
    /// - Throws: `StoreError`.
    public func deny(
        _ id: UUID,
        by: String,
        note: String? = nil
    ) async throws(StoreError) -> DecisionOutcome {
        if let approval = try await service.approvals.approval(id), let profile = profiles(approval.key.profile),
            let refusal = service.refusal(of: by, approval, profile)
        {
            return refusal
        }
        // Somebody's denial in the very words of an issuer's refusal would be told as one.
        let note = note == ApprovalRecord.issuersRefusal ? ApprovalRecord.issuersRefusal + "." : note
        let decision = ApprovalDecision(by: by, at: service.time.now, note: note)
        if try await service.approvals.deny(id, decision) { return .denied }
        guard let approval = try await service.approvals.approval(id) else { return .unknown }
        return .decided(approval.state == .pending ? .expired : approval.state)
    }
}

extension ServedProfile {
    /// Who of some people asked for a request themselves, where that matters.
    fileprivate func ownMaker(of approval: ApprovalRecord, among names: [String]) -> String? {
        guard settings.fourEyes == .required else { return nil }
        return approval.attributes.makers.first { maker in names.contains { ActorName.isSame($0, maker) } }
    }
}

extension EnrollmentService {
    /// Refuses the decision of somebody who may not decide, which is on record.
    fileprivate func refusal(of name: String, _ approval: ApprovalRecord, _ profile: ServedProfile) -> DecisionOutcome?
    {
        let approvers = profile.settings.approvers
        guard !approvers.allows(name) else { return nil }
        var deliberation = deliberation(on: approval, profile, time.now)
        let ending = deliberation.fail(
            "approval",
            .approvalNotEntitled,
            "'\(name)' may not decide on requests of this profile; \(approvers.names.joined(separator: ", ")) may"
        )
        traces.record(deliberation.trace(ending.reason))
        tell(deliberation, ending.reason, detail: ending.detail, serialNumber: nil)
        return .refused(ending.reason, ending.detail)
    }

    /// Refuses whoever asked for the request themselves, where that takes somebody else; it is on record.
    fileprivate func refusalOfOwn(
        _ name: String,
        _ approval: ApprovalRecord,
        _ profile: ServedProfile
    ) -> DecisionOutcome? {
        guard let maker = profile.ownMaker(of: approval, among: [name]) else { return nil }
        var deliberation = deliberation(on: approval, profile, time.now)
        let ending = deliberation.fail(
            "approval",
            .approvalOwnRequest,
            "'\(name)' may not approve it: its challenge or registration was made by \(maker)"
        )
        traces.record(deliberation.trace(ending.reason))
        tell(deliberation, ending.reason, detail: ending.detail, serialNumber: nil)
        return .refused(ending.reason, ending.detail)
    }

    private func deliberation(on approval: ApprovalRecord, _ profile: ServedProfile, _ moment: Date) -> Deliberation {
        var deliberation = Deliberation(
            profile: profile,
            remoteAddress: approval.remoteAddress,
            receivedAt: moment
        )
        deliberation.transactionID = approval.key.transactionID
        deliberation.isAuthenticated = true
        return deliberation
    }

    /// Issues what waited, by the rules of its profile as they are now.
    func approve(
        _ approval: ApprovalRecord,
        _ decision: ApprovalDecision,
        _ profile: ServedProfile
    ) async -> DecisionOutcome {
        var deliberation = deliberation(on: approval, profile, decision.at)
        deliberation.authentication = "request \(approval.id.uuidString.lowercased()), approved by \(decision.by)"
        deliberation.pass("approval", "approved by \(decision.by)\(decision.note.map { ": \($0)" } ?? "")")
        do {
            let application = try await application(approval, decision, &deliberation)
            let (certificate, reason) = try await issue(application, &deliberation)
            tell(deliberation, reason, detail: "", serialNumber: certificate.serialNumber)
            return .issued(certificate)
        } catch let ending as Ending {
            traces.record(deliberation.trace(ending.reason))
            tell(deliberation, ending.reason, detail: ending.detail, serialNumber: nil)
            switch ending.reason {
            case .transactionInProgress: return .ordered
            case .approvalDecided: return .decided((try? await approvals.approval(approval.id))?.state ?? .expired)
            default: return .refused(ending.reason, ending.detail)
            }
        } catch {
            return .refused(.internalError, "\(type(of: error))")
        }
    }

    private func application(
        _ approval: ApprovalRecord,
        _ decision: ApprovalDecision,
        _ deliberation: inout Deliberation
    ) async throws -> Application {
        let profile = deliberation.profile
        guard let request = try? CertificationRequest(derEncoded: approval.request),
            let key = try? request.subjectPublicKeyInfo.publicKey(limits: profile.algorithms.clientKeyLimits)
        else { throw deliberation.fail("request", .internalError, "the stored request can't be read") }
        let renewed = try approval.renewedCertificate.map { try EncodedCertificate(derEncoded: $0) }
        if let renewed { try await checkRenewed(renewed, &deliberation) }
        if let bound = approval.attributes.boundRAProfile, bound != profile.raProfile {
            throw deliberation.fail(
                "challenge",
                .policyProfile,
                "its challenge is bound to the RA profile '\(bound)', and '\(profile.raProfile)' would issue now"
            )
        }
        try await checkProxy(approval.attributes, request, &deliberation)
        let contents = try contents(
            request,
            key.algorithm,
            renewed: renewed,
            attributes: approval.attributes,
            &deliberation
        )
        return Application(
            key: approval.key,
            requestDigest: approval.requestDigest,
            publicKeyDigest: approval.publicKeyDigest,
            request: approval.request,
            subject: approval.subject,
            contents: contents,
            claims: [.approval(approval.id, decision)],
            duplicates: duplicates(contents, renewed: renewed, profile),
            issuer: profile.generation(issuerID: approval.issuerID).issuer
        )
    }

    /// Checks that what authenticated a renewal still does.
    ///
    /// It may have been revoked while the request waited; that it has expired meanwhile does not matter.
    private func checkRenewed(_ renewed: EncodedCertificate, _ deliberation: inout Deliberation) async throws {
        let input = RenewalSignerCheck.Input(
            sender: try await sender(renewed, &deliberation),
            profile: deliberation.profile.name,
            policy: deliberation.profile.settings.renewal,
            now: deliberation.receivedAt
        )
        for check in RenewalSignerCheck.all where check.reason != .renewalExpired {
            if let detail = check.violation(input) { throw deliberation.fail("renewal", check.reason, detail) }
        }
    }
}
