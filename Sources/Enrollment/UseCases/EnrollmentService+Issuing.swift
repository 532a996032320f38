// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX

internal import struct Foundation.Date
internal import struct Foundation.UUID

extension EnrollmentService {
    /// Reserve → sign → finish (design §4.5).
    func issue(
        _ application: Application,
        _ deliberation: inout Deliberation
    ) async throws -> (certificate: CertificateRecord, reason: ReasonCode) {
        let prepared = try prepare(application, &deliberation)
        let order = IssuanceOrder(
            issuerID: application.issuer.id,
            serialNumber: prepared.serialNumber,
            toBeSigned: prepared.toBeSigned
        )
        let work = Work(application, prepared, order, now: deliberation.receivedAt)
        fault(.beforeReserve)
        deliberation.pass("issuing", "serial number \(order.serialNumber.hexadecimal)")
        let reservation = reservation(application, work, deliberation)
        let outcome: ReservationOutcome
        do {
            let (issuer, fault) = (application.issuer, fault)
            outcome = try await transactions.reserve(reservation) {
                fault(.beforeSign)
                guard let der = try issuer.signNow(order) else { return nil }
                fault(.afterSign)
                return try work.record(signedHere: der)
            }
        } catch let error as StoreError {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        } catch let error as IssuanceError {
            throw deliberation.fail("issuer", error.reason, error.sentence)
        }
        if case .otherRequestOpen = outcome, let same = try await waiting(application, &deliberation) {
            throw pending(same, &deliberation)
        }
        return try await conclude(outcome, work, &deliberation)
    }

    private func conclude(
        _ outcome: ReservationOutcome,
        _ work: Work,
        _ deliberation: inout Deliberation
    ) async throws -> (certificate: CertificateRecord, reason: ReasonCode) {
        switch outcome {
        case .issued(let certificate):
            return (certificate, .issued)
        case .alreadyIssued(let certificate):
            return (try earlier(certificate, &deliberation), .issuedAgain)
        case .reserved:
            fault(.afterReserve)
            let certificate = try await order(work, &deliberation)
            // The reservation kept no trace, since it did not know yet how this would end.
            traces.record(deliberation.trace(.issued))
            return (certificate, .issued)
        case .alreadyOpen(let open):
            return (try await takeUp(open, &deliberation), .issuedAgain)
        case .otherRequestOpen:
            throw deliberation.fail(
                "transaction",
                .transactionOtherOpen,
                "another request has the same transactionID and key"
            )
        case .claimRefused(let refusal):
            // Between the source's word and the reservation somebody else was faster.
            deliberation.isAuthenticated = false
            throw deliberation.fail("challenge", refusal.reason, "the reservation did not get it")
        case .duplicate(let duplicate, let serialNumber):
            throw deliberation.fail(
                "duplicates",
                duplicate.reason,
                "the certificate \(serialNumber.hexadecimal) has the same \(duplicate.rawValue)"
            )
        case .serialNumberTaken:
            throw deliberation.fail("issuer", .issuerFailed, "the serial number had been used before")
        }
    }

    /// What the same request was issued before, unless that is revoked: nobody gets it again.
    func earlier(_ certificate: CertificateRecord, _ deliberation: inout Deliberation) throws -> CertificateRecord {
        if let revocation = certificate.revocation {
            throw deliberation.fail(
                "transaction",
                .issuedRevoked,
                "the certificate of this request is revoked since \(revocation.at)"
            )
        }
        deliberation.note("transaction", "the same request was answered before")
        return certificate
    }

    /// Has a reserved transaction's certificate made by an issuer that takes longer.
    private func order(_ work: Work, _ deliberation: inout Deliberation) async throws -> CertificateRecord {
        let issuer = deliberation.profile.generation(issuerID: work.order.issuerID).issuer
        switch await issuer.issue(work.order, orderID: work.transactionID) {
        case .issued(let der):
            return try await finish(work, der, &deliberation)
        case .refused(let detail):
            _ = try? await transactions.abandon(work.transactionID, at: time.now)
            throw deliberation.fail("issuer", .issuerRefused, detail)
        case .pending, .unknown:
            // The reservation stays: when its lease ends, whoever comes next asks the issuer by the same order id.
            throw deliberation.fail("issuer", .transactionInProgress, "the issuer has not answered yet")
        }
    }

    private func finish(
        _ work: Work,
        _ der: [UInt8],
        _ deliberation: inout Deliberation
    ) async throws -> CertificateRecord {
        do {
            switch try await transactions.finish(work.transactionID, certificate: try work.record(received: der)) {
            case .issued(let certificate), .alreadyIssued(let certificate): return certificate
            case .notOpen: throw deliberation.fail("transaction", .transactionInProgress, "it was given up meanwhile")
            }
        } catch let error as StoreError {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        } catch let error as IssuanceError {
            throw deliberation.fail("issuer", error.reason, error.sentence)
        }
    }

    /// Takes up a transaction whose node died, with the order that it stored; one whose node may live is left to it.
    func takeUp(
        _ open: OpenTransaction,
        _ deliberation: inout Deliberation
    ) async throws -> CertificateRecord {
        // An order of an issuer that the profile has left is for `resume`, which knows them all.
        let issuers = deliberation.profile.authorities.generations.map(\.issuer.id)
        guard open.lease.until < time.now, issuers.contains(open.order.issuerID) else {
            throw deliberation.fail("transaction", .transactionInProgress, "its node is still working on it")
        }
        deliberation.note("transaction", "taken up after its node stopped working on it")
        return try await order(Work(takingUp: open, now: time.now), &deliberation)
    }

    func prepare(
        _ application: Application,
        _ deliberation: inout Deliberation
    ) throws -> PreparedCertificate {
        do {
            let prepared = try application.issuer.prepare(
                application.contents,
                template: deliberation.profile.template,
                now: deliberation.receivedAt
            )
            if prepared.endsWithIssuer {
                deliberation.note("validity", "shortened: it ends with the issuer's, \(prepared.notAfter)")
            }
            return prepared
        } catch {
            throw deliberation.fail("issuer", error.reason, error.sentence)
        }
    }

    /// What the RA profile's rule for duplicates looks for; nil when it allows everything.
    func duplicates(
        _ contents: CertificateContents,
        renewed: EncodedCertificate?,
        _ profile: ServedProfile
    ) -> DuplicateCheck? {
        guard !profile.duplicates.allowsEverything else { return nil }
        let subject = contents.subject
        return DuplicateCheck(
            policy: profile.duplicates,
            subjectDigest: subject.isEmpty
                ? nil : DigestAlgorithm.sha256.digest(Array(subject.comparableText.utf8)),
            keyDigest: contents.subjectPublicKeyInfo.canonicalDigest,
            renewedSerialNumber: renewed?.serialNumber
        )
    }

    /// Goes through a reservation and undoes it before anything is signed: whatever would be in its way is found.
    func rehearse(
        _ application: Application,
        _ prepared: PreparedCertificate,
        _ deliberation: inout Deliberation
    ) async throws -> ReasonCode {
        let order = IssuanceOrder(
            issuerID: application.issuer.id,
            serialNumber: prepared.serialNumber,
            toBeSigned: prepared.toBeSigned
        )
        let work = Work(application, prepared, order, now: deliberation.receivedAt)
        do {
            let outcome = try await transactions.reserve(reservation(application, work, deliberation)) {
                throw Rehearsal()
            }
            if case .alreadyOpen = outcome {
                throw deliberation.fail("transaction", .transactionInProgress, "the same request is being worked on")
            }
            return try await conclude(outcome, work, &deliberation).reason
        } catch is Rehearsal {
            return .issued
        } catch let error as StoreError {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
    }

    /// Where a rehearsal ends: what was reserved is undone with it.
    private struct Rehearsal: Error {}

    private func reservation(_ application: Application, _ work: Work, _ deliberation: Deliberation) -> Reservation {
        Reservation(
            id: work.transactionID,
            key: application.key,
            requestDigest: application.requestDigest,
            publicKeyDigest: application.publicKeyDigest,
            request: application.request,
            raProfile: deliberation.profile.raProfile,
            claims: application.claims,
            order: work.order,
            duplicates: application.duplicates,
            reservedAt: deliberation.receivedAt,
            lease: Lease(owner: node, until: deliberation.receivedAt.addingTimeInterval(Self.leaseDuration)),
            trace: deliberation.trace(.issued),
            applicant: Applicant(
                subject: application.subject,
                authentication: deliberation.authentication,
                remoteAddress: deliberation.remoteAddress
            )
        )
    }
}
