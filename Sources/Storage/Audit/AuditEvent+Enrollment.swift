// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// What a reservation writes to the audit log: made before the transaction begins, which others wait for.
struct ReservationAudit: Sendable {
    /// For a certificate that is signed at once.
    let issued: PreparedAuditEvent
    /// The act that the reservation is part of, such as an approval.
    let act: PreparedAuditEvent?
    private let reservation: Reservation

    init(_ reservation: Reservation, act: AuditAct?) {
        self.reservation = reservation
        issued = PreparedAuditEvent(.enrollment("enrollment.issued", reservation, act))
        self.act = act.map { PreparedAuditEvent($0.event) }
    }

    /// For a certificate that takes longer.
    var ordered: PreparedAuditEvent {
        var event = issued.event
        event.action = "enrollment.ordered"
        event.outcome = "ordered"
        return PreparedAuditEvent(event)
    }
}

extension AuditEvent {
    /// What somebody's request comes to by its reservation.
    fileprivate static func enrollment(_ action: String, _ reservation: Reservation, _ act: AuditAct?) -> AuditEvent {
        var details = AuditDetails()
        details.add("profile", reservation.key.profile)
        details.add("raProfile", reservation.raProfile)
        details.add("transactionID", reservation.key.transactionID)
        details.add("subject", reservation.applicant.subject)
        details.add("serialNumber", hexadecimal: reservation.order.serialNumber)
        details.add("issuer", reservation.order.issuerID.lowercaseText)
        details.add("keyDigest", hexadecimal: reservation.publicKeyDigest)
        details.add("authentication", reservation.applicant.authentication)
        details.add("transaction", reservation.id.lowercaseText)
        return AuditEvent(
            at: reservation.reservedAt,
            actID: act?.id ?? reservation.id,
            action: action,
            actor: act?.actor ?? "device",
            origin: act?.origin ?? reservation.applicant.remoteAddress,
            target: "certificate \(reservation.order.serialNumber.hexadecimal)",
            after: details.text,
            outcome: "issued"
        )
    }

    /// A certificate that an issuer gave back for what was ordered before.
    static func finished(_ certificate: CertificateRecord, _ transaction: UUID) -> AuditEvent {
        var details = AuditDetails()
        details.add("profile", certificate.profile)
        details.add("subject", certificate.subject)
        details.add("serialNumber", hexadecimal: certificate.serialNumber)
        details.add("issuer", certificate.issuerID.lowercaseText)
        details.add("keyDigest", hexadecimal: certificate.publicKeyDigest)
        details.add("transaction", transaction.lowercaseText)
        var event = AuditEvent.server(
            "enrollment.issued",
            "certificate \(certificate.serialNumber.hexadecimal)",
            at: certificate.issuedAt,
            actID: transaction,
            after: details.text
        )
        event.outcome = "issued"
        return event
    }

    /// A request that begins to wait.
    static func waiting(_ approval: ApprovalRecord) -> AuditEvent {
        var details = AuditDetails()
        details.add("profile", approval.key.profile)
        details.add("raProfile", approval.raProfile)
        details.add("transactionID", approval.key.transactionID)
        details.add("subject", approval.subject)
        details.add("issuer", approval.issuerID.lowercaseText)
        details.add("keyDigest", hexadecimal: approval.publicKeyDigest)
        details.add("authentication", approval.authentication)
        details.add("neededVotes", approval.neededVotes)
        return AuditEvent(
            at: approval.createdAt,
            actID: approval.id,
            action: "enrollment.waiting",
            actor: "device",
            origin: approval.remoteAddress,
            target: "request \(approval.id.lowercaseText)",
            after: details.text,
            outcome: "approval.pending"
        )
    }

    /// What somebody says about a request that waits.
    static func decision(_ action: String, on request: UUID, _ decision: ApprovalDecision) -> AuditEvent {
        var details = AuditDetails()
        details.add("note", decision.note)
        return AuditEvent(
            at: decision.at,
            actID: request,
            action: action,
            actor: decision.by,
            origin: "local",
            target: "request \(request.lowercaseText)",
            after: details.text
        )
    }

    /// A certificate that is revoked by somebody who is not told of, or by the server.
    static func revoked(_ issuerID: UUID, _ serialNumber: [UInt8], _ revocation: Revocation) -> AuditEvent {
        var details = AuditDetails()
        details.add("issuer", issuerID.lowercaseText)
        details.add("reason", "\(revocation.reason)")
        return .server(
            "certificate.revoked",
            "certificate \(serialNumber.hexadecimal)",
            at: revocation.at,
            after: details.text
        )
    }
}

extension ConfigurationChange {
    /// What is changed, as the audit log names it; nil for what changes nothing.
    var auditedTarget: String? {
        switch self {
        case .addIssuer(let issuer): "issuer \(issuer.name) \(issuer.keyGeneration)"
        case .addRACredential(let credential): "ra-credential \(credential.id.lowercaseText)"
        case .putSCEPProfile(let profile): "profile \(profile.name)"
        case .putRAProfile(let profile): "ra-profile \(profile.name)"
        case .removeSCEPProfile(let id, version: _): "profile \(id.lowercaseText)"
        case .removeRAProfile(let id, version: _): "ra-profile \(id.lowercaseText)"
        case .requireVersion: nil
        case .moveIssuer(let id, let from, let to): "issuer \(id.lowercaseText) from \(from.rawValue) to \(to.rawValue)"
        case .moveRACredential(let id, let from, let to):
            "ra-credential \(id.lowercaseText) from \(from.rawValue) to \(to.rawValue)"
        case .addAlternateAuthority(let authority): "alternate-authority \(authority.name)"
        case .putAlternateCertificateList(let id, der: _): "alternate-authority \(id.lowercaseText)"
        case .removeAlternateAuthority(let id): "alternate-authority \(id.lowercaseText)"
        }
    }
}
