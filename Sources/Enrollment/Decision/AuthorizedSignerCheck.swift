// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX

internal import struct Foundation.Date

/// Whether a proxy may ask for another's key to be certified: pure, everything it needs is in its parameters.
extension AuthorizedSigner {
    /// Whether the rule is about a sender, whatever its certificate is worth now.
    ///
    /// A certificate that a profile issued does not make its holder a proxy of the same profile: there devices choose their subjects
    /// themselves, and could name themselves like the proxy.
    func isAbout(_ sender: Sender, of profile: String) -> Bool {
        let certificate = sender.certificate
        switch (identity, sender.standing) {
        case (.certificate(let digest), _): return certificate.fingerprint() == digest
        case (.key(let digest), _):
            return DigestAlgorithm.sha256.digest(certificate.subjectPublicKeyInfo.der) == digest
        case (.issued(let through, let subject), .issued(let record)):
            return record.profile == through && through != profile && Self.isSubject(subject, of: certificate)
        case (.certified(let name, let subject), .alternate(let authority)):
            return authority.name == name && Self.isSubject(subject, of: certificate)
        case (.issued, .key), (.issued, .alternate), (.certified, .key), (.certified, .issued): return false
        }
    }

    private static func isSubject(_ text: String, of certificate: EncodedCertificate) -> Bool {
        (try? Name(text))?.isEquivalent(to: certificate.subject) ?? false
    }

    /// What is wrong with the certificate of a sender that the rule is about; nil for nothing.
    func objection(to sender: Sender, now: Date) -> String? {
        guard let notBefore = sender.certificate.notBefore, let notAfter = sender.certificate.notAfter else {
            return "the signer's certificate has a validity that can't be read"
        }
        guard notBefore <= now else { return "the signer's certificate is not valid yet" }
        guard now <= notAfter else { return "the signer's certificate was valid until \(notAfter)" }
        let input = RenewalSignerCheck.Input(sender: sender, profile: "", policy: RenewalPolicy(), now: now)
        if let revoked = RenewalSignerCheck.revocation.violation(input) { return revoked }
        // Of what was named by its fingerprint, nobody's CRL has to say anything.
        guard case .certified = identity else { return nil }
        return RenewalSignerCheck.status.violation(input)
    }

    /// What a request asks for and the rule does not allow; nil when all of it is allowed.
    func objection(to request: CertificationRequest) -> String? {
        guard let values = try? RequestValues(request) else { return "the alternative names can't be read" }
        if let other = values.others.first { return "'\(other)' has no pattern that it could be compared with" }
        for (path, texts) in values.texts.sorted(by: { $0.key < $1.key }) {
            guard let patterns = names[path] else { return "'\(path)' is not among its names" }
            for text in texts where !patterns.contains(where: { $0.matches(text, of: path) }) {
                let shown = String(text.unicodeScalars.prefix(150))
                return "\(path) '\(shown)' is outside \(patterns.map(\.text).joined(separator: " "))"
            }
        }
        return nil
    }
}
