// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import Cryptography
public import PKIX

/// What would become of a request, as far as that can be told without using anything up.
public struct Trial: Sendable {
    /// The steps, and the reason code that the request would end with.
    public let trace: TraceRecord
    /// The certificate that would be signed, or that somebody would have to approve; nil when none would be.
    public let certificate: PreparedCertificate?
}

extension EnrollmentService {
    /// Tells what would become of a first enrolment: nothing is used up, stored, counted or signed.
    ///
    /// The request is judged as a PKCSReq that it signed itself. Sources that would have to ask a system outside, where asking may
    /// change something, are not asked. That the reply could be encrypted to the device's key is taken for granted.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - challenge: the challenge; the request's own when nil.
    ///   - profile: the profile that it would be sent to.
    /// - Returns: the steps, and the certificate if there would be one.
    public func tryOut(_ request: CertificationRequest, challenge: String?, profile: ServedProfile) async -> Trial {
        var deliberation = Deliberation(profile: profile, remoteAddress: "", receivedAt: time.now)
        do {
            let (reason, certificate) = try await tryOut(request, challenge, &deliberation)
            return Trial(trace: deliberation.trace(reason), certificate: certificate)
        } catch let ending as Ending {
            return Trial(trace: deliberation.trace(ending.reason), certificate: nil)
        } catch {
            let ending = deliberation.fail("server", .internalError, "\(type(of: error))")
            return Trial(trace: deliberation.trace(ending.reason), certificate: nil)
        }
    }

    private func tryOut(
        _ request: CertificationRequest,
        _ challenge: String?,
        _ deliberation: inout Deliberation
    ) async throws -> (ReasonCode, PreparedCertificate?) {
        let candidate = try Candidate(trying: request, &deliberation)
        let authentication = try await authenticate(
            candidate,
            challenge: challenge ?? request.challengePassword,
            isDryRun: true,
            &deliberation
        )
        guard case .entitled(let entitlement) = authentication else { return (.issuedAgain, nil) }
        deliberation.isAuthenticated = true
        guard let issuer = deliberation.profile.authorities.generations.first?.issuer else {
            throw deliberation.fail("issuer", .issuerFailed, "the profile has none")
        }
        let application = try application(candidate, entitlement, issuer, &deliberation)
        let certificate = try prepare(application, &deliberation)
        guard let needed = neededVotes(request, application.contents, entitlement, &deliberation) else {
            let reason = try await rehearse(application, certificate, &deliberation)
            deliberation.pass("issuing", "the certificate would be signed as it is")
            return (reason, certificate)
        }
        let who = needed == 1 ? "somebody approves" : "\(needed) people approve"
        deliberation.note("approval", "it would wait until \(who) it")
        return (.approvalPending, certificate)
    }
}
