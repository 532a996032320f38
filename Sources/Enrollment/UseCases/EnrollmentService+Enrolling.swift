// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SCEP
internal import X509

internal import struct Foundation.UUID

extension EnrollmentService {
    /// What entitles a request to a certificate.
    struct Entitlement {
        /// Whether nobody was asked who it is that sends the request: whoever decides is the first to know.
        var isOpen = false
        /// What is used up.
        var claims: [Claim] = []
        /// What the challenge's source knows of the device.
        var attributes = ChallengeAttributes()
        /// The challenge, if a reply may be encrypted under it.
        var password: String?
        /// The certificate that is renewed; nil for a first enrolment.
        var renewed: EncodedCertificate?
    }

    /// What authenticating a request came to.
    enum Authentication {
        case entitled(Entitlement)
        /// The request was answered before; its challenge need not live any more.
        case earlier(CertificateRecord)
        /// The request was accepted before, and its certificate is still to come.
        case open(OpenTransaction)
    }

    /// A PKCSReq: by a challenge, by a proxy or, as in drafts of old, by the certificate that signed it.
    func enroll(
        _ opened: OpenedRequest,
        _ request: CertificationRequest,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        let candidate = try Candidate(opened, request, sender, &deliberation)
        if !candidate.proxyRules.isEmpty {
            return try await enrollForAnother(opened, candidate, sender, &deliberation)
        }
        if case .issued = sender.standing {
            let refusal = RenewalSignerCheck.refusal(renewalInput(sender, deliberation))
            if let refusal, request.challengePassword == nil {
                return try await refuseRenewal(refusal, opened, candidate, &deliberation)
            }
            // Windows re-enrols with a challenge and signs with whatever certificate it has (client-quirks L2): what is no
            // renewal may be an enrolment.
            let obstacle = refusal?.detail ?? RenewalCheck.refusal(renewalInput(request, sender, deliberation))?.detail
            guard let obstacle, request.challengePassword != nil else {
                return try await renew(opened, candidate, sender, &deliberation)
            }
            deliberation.note("renewal", obstacle)
        }
        let authentication = try await authenticate(candidate, &deliberation)
        return try await conclude(authentication, opened, candidate, &deliberation)
    }

    /// A RenewalReq: by the certificate that signed it.
    func renew(
        _ opened: OpenedRequest,
        _ request: CertificationRequest,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        let candidate = try Candidate(opened, request, sender, &deliberation)
        if let refusal = RenewalSignerCheck.refusal(renewalInput(sender, deliberation)) {
            return try await refuseRenewal(refusal, opened, candidate, &deliberation)
        }
        return try await renew(opened, candidate, sender, &deliberation)
    }

    private func renewalInput(_ sender: Sender, _ deliberation: Deliberation) -> RenewalSignerCheck.Input {
        RenewalSignerCheck.Input(
            sender: sender,
            profile: deliberation.profile.name,
            policy: deliberation.profile.settings.renewal,
            now: deliberation.receivedAt
        )
    }

    private func renewalInput(
        _ request: CertificationRequest,
        _ sender: Sender,
        _ deliberation: Deliberation
    ) -> RenewalCheck.Input {
        let wished = try? deliberation.profile.template.grantedNames(request)
        return RenewalCheck.Input(request, sender.certificate, wishedNames: wished, deliberation)
    }

    private func refuseRenewal(
        _ refusal: (reason: ReasonCode, detail: String),
        _ opened: OpenedRequest,
        _ candidate: Candidate,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        // The reply may have been lost, and the certificate have expired since.
        if refusal.reason == .renewalExpired, let earlier = try await earlier(candidate, &deliberation) {
            return try await conclude(earlier, opened, candidate, &deliberation)
        }
        throw deliberation.fail("renewal", refusal.reason, refusal.detail)
    }

    private func renew(
        _ opened: OpenedRequest,
        _ candidate: Candidate,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        var entitlement = Entitlement(renewed: sender.certificate)
        deliberation.pass("renewal", "of the certificate of '\(sender.certificate.subject)'")
        deliberation.authentication = "certificate \(sender.certificate.serialNumber.hexadecimal)"
        deliberation.isAuthenticated = true
        // No challenge is needed, except where the reply has to be encrypted under one.
        if opened.replyDelivery == .password, candidate.request.challengePassword != nil {
            let authentication = try await authenticate(candidate, &deliberation)
            guard case .entitled(let byChallenge) = authentication else {
                return try await conclude(authentication, opened, candidate, &deliberation)
            }
            entitlement.claims = byChallenge.claims
            entitlement.attributes = byChallenge.attributes
            entitlement.password = byChallenge.password
        }
        return try await conclude(.entitled(entitlement), opened, candidate, &deliberation)
    }

    // MARK: - Authentication

    func authenticate(
        _ candidate: Candidate,
        _ deliberation: inout Deliberation
    ) async throws -> Authentication {
        try await authenticate(candidate, challenge: candidate.request.challengePassword, &deliberation)
    }

    /// Asks the profile's sources, in their order, whether a challenge entitles a request.
    func authenticate(
        _ candidate: Candidate,
        challenge: String?,
        isDryRun: Bool = false,
        _ deliberation: inout Deliberation
    ) async throws -> Authentication {
        if deliberation.profile.challengeSources.isEmpty, deliberation.profile.settings.everyRequestWaits {
            deliberation.note("challenge", "none is asked for: every request waits for a decision")
            deliberation.authentication = "none: every request waits for a decision"
            return .entitled(Entitlement(isOpen: true))
        }
        guard let challenge else {
            throw deliberation.fail("challenge", .challengeMissing, "no challengePassword, or an empty one")
        }
        let question = ChallengeQuestion(
            profile: deliberation.profile.scepProfile,
            raProfile: deliberation.profile.raProfile,
            transactionID: candidate.key.transactionID,
            remoteAddress: deliberation.remoteAddress,
            challenge: challenge,
            publicKeyDigest: candidate.publicKeyDigest,
            request: candidate.request,
            keyAlgorithm: candidate.publicKey.algorithm,
            now: deliberation.receivedAt,
            isDryRun: isDryRun
        )
        for source in deliberation.profile.challengeSources {
            switch await source.judge(question) {
            case .accept(let claims, let attributes, let strength):
                let device = attributes.values["challenge.device"]?.first.map { ", made for the device '\($0)'" }
                deliberation.pass("challenge", "accepted by \(source.name)\(device ?? "")")
                deliberation.authentication += deliberation.authentication.isEmpty ? "" : ", "
                deliberation.authentication += "challenge of \(source.name)\(device ?? "")"
                let password = strength == .unguessable ? challenge : nil
                return .entitled(Entitlement(claims: claims, attributes: attributes, password: password))
            case .notMine:
                deliberation.note("challenge", "not known to \(source.name)")
            case .reject(let reason, let detail):
                if let earlier = try await earlier(candidate, &deliberation) { return earlier }
                let rejection = "rejected by \(source.name)"
                throw deliberation.fail("challenge", reason, detail.map { "\(rejection): \($0)" } ?? rejection)
            case .unavailable(let detail):
                throw deliberation.fail("challenge", .challengeUnavailable, "\(source.name): \(detail)")
            }
        }
        // The code may have been another SCEP profile's, which served this URL when the request came first.
        if let earlier = try await earlier(candidate, &deliberation) { return earlier }
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
            return .earlier(certificate)
        case .alreadyOpen(let transaction):
            deliberation.isAuthenticated = true
            return .open(transaction)
        default:
            return nil
        }
    }

    // MARK: - Decision

    func conclude(
        _ authentication: Authentication,
        _ opened: OpenedRequest,
        _ candidate: Candidate,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        let certificate: CertificateRecord
        let reason: ReasonCode
        var password = candidate.request.challengePassword
        switch authentication {
        case .earlier(let earlier): (certificate, reason) = (try self.earlier(earlier, &deliberation), .issuedAgain)
        case .open(let open): (certificate, reason) = (try await takeUp(open, &deliberation), .issuedAgain)
        case .entitled(let entitlement):
            deliberation.isAuthenticated = !entitlement.isOpen
            deliberation.isOpen = entitlement.isOpen
            password = entitlement.password
            let application = try application(opened, candidate, entitlement, &deliberation)
            let needed = neededVotes(
                candidate.request,
                application.contents,
                entitlement,
                &deliberation
            )
            if let needed {
                // Nothing is issued from here on but by approval.
                let decided = try await wait(application, opened, entitlement, neededVotes: needed, &deliberation)
                (certificate, reason) = (decided, .issuedAgain)
            } else {
                (certificate, reason) = try await issue(application, &deliberation)
            }
        }
        return Outcome(
            opened: opened,
            contents: contents(certificate, deliberation.profile),
            password: password,
            reason: reason,
            serialNumber: certificate.serialNumber
        )
    }

    private func application(
        _ opened: OpenedRequest,
        _ candidate: Candidate,
        _ entitlement: Entitlement,
        _ deliberation: inout Deliberation
    ) throws -> Application {
        // Before anything is issued: what can't be delivered must not be (client-quirks F11).
        if opened.replyDelivery == .password, entitlement.password == nil {
            throw deliberation.fail(
                "reply",
                .replyUndeliverable,
                "the signer's key can't decrypt, and there is no challenge of 128 bits or more to encrypt under"
            )
        }
        let issuer = deliberation.profile.generation(of: opened.credential).issuer
        return try application(candidate, entitlement, issuer, &deliberation)
    }

    /// What a request that is entitled is to be issued, by whom.
    func application(
        _ candidate: Candidate,
        _ entitlement: Entitlement,
        _ issuer: any Issuer,
        _ deliberation: inout Deliberation
    ) throws -> Application {
        let contents = try contents(
            candidate.request,
            candidate.publicKey.algorithm,
            renewed: entitlement.renewed,
            attributes: entitlement.attributes,
            &deliberation
        )
        return Application(
            key: candidate.key,
            requestDigest: candidate.requestDigest,
            publicKeyDigest: candidate.publicKeyDigest,
            request: try candidate.request.withoutChallengePassword(),
            subject: contents.subject == candidate.request.subject ? candidate.subject : contents.subject.description,
            contents: contents,
            claims: entitlement.claims,
            duplicates: duplicates(contents, renewed: entitlement.renewed, deliberation.profile),
            issuer: issuer
        )
    }
}
