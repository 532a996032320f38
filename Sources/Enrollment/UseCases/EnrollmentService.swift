// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SCEP
internal import X509

public import struct Foundation.Date
public import struct Foundation.UUID

/// Answers pkiMessages: the whole way from bytes to a CertRep (design §4).
public struct EnrollmentService: Sendable {
    /// How long after its arrival a request that failed before authentication is answered.
    ///
    /// Longer than deciding takes, so that the time tells nothing; when deciding took longer all the same, the next
    /// multiple is waited for.
    public static let uniformDelay = 0.3
    /// How long a reserved transaction is left to its node: an issuer that takes longer is asked again by whoever comes next.
    static let leaseDuration = 30.0

    let transactions: any TransactionStore
    let traces: TraceRecorder
    let observer: any EnrollmentObserver
    let time: any TimeSource
    let node: UUID
    let fault: @Sendable (FaultPoint) -> Void

    /// Puts a service together.
    ///
    /// - Parameters:
    ///   - transactions: keeps transactions.
    ///   - traces: takes the traces of what was not issued.
    ///   - observer: hears of every decision.
    ///   - time: the clock.
    ///   - node: this start of the server; owns leases.
    ///   - fault: called at each place where a node may die.
    public init(
        transactions: any TransactionStore,
        traces: TraceRecorder,
        observer: any EnrollmentObserver,
        time: any TimeSource,
        node: UUID,
        fault: @escaping @Sendable (FaultPoint) -> Void = { _ in }
    ) {
        self.transactions = transactions
        self.traces = traces
        self.observer = observer
        self.time = time
        self.node = node
        self.fault = fault
    }

    /// Answers one pkiMessage.
    ///
    /// - Parameters:
    ///   - bytes: the message as it came.
    ///   - profile: the profile that its URL names.
    ///   - remoteAddress: where it came from.
    /// - Returns: what to send back.
    public func respond(
        to bytes: [UInt8],
        profile: ServedProfile,
        remoteAddress: String
    ) async -> EnrollmentReply {
        var deliberation = Deliberation(profile: profile, remoteAddress: remoteAddress, receivedAt: time.now)
        do {
            let opened = try open(bytes, &deliberation)
            let issued = try await decide(opened, &deliberation)
            fault(.afterFinish)
            let reply = try success(opened, issued.certificate, deliberation)
            if issued.reason != .issued {
                // Whoever captured a message can send it again: that proves nothing, and must not fill the disk.
                deliberation.isAuthenticated = false
                traces.record(deliberation.trace(issued.reason))
            }
            tell(deliberation, issued.reason, detail: "", serialNumber: issued.certificate.serialNumber)
            fault(.beforeReply)
            return .certRep(reply)
        } catch let ending as Ending {
            traces.record(deliberation.trace(ending.reason))
            tell(deliberation, ending.reason, detail: ending.detail, serialNumber: nil)
            return await refuse(ending.reason, deliberation)
        } catch {
            let ending = deliberation.fail("server", .internalError, "an unexpected error")
            traces.record(deliberation.trace(ending.reason))
            tell(deliberation, ending.reason, detail: "\(type(of: error))", serialNumber: nil)
            return .unavailable
        }
    }

    // MARK: - Stages

    private func open(_ bytes: [UInt8], _ deliberation: inout Deliberation) throws -> OpenedRequest {
        do {
            let received = try ReceivedMessage(bytes: bytes)
            deliberation.message = received
            let type = received.messageType?.description ?? "no messageType"
            deliberation.pass("message", "\(type), transactionID \(received.transactionID)")
            let verified = try received.verified(policy: deliberation.profile.algorithms)
            deliberation.pass(
                "signature",
                "\(verified.digest.rawValue) by '\(verified.signer.subject)', key \(verified.signerKey.algorithm)"
            )
            let opened = try verified.opened(with: deliberation.profile.credentials)
            deliberation.pass("envelope", "\(verified.cipher.rawValue), \(opened.delivery.label)")
            return opened
        } catch {
            let (step, reason, detail) = ReasonCode.explain(error)
            throw deliberation.fail(step, reason, detail)
        }
    }

    private func decide(
        _ opened: OpenedRequest,
        _ deliberation: inout Deliberation
    ) async throws -> (certificate: CertificateRecord, reason: ReasonCode) {
        guard case .enroll(let request) = opened.content else {
            throw deliberation.fail("message", .messageType, "a type that is not served")
        }
        let candidate = try Candidate(opened, request, &deliberation)
        switch try await authenticate(candidate, &deliberation) {
        case .earlier(let certificate): return (certificate, .issuedAgain)
        case .open(let transaction): return (try await takeUp(transaction, &deliberation), .issuedAgain)
        case .claims(let claims):
            deliberation.isAuthenticated = true
            let contents = try contents(candidate, &deliberation)
            return try await issue(candidate, contents, claims, &deliberation)
        }
    }

    private enum Authentication {
        case claims([Claim])
        /// The request was answered before; its challenge need not live any more.
        case earlier(CertificateRecord)
        /// The request was accepted before, and its certificate is still to come.
        case open(OpenTransaction)
    }

    private func authenticate(
        _ candidate: Candidate,
        _ deliberation: inout Deliberation
    ) async throws -> Authentication {
        guard let challenge = candidate.request.challengePassword else {
            throw deliberation.fail("challenge", .challengeMissing, "no challengePassword, or an empty one")
        }
        let question = ChallengeQuestion(
            profile: deliberation.profile.name,
            challenge: challenge,
            publicKeyDigest: candidate.publicKeyDigest,
            now: deliberation.receivedAt
        )
        for source in deliberation.profile.challengeSources {
            switch await source.judge(question) {
            case .accept(let claims):
                deliberation.pass("challenge", "accepted by \(source.name)")
                return .claims(claims)
            case .notMine:
                deliberation.note("challenge", "not known to \(source.name)")
            case .reject(let reason):
                if let earlier = try await earlier(candidate, &deliberation) { return earlier }
                throw deliberation.fail("challenge", reason, "rejected by \(source.name)")
            case .unavailable(let detail):
                throw deliberation.fail("challenge", .challengeUnavailable, "\(source.name): \(detail)")
            }
        }
        throw deliberation.fail("challenge", .challengeUnknown, "no source knows it")
    }

    /// What became of the very same request, if it was accepted before.
    private func earlier(_ candidate: Candidate, _ deliberation: inout Deliberation) async throws -> Authentication? {
        let found: ReservationOutcome?
        do {
            found = try await transactions.find(candidate.key, requestDigest: candidate.requestDigest)
        } catch {
            // Nobody has authenticated yet, so this must look like any other refusal (design §6.1).
            throw deliberation.fail("challenge", .challengeUnavailable, error.sentence)
        }
        switch found {
        case .alreadyIssued(let certificate) where certificate.notAfter > deliberation.receivedAt:
            deliberation.isAuthenticated = true
            deliberation.note("transaction", "the same request was answered before")
            return .earlier(certificate)
        case .alreadyOpen(let transaction):
            deliberation.isAuthenticated = true
            return .open(transaction)
        default:
            return nil
        }
    }

    private func contents(_ candidate: Candidate, _ deliberation: inout Deliberation) throws -> CertificateContents {
        let template = deliberation.profile.template
        let names: SubjectAlternativeNames?
        do {
            names = try template.grantedNames(candidate.request)
        } catch {
            throw deliberation.fail("names", .policyNames, "subjectAltName is malformed")
        }
        let input = PolicyInput(request: candidate.request, key: candidate.publicKey, names: names, template: template)
        for check in PolicyCheck.all {
            if let violation = check.violation(input) { throw deliberation.fail(check.name, check.reason, violation) }
        }
        deliberation.pass("policy", "RA profile '\(deliberation.profile.raProfile)': '\(candidate.subject)'")
        return CertificateContents(
            subject: candidate.request.subject,
            subjectPublicKeyInfo: candidate.request.subjectPublicKeyInfo,
            keyAlgorithm: candidate.publicKey.algorithm,
            names: names
        )
    }

    // MARK: - Answers

    private func success(
        _ opened: OpenedRequest,
        _ certificate: CertificateRecord,
        _ deliberation: Deliberation
    ) throws -> [UInt8] {
        var generator = SecureRandom()
        return try CertRep.success(
            opened,
            .certificates([certificate.der]),
            options: options(deliberation.profile),
            using: &generator
        )
    }

    private func refuse(_ reason: ReasonCode, _ deliberation: Deliberation) async -> EnrollmentReply {
        switch Verdict(reason) {
        case .failure(let failInfo, let text):
            return failure(failInfo, text, deliberation)
        case .uniformFailure:
            let reply = failure(FailInfo.uniform.failInfo, FailInfo.uniform.text, deliberation)
            let elapsed = time.now.timeIntervalSince(deliberation.receivedAt)
            let periods = max(1, (elapsed / Self.uniformDelay).rounded(.up))
            await time.wait(until: deliberation.receivedAt.addingTimeInterval(periods * Self.uniformDelay))
            return reply
        case .unanswerable:
            return .unanswerable(reason.sentence)
        case .unavailable, .certificate, .pending:
            return .unavailable
        }
    }

    private func failure(_ failInfo: FailInfo, _ text: String, _ deliberation: Deliberation) -> EnrollmentReply {
        guard let message = deliberation.message else { return .unanswerable(ReasonCode.messageUnreadable.sentence) }
        var generator = SecureRandom()
        let reply = try? CertRep.failure(
            message,
            failInfo: failInfo,
            text: text,
            credential: deliberation.profile.activeCredential,
            options: options(deliberation.profile),
            using: &generator
        )
        return reply.map(EnrollmentReply.certRep) ?? .unavailable
    }

    private func options(_ profile: ServedProfile) -> CertRep.Options {
        CertRep.Options(
            policy: profile.algorithms,
            emptyContent: profile.compatibility.emptyContent,
            signingTime: time.now
        )
    }

    private func tell(_ deliberation: Deliberation, _ reason: ReasonCode, detail: String, serialNumber: [UInt8]?) {
        observer.decided(
            EnrollmentSummary(
                profile: deliberation.profile.name,
                transactionID: deliberation.message?.transactionID.text,
                reason: reason,
                detail: detail,
                remoteAddress: deliberation.remoteAddress,
                serialNumber: serialNumber?.hexadecimal,
                receivedAt: deliberation.receivedAt,
                decidedAt: time.now
            )
        )
    }
}
