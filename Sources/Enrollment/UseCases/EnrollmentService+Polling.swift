// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP

internal import struct Foundation.Date

extension EnrollmentService {
    /// A CertPoll: answered from the record alone, by transactionID and signer (client-quirks I5, I6).
    func poll(
        _ message: VerifiedMessage,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        let key = TransactionKey(
            profile: deliberation.profile.name,
            transactionID: message.received.transactionID.text,
            signerDigest: sender.digest
        )
        let approval: ApprovalRecord?
        let transaction: ReservationOutcome?
        do {
            // In this order: a decision becomes durable with its certificate, so what the second look finds is not older.
            approval = try await approvals.newestApproval(key)
            transaction = try await transactions.newest(key)
        } catch {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
        guard approval != nil || transaction != nil else {
            throw deliberation.fail("poll", .pollUnknown, "no request of this signer has this transactionID")
        }
        // Its trace stays one of a stranger: whoever captured a poll can send it as often as they like (design §6.9).
        let opened = try close(message, &deliberation)
        guard let certificate = try await polled(approval, transaction, &deliberation) else {
            throw deliberation.fail("poll", .pollUnknown, "no request of this signer has this transactionID")
        }
        let password = password(approval)
        if opened.replyDelivery == .password, password == nil {
            throw deliberation.fail(
                "reply",
                .replyUndeliverable,
                "the signer's key can't decrypt, and the challenge of the request is not kept"
            )
        }
        return Outcome(
            opened: opened,
            contents: contents(certificate, deliberation.profile),
            password: password,
            reason: .issuedAgain,
            serialNumber: certificate.serialNumber
        )
    }

    /// Takes a poll without looking into its envelope: what is answered must not depend on whether it opens (design §6.1).
    private func close(_ message: VerifiedMessage, _ deliberation: inout Deliberation) throws -> OpenedRequest {
        do {
            let poll = try message.unopened(with: deliberation.profile.credentials)
            deliberation.credential = poll.credential
            deliberation.pass("envelope", "\(message.cipher.rawValue), \(poll.delivery.label), left closed")
            return poll
        } catch {
            let (step, reason, detail) = ReasonCode.explain(error)
            throw deliberation.fail(step, reason, detail)
        }
    }

    private func polled(
        _ approval: ApprovalRecord?,
        _ transaction: ReservationOutcome?,
        _ deliberation: inout Deliberation
    ) async throws -> CertificateRecord? {
        // The newer of the two is what the client means: a request may have been denied, and another issued since. What was
        // approved counts whatever the clock of the node says that approved it.
        switch transaction {
        case .alreadyIssued(let certificate)
        where approval?.state == .approved || certificate.issuedAt >= approval?.createdAt ?? .distantPast:
            return try earlier(certificate, &deliberation)
        case .alreadyOpen(let open):
            guard open.lease.until < time.now else {
                deliberation.note("poll", "the issuer is still working on it")
                throw Ending(reason: .approvalPending, detail: "the issuer is still working on it")
            }
            return try await takeUp(open, &deliberation)
        default: break
        }
        switch approval?.state {
        case .pending: throw pending(try found(approval), &deliberation)
        case .denied: throw denied(try found(approval), &deliberation)
        case .expired: throw deliberation.fail("approval", .approvalExpired, "nobody decided in time")
        case .approved, nil: return nil
        }
    }

    private func found(_ approval: ApprovalRecord?) throws -> ApprovalRecord {
        guard let approval else { throw Ending(reason: .internalError, detail: "no approval") }
        return approval
    }
}
