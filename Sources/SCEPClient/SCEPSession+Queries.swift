// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import PKIX
public import SCEP

extension SCEPSession {
    /// Asks for a certificate that was issued before (RFC 8894 §4.5).
    ///
    /// It need not be signed under the authority as that is today: the CA may have had another key then. That it is the one
    /// that was asked for, the CA says by signing the reply.
    ///
    /// - Parameters:
    ///   - name: issuer and serial number of the certificate.
    ///   - identity: who asks: a certificate of the CA with an RSA key.
    ///   - authority: the CA that is asked, already checked.
    ///   - capabilities: the server's capabilities; asked for when nil.
    ///   - options: how it is done.
    /// - Returns: the certificate.
    /// - Throws: `unsupportedKey` before anything is sent; `refused`, `replyRejected` and what else can go wrong.
    public func certificate(
        _ name: IssuerAndSerialNumber,
        as identity: ClientIdentity,
        authority: TrustedAuthority,
        capabilities: Capabilities? = nil,
        options: EnrollmentOptions = EnrollmentOptions()
    ) async throws(SCEPClientError) -> EncodedCertificate {
        let plan = try await plan(authority, capabilities, options)
        let parties = try plan.parties(querying: identity)
        let message = try plan.making { () throws in
            var generator = SecureRandom()
            return try ClientRequest.getCert(
                name,
                parties: parties,
                options: plan.algorithms,
                now: plan.now,
                using: &generator
            )
        }
        switch try await ask(message, plan) {
        case .success(let certificate, _): return certificate
        case .pending, .failure, .certificateList:
            throw .replyRejected("it is not the answer to a GetCert", message.transactionID)
        }
    }
}
