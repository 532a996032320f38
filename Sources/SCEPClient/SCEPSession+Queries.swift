// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import PKIX
public import SCEP

internal import struct Foundation.Date

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

    /// Gets the CRL that covers a certificate: from where the certificate says, else by GetCRL (RFC 8894 §2.7, §4.6).
    ///
    /// - Parameters:
    ///   - certificate: the certificate whose status is wanted.
    ///   - identity: who asks: a certificate of the CA with an RSA key.
    ///   - authority: the CA that is asked, already checked.
    ///   - preference: where to look for it.
    ///   - capabilities: the server's capabilities; asked for when nil.
    ///   - options: how it is done.
    /// - Returns: the CRL, which the CA has signed, which is current, and which covers the certificate.
    /// - Throws: `unsupportedKey`, `refused`, `replyRejected` and what else can go wrong with GetCRL.
    public func certificateList(
        covering certificate: EncodedCertificate,
        as identity: ClientIdentity,
        authority: TrustedAuthority,
        preference: CertificateListPreference = .automatic,
        capabilities: Capabilities? = nil,
        options: EnrollmentOptions = EnrollmentOptions()
    ) async throws(SCEPClientError) -> RetrievedCertificateList {
        if preference == .automatic {
            for url in certificate.crlDistributionPointURLs.prefix(Self.maximumDistributionPoints) {
                guard let body = await exchange.download(url, limit: HTTPExchange.maximumListBytes),
                    case .success(let list) = check(body, covers: certificate, authority)
                else { continue }
                return RetrievedCertificateList(list: list, source: .distributionPoint(url))
            }
        }
        let plan = try await plan(authority, capabilities, options)
        let parties = try plan.parties(querying: identity)
        let message = try plan.making { () throws in
            var generator = SecureRandom()
            return try ClientRequest.getCRL(
                covering: IssuerAndSerialNumber(of: certificate),
                parties: parties,
                options: plan.algorithms,
                now: plan.now,
                using: &generator
            )
        }
        let reply = try await ask(message, plan, limit: HTTPExchange.maximumListBytes)
        guard case .certificateList(let encoded) = reply else {
            throw .replyRejected("it is not the answer to a GetCRL", message.transactionID)
        }
        switch check(encoded, covers: certificate, authority) {
        case .success(let list): return RetrievedCertificateList(list: list, source: .getCRL)
        case .failure(let objection): throw .replyRejected(objection.reason, message.transactionID)
        }
    }

    /// How many URLs of a certificate are tried: each may cost a timeout.
    private static let maximumDistributionPoints = 2

    private struct Objection: Error {
        var reason: String
    }

    private func check(
        _ encoded: [UInt8],
        covers certificate: EncodedCertificate,
        _ authority: TrustedAuthority
    ) -> Result<EncodedCertificateList, Objection> {
        guard let list = try? EncodedCertificateList(derEncoded: encoded) else {
            return .failure(Objection(reason: "the CRL in it can't be read"))
        }
        guard list.covers(certificate) else {
            return .failure(Objection(reason: "the CRL in it does not cover the certificate"))
        }
        guard authority.hasSigned(list) else {
            return .failure(Objection(reason: "the CRL in it is not signed by the CA"))
        }
        // Of a CRL that is a moment old, a slow clock says that it is yet to come.
        let later = now().addingTimeInterval(EncodedCertificate.clockTolerance)
        guard list.isCurrent(at: now()) || list.isCurrent(at: later) else {
            return .failure(Objection(reason: "the CRL in it is out of date"))
        }
        return .success(list)
    }
}
