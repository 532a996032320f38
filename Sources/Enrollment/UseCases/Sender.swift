// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP

/// Who signed a message: what its certificate is to this server.
///
/// The outer signature has proven that the sender holds the key; nothing else is believed yet.
struct Sender {
    enum Standing {
        /// A key and nothing more: a self-signed certificate, or one of somebody unknown.
        case key
        /// A certificate of this server, as it is kept.
        case issued(CertificateRecord)
        /// A certificate with a signature of an alternate authority.
        case alternate(AlternateAuthority)
    }

    let certificate: EncodedCertificate
    let standing: Standing
    /// What identifies the sender in a transaction (design §6.2): its key's digest, or its certificate's if somebody issued it.
    let digest: [UInt8]

    init(_ certificate: EncodedCertificate, _ standing: Standing) {
        self.certificate = certificate
        self.standing = standing
        switch standing {
        case .key: self.digest = DigestAlgorithm.sha256.digest(certificate.subjectPublicKeyInfo.der)
        case .issued, .alternate: self.digest = DigestAlgorithm.sha256.digest(certificate.der)
        }
    }
}

extension EnrollmentService {
    /// Finds out who signed a message.
    ///
    /// What was issued here is compared byte for byte with what is kept, which proves more than a signature would.
    func sender(_ certificate: EncodedCertificate, _ deliberation: inout Deliberation) async throws -> Sender {
        // Most signers are self-signed, and are nobody's.
        if certificate.isSelfIssued { return Sender(certificate, .key) }
        let authorities = deliberation.profile.authorities
        for authority in authorities.own where authority.certificate.subject.isEquivalent(to: certificate.issuer) {
            let record: CertificateRecord?
            do {
                record = try await certificates.certificate(
                    issuerID: authority.issuerID,
                    serialNumber: certificate.serialNumber
                )
            } catch {
                throw deliberation.fail("storage", .storeUnavailable, error.sentence)
            }
            if let record, record.der == certificate.der { return Sender(certificate, .issued(record)) }
        }
        for authority in authorities.alternate
        where authority.certificate.subject.isEquivalent(to: certificate.issuer) {
            if certificate.signatureAlgorithm.signatureScheme()?.digest != .insecureMD5,
                certificate.isSigned(by: authority.key)
            {
                return Sender(certificate, .alternate(authority))
            }
        }
        return Sender(certificate, .key)
    }
}
