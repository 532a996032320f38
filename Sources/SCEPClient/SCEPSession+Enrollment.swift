// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import PKIX
public import SCEP

extension SCEPSession {
    /// Enrols: asks for a certificate and checks what comes back (RFC 8894 §4.3).
    ///
    /// - Parameters:
    ///   - request: what is asked for.
    ///   - authority: the CA that is asked, already checked: there is no way to send a challenge to another one.
    ///   - capabilities: the server's capabilities; asked for when nil.
    ///   - options: how it is done.
    ///   - transactionID: the name of the operation; a fresh random one when nil.
    /// - Returns: the certificate, which is for the request's key and signed under the authority; or that the request waits for
    ///   approval.
    /// - Throws: `challengeMissing` before anything is sent; `refused`, `replyRejected` and what else can go wrong.
    public func enroll(
        _ request: EnrollmentRequest,
        authority: TrustedAuthority,
        capabilities: Capabilities? = nil,
        options: EnrollmentOptions = EnrollmentOptions(),
        transactionID: TransactionID? = nil
    ) async throws(SCEPClientError) -> EnrollmentOutcome {
        try request.key.publicKey.algorithm.checkReplies(challenge: request.challenge)
        let plan = try await plan(authority, capabilities, options)
        let prepared = try PreparedRequest(request, plan: plan, transactionID: transactionID)
        return try outcome(try await ask(prepared.message, plan), plan, prepared.pending)
    }

    /// Renews: asks for a new certificate in place of an old one, which signs the request (RFC 8894 §2.5).
    ///
    /// - Parameters:
    ///   - request: what is asked for.
    ///   - authority: the CA that is asked, already checked.
    ///   - capabilities: the server's capabilities; asked for when nil.
    ///   - options: how it is done.
    ///   - transactionID: the name of the operation; a fresh random one when nil.
    /// - Returns: as `enroll`.
    /// - Throws: as `enroll`; `challengeMissing` depends on the old key, to which the reply is encrypted.
    public func renew(
        _ request: RenewalRequest,
        authority: TrustedAuthority,
        capabilities: Capabilities? = nil,
        options: EnrollmentOptions = EnrollmentOptions(),
        transactionID: TransactionID? = nil
    ) async throws(SCEPClientError) -> EnrollmentOutcome {
        try request.current.key.publicKey.algorithm.checkReplies(challenge: request.challenge)
        let plan = try await plan(authority, capabilities, options)
        let prepared = try PreparedRequest(request, plan: plan, transactionID: transactionID)
        return try outcome(try await ask(prepared.message, plan), plan, prepared.pending)
    }

    /// Asks once what became of a request that waits for approval (RFC 8894 §4.4).
    ///
    /// After an error other than one of the network the transaction is over: what helps is a new request (RFC 8894 §5.2).
    ///
    /// - Parameters:
    ///   - pending: the request.
    ///   - key: the key that signed it: of a renewal the old one.
    ///   - challenge: the challenge of the request; needed when that key can't decrypt.
    ///   - authority: the CA that was asked, already checked.
    ///   - capabilities: the server's capabilities; asked for when nil.
    ///   - options: how it is done.
    /// - Returns: as `enroll`.
    /// - Throws: as `enroll`; `invalidInput` when it is another key.
    public func poll(
        _ pending: PendingEnrollment,
        key: any PrivateKey,
        challenge: ChallengePassword? = nil,
        authority: TrustedAuthority,
        capabilities: Capabilities? = nil,
        options: EnrollmentOptions = EnrollmentOptions()
    ) async throws(SCEPClientError) -> EnrollmentOutcome {
        let identity = try ClientIdentity(certificate: pending.signer, key: key)
        try key.publicKey.algorithm.checkReplies(challenge: challenge)
        let plan = try await plan(authority, capabilities, options)
        let message = try plan.making { () throws in
            var generator = SecureRandom()
            return try ClientRequest.certPoll(
                for: pending.certificationRequest,
                issuer: pending.issuer,
                parties: try plan.parties(identity.certificate, identity.key, challenge: challenge),
                transactionID: pending.transactionID,
                password: challenge?.text,
                options: plan.algorithms,
                now: plan.now,
                using: &generator
            )
        }
        return try outcome(try await ask(message, plan), plan, pending)
    }

    /// Polls until a request is decided, one poll after the other.
    ///
    /// The parameters are those of `poll`; `limits` says how often, and how long at most. Every error ends the transaction
    /// (RFC 8894 §2.5.1).
    ///
    /// - Returns: the certificate.
    /// - Throws: as `poll`, at the first poll that fails; `pollingEnded` at the limits.
    public func wait(
        for pending: PendingEnrollment,
        key: any PrivateKey,
        challenge: ChallengePassword? = nil,
        authority: TrustedAuthority,
        capabilities: Capabilities? = nil,
        options: EnrollmentOptions = EnrollmentOptions(),
        limits: PollingLimits
    ) async throws(SCEPClientError) -> EnrolledCertificate {
        let known: Capabilities
        if let capabilities { known = capabilities } else { known = try await self.capabilities() }
        let end = ContinuousClock.now + limits.maximumDuration
        var polls = 0
        while polls < limits.maximumCount {
            let left = end - ContinuousClock.now
            guard left > .zero else { break }
            do {
                try await Task.sleep(for: min(limits.interval, left))
            } catch {
                throw .network(.pkiOperation(pending.transactionID), .other("it was cancelled"))
            }
            polls += 1
            let outcome = try await poll(
                pending,
                key: key,
                challenge: challenge,
                authority: authority,
                capabilities: known,
                options: options
            )
            if case .issued(let certificate) = outcome { return certificate }
        }
        throw .pollingEnded(pending.transactionID, polls: polls)
    }

    private func outcome(
        _ reply: ReceivedReply,
        _ plan: MessagePlan,
        _ pending: PendingEnrollment
    ) throws(SCEPClientError) -> EnrollmentOutcome {
        let id = pending.transactionID
        switch reply {
        case .pending: return .pending(pending)
        case .failure, .certificateList: throw .replyRejected("it does not hold a certificate", id)
        case .success(let issued, let others):
            guard let chain = plan.authority.chain(above: issued, with: others, now: now()) else {
                throw .replyRejected("the certificate in it is not signed by the CA", id)
            }
            return .issued(
                EnrolledCertificate(
                    certificate: issued,
                    chain: chain,
                    transactionID: id,
                    transport: plan.transport,
                    digest: plan.algorithms.digest,
                    cipher: plan.algorithms.cipher
                )
            )
        }
    }
}
