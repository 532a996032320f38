// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import PKIX
internal import SCEP

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

    /// What a service keeps things in.
    public struct Stores: Sendable {
        /// Keeps transactions.
        public var transactions: any TransactionStore
        /// Keeps requests that wait for a decision.
        public var approvals: any ApprovalStore
        /// Knows what was issued.
        public var certificates: any IssuedCertificateStore
        /// Knows whether all of them answer.
        public var health: any StoreHealth

        /// Puts stores together.
        public init(
            transactions: any TransactionStore,
            approvals: any ApprovalStore,
            certificates: any IssuedCertificateStore,
            health: any StoreHealth
        ) {
            self.transactions = transactions
            self.approvals = approvals
            self.certificates = certificates
            self.health = health
        }
    }

    let transactions: any TransactionStore
    let approvals: any ApprovalStore
    let certificates: any IssuedCertificateStore
    let health: any StoreHealth
    let lists: any CertificateListSource
    let traces: TraceRecorder
    let observer: any EnrollmentObserver
    let time: any TimeSource
    let masterKey: MasterKey
    let node: UUID
    let throttle: FailureThrottle
    let fault: @Sendable (FaultPoint) -> Void

    /// Puts a service together.
    ///
    /// - Parameters:
    ///   - stores: what it keeps things in.
    ///   - lists: where CRLs come from.
    ///   - traces: takes the traces of what was not issued.
    ///   - observer: hears of every decision.
    ///   - time: the clock.
    ///   - masterKey: encrypts the challenges that replies have to be encrypted under.
    ///   - node: this start of the server; owns leases.
    ///   - throttle: counts failed authentications.
    ///   - fault: called at each place where a node may die.
    public init(
        stores: Stores,
        lists: any CertificateListSource,
        traces: TraceRecorder,
        observer: any EnrollmentObserver,
        time: any TimeSource,
        masterKey: MasterKey,
        node: UUID,
        throttle: FailureThrottle = FailureThrottle(),
        fault: @escaping @Sendable (FaultPoint) -> Void = { _ in }
    ) {
        self.transactions = stores.transactions
        self.approvals = stores.approvals
        self.certificates = stores.certificates
        self.health = stores.health
        self.lists = lists
        self.traces = traces
        self.observer = observer
        self.time = time
        self.masterKey = masterKey
        self.node = node
        self.throttle = throttle
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
        if let refusal = refusal(deliberation) { return refusal }
        do {
            let message = try verify(bytes, &deliberation)
            let sender = try await sender(message.signer, &deliberation)
            let outcome = try await decide(message, sender, &deliberation)
            fault(.afterFinish)
            let reply = try success(outcome, &deliberation)
            if outcome.reason != .issued {
                // Whoever captured a message can send it again: that proves nothing, and must not fill the disk.
                deliberation.isAuthenticated = false
                traces.record(deliberation.trace(outcome.reason))
            }
            tell(deliberation, outcome.reason, detail: "", serialNumber: outcome.serialNumber)
            fault(.beforeReply)
            return .certRep(reply)
        } catch let ending as Ending {
            // Whoever captured a message can send it again and be refused again, which must not fill the disk: kept for the record is
            // what was granted, and what waits for the first time.
            if ending.reason == .approvalPending {
                traces.record(deliberation.trace(ending.reason))
            } else {
                let stage = deliberation.isAuthenticated ? RefusalTally.Stage.authenticated : .anonymous
                deliberation.isAuthenticated = false
                traces.record(deliberation.trace(ending.reason), refused: stage, ending.detail)
            }
            tell(deliberation, ending.reason, detail: ending.detail, serialNumber: nil)
            return await refuse(ending.reason, deliberation)
        } catch {
            let ending = deliberation.fail("server", .internalError, "an unexpected error")
            traces.record(deliberation.trace(ending.reason), refused: .anonymous, ending.detail)
            tell(deliberation, ending.reason, detail: "\(type(of: error))", serialNumber: nil)
            return .unavailable
        }
    }

    // MARK: - Stages

    /// What a request that is granted is answered with.
    struct Outcome {
        var opened: OpenedRequest
        var contents: CertRep.Contents
        /// What the reply is encrypted under, if the sender's key can't decrypt.
        var password: String?
        var reason: ReasonCode
        var serialNumber: [UInt8]?
    }

    private func verify(_ bytes: [UInt8], _ deliberation: inout Deliberation) throws -> VerifiedMessage {
        let profile = deliberation.profile
        do {
            let received = try ReceivedMessage(bytes: bytes, missingNonce: profile.compatibility.missingNonce)
            deliberation.message = received
            deliberation.transactionID = received.transactionID.text
            let type = received.messageType?.description ?? "no messageType"
            deliberation.pass("message", "\(type), transactionID \(received.transactionID)")
            if received.senderNonce == nil { deliberation.note("message", "without a senderNonce") }
            let verified = try received.verified(policy: profile.algorithms)
            deliberation.credential = verified.recipient(among: profile.credentials)
            deliberation.pass(
                "signature",
                "\(verified.digest.rawValue) by '\(verified.signer.subject)', key \(verified.signerKey.algorithm)"
            )
            try checkTime(received, &deliberation)
            return verified
        } catch let error as SCEPError {
            let (step, reason, detail) = ReasonCode.explain(error)
            throw deliberation.fail(step, reason, detail)
        }
    }

    private func checkTime(_ message: ReceivedMessage, _ deliberation: inout Deliberation) throws {
        guard let limit = deliberation.profile.settings.maximumClockSkew, let time = message.signingTime else { return }
        let skew = abs(time.timeIntervalSince(deliberation.receivedAt))
        guard skew > Double(limit) else { return }
        throw deliberation.fail("signing time", .messageTime, "\(Int(skew)) seconds from the server's")
    }

    func open(_ message: VerifiedMessage, _ deliberation: inout Deliberation) async throws -> OpenedRequest {
        let passwords = try await passwords(message, &deliberation)
        do {
            let opened = try message.opened(with: deliberation.profile.credentials, passwords: passwords)
            deliberation.credential = opened.credential
            deliberation.pass("envelope", "\(message.cipher.rawValue), \(opened.delivery.label)")
            return opened
        } catch {
            let (step, reason, detail) = ReasonCode.explain(error)
            throw deliberation.fail(step, reason, detail)
        }
    }

    private func passwords(_ message: VerifiedMessage, _ deliberation: inout Deliberation) async throws -> [String] {
        let profile = deliberation.profile
        guard message.isUnderPassword, profile.algorithms.passwordRecipients == .accepted,
            let source = profile.passwordSource
        else { return [] }
        do {
            return try await source.passwords(
                profile: profile.scepProfile,
                transactionID: message.received.transactionID.text,
                now: deliberation.receivedAt
            )
        } catch {
            throw deliberation.fail("envelope", .challengeUnavailable, error.sentence)
        }
    }

    /// Decides what is answered to a message whose signature holds.
    ///
    /// Polls and queries are looked up before anything is decrypted. A poll's envelope stays closed, and of a query only one that names
    /// a CA of this server in full is answered finely: otherwise who splices another's ciphertext into a message of their own would
    /// learn from the answers what it holds (design §6.1).
    private func decide(
        _ message: VerifiedMessage,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        switch message.messageType {
        case .certPoll: return try await poll(message, sender, &deliberation)
        case .getCert, .getCRL: return try await query(message, sender, &deliberation)
        default: break
        }
        let opened = try await open(message, &deliberation)
        switch opened.content {
        case .enroll(let request): return try await enroll(opened, request, sender, &deliberation)
        case .renew(let request): return try await renew(opened, request, sender, &deliberation)
        case .poll, .getCert, .getCRL:
            throw deliberation.fail("message", .messageType, "a type that is not served")
        }
    }

    // MARK: - Answers

    private func success(_ outcome: Outcome, _ deliberation: inout Deliberation) throws -> [UInt8] {
        var generator = SecureRandom()
        return try CertRep.success(
            outcome.opened,
            outcome.contents,
            password: outcome.password,
            credential: signer(outcome.opened.credential, deliberation),
            options: options(deliberation.profile),
            using: &generator
        )
    }

    /// The certificates of a SUCCESS: the issued one first, then what the profile's clients want (client-quirks G1, G2).
    func contents(_ certificate: CertificateRecord, _ profile: ServedProfile) -> CertRep.Contents {
        // That of the generation that issued it, which may be a former one with the same name and another key.
        let chain = profile.authorities.own.first { $0.issuerID == certificate.issuerID }?.chain ?? []
        switch profile.compatibility.replyChain {
        case .leaf: return .certificates([certificate.der])
        case .leafAndIssuer: return .certificates([certificate.der] + chain.prefix(1))
        case .chain: return .certificates([certificate.der] + chain)
        }
    }

    private func refuse(_ reason: ReasonCode, _ deliberation: Deliberation) async -> EnrollmentReply {
        switch Verdict(reason) {
        case .failure(let failInfo, let text):
            return failure(failInfo, text, deliberation)
        case .uniformFailure:
            let reply = failure(FailInfo.uniform.failInfo, FailInfo.uniform.text, deliberation)
            // A refusal would be final for many a device. Whatever is wrong with the request, all hear the same while the database is
            // away: otherwise 503 would tell that the envelope could be opened.
            countFailure(1, deliberation)
            let isAnswered = await health.isReadable()
            if !isAnswered { countFailure(-1, deliberation) }
            let elapsed = time.now.timeIntervalSince(deliberation.receivedAt)
            let periods = max(1, (elapsed / Self.uniformDelay).rounded(.up))
            await time.wait(until: deliberation.receivedAt.addingTimeInterval(periods * Self.uniformDelay))
            return isAnswered ? reply : .unavailable
        case .unanswerable:
            return .unanswerable(reason.sentence)
        case .pending:
            // Whoever may wait without a challenge must not fill the list of those who do.
            if deliberation.isOpen { countFailure(1, deliberation) }
            return reply(deliberation) { message, credential, options throws(SCEPError) in
                var generator = SecureRandom()
                return try CertRep.pending(message, credential: credential, options: options, using: &generator)
            }
        case .unavailable, .certificate:
            return .unavailable
        }
    }

    private func failure(_ failInfo: FailInfo, _ text: String, _ deliberation: Deliberation) -> EnrollmentReply {
        reply(deliberation) { message, credential, options throws(SCEPError) in
            var generator = SecureRandom()
            return try CertRep.failure(
                message,
                failInfo: failInfo,
                text: text,
                credential: credential,
                options: options,
                using: &generator
            )
        }
    }

    /// Who signs a reply: the credential that the message was enveloped to, while its certificate is valid, else the active one
    /// (design §6.7).
    private func signer(_ addressed: RACredential?, _ deliberation: Deliberation) -> RACredential {
        guard let addressed, addressed.signer.notAfter.map({ $0 > deliberation.receivedAt }) ?? false else {
            return deliberation.profile.activeCredential
        }
        return addressed
    }

    /// A reply of the credential that the message was enveloped to, while its certificate is valid, else of the active one.
    private func reply(
        _ deliberation: Deliberation,
        _ make: (ReceivedMessage, RACredential, CertRep.Options) throws(SCEPError) -> [UInt8]
    ) -> EnrollmentReply {
        guard let message = deliberation.message else { return .unanswerable(ReasonCode.messageUnreadable.sentence) }
        let credential = signer(deliberation.credential, deliberation)
        let reply = try? make(message, credential, options(deliberation.profile))
        return reply.map(EnrollmentReply.certRep) ?? .unavailable
    }

    private func options(_ profile: ServedProfile) -> CertRep.Options {
        CertRep.Options(
            policy: profile.algorithms,
            emptyContent: profile.compatibility.emptyContent,
            signingTime: time.now
        )
    }

    func tell(_ deliberation: Deliberation, _ reason: ReasonCode, detail: String, serialNumber: [UInt8]?) {
        observer.decided(
            EnrollmentSummary(
                profile: deliberation.profile.name,
                messageType: deliberation.message?.messageType.flatMap { $0.isKnown ? $0 : nil },
                transactionID: deliberation.transactionID,
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
