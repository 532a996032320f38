// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import PKIX
public import SCEP
internal import X509

public import struct Foundation.Date

/// What a client uses a CA's certificate for.
public enum CertificateRole: String, Sendable, Hashable, CaseIterable {
    /// Its fingerprint is the one to compare; the others are signed under it.
    case anchor
    /// It may issue certificates.
    case issuer
    /// Requests are encrypted to it.
    case recipient
    /// Replies may be signed by it.
    case signer
}

/// A CA whose certificates a client has checked: the only one that it sends requests to (RFC 8894 §2.2).
public struct TrustedAuthority: Sendable {
    /// Who vouches for the anchors.
    public enum Authentication: Sendable, Hashable {
        /// An anchor has the fingerprint that was expected.
        case fingerprint
        /// The CA before it does, which somebody vouches for: it signed the answer to GetNextCACert (RFC 8894 §4.7.1).
        case predecessor
        /// Nobody does: whoever answered may have made them.
        case none
    }

    /// The checked certificates, in the order in which the server sent them.
    public let certificates: CACertificates
    /// The certificates under which all others are signed.
    public let anchors: [EncodedCertificate]
    /// Who vouches for the anchors.
    public let authentication: Authentication
    /// The certificates from which replies may be signed.
    let replySigners: CACertificates
    private let hierarchy: CertificateHierarchy

    /// Checks the certificates of a CA.
    ///
    /// With a fingerprint, the CA certificate that has it is the anchor; certificates above that are left out. Without one, the
    /// topmost certificates are the anchors. Every other certificate has to be valid and signed under an anchor.
    ///
    /// - Parameters:
    ///   - offered: what the server sent, or what came by another way.
    ///   - fingerprint: the fingerprint of the CA that is meant.
    ///   - now: the time at which they have to be valid.
    /// - Throws: `fingerprintMismatch`, `untrustedCACertificate`.
    public init(
        _ offered: CACertificates,
        fingerprint: Fingerprint?,
        now: Date
    ) throws(SCEPClientError) {
        let candidates = Self.candidates(offered)
        if let fingerprint {
            let anchors = Array(candidates.filter { fingerprint.matches($0) }.prefix(1))
            guard !anchors.isEmpty else {
                let offered = candidates.map { Fingerprint(of: $0, digest: fingerprint.digest) }
                throw .fingerprintMismatch(expected: fingerprint, offered: offered)
            }
            try self.init(offered.certificates, anchors: anchors, .fingerprint, predecessor: [], now: now)
        } else {
            let anchors = try Self.topmost(offered)
            try self.init(offered.certificates, anchors: anchors, .none, predecessor: [], now: now)
        }
    }

    /// Checks the certificates of a CA's next generation, which the present one has signed as the answer to GetNextCACert.
    ///
    /// Their validity may begin later than now: what is checked is that all of them are valid once the last of them is.
    ///
    /// - Parameters:
    ///   - offered: the certificates.
    ///   - present: the CA that signed them.
    ///   - now: the time.
    /// - Throws: `untrustedCACertificate`.
    init(successor offered: CACertificates, of present: TrustedAuthority, now: Date) throws(SCEPClientError) {
        try self.init(
            offered.certificates,
            anchors: try Self.topmost(offered),
            present.authentication == .none ? .none : .predecessor,
            predecessor: present.certificates.certificates,
            now: max(now, offered.certificates.compactMap(\.notBefore).max() ?? now)
        )
    }

    /// A lone certificate is the CA's, whatever it says: those of old have no basicConstraints.
    private static func candidates(_ offered: CACertificates) -> [EncodedCertificate] {
        let all = offered.certificates
        return all.count == 1 ? all : all.filter(\.isCertificateAuthority)
    }

    private static func topmost(_ offered: CACertificates) throws(SCEPClientError) -> [EncodedCertificate] {
        let topmost = candidates(offered).filter { candidate in
            candidate.isSelfIssued || !offered.certificates.contains { $0.subject.isEquivalent(to: candidate.issuer) }
        }
        guard !topmost.isEmpty else {
            throw .untrustedCACertificate("the server's certificates name no CA that stands above the others")
        }
        return topmost
    }

    private init(
        _ all: [EncodedCertificate],
        anchors: [EncodedCertificate],
        _ authentication: Authentication,
        predecessor: [EncodedCertificate],
        now: Date
    ) throws(SCEPClientError) {
        for anchor in anchors where !anchor.isValid(at: now) {
            throw .untrustedCACertificate("the CA certificate '\(anchor.subject)' is not valid at this time")
        }
        var hierarchy = CertificateHierarchy(anchors: anchors)
        let rest = hierarchy.adopt(all, now: now)
        for certificate in rest where !anchors.contains(where: { certificate.isAbove($0, in: all) }) {
            throw .untrustedCACertificate(
                certificate.isValid(at: now)
                    ? "the server's certificate '\(certificate.subject)' is not signed by its CA"
                    : "the server's certificate '\(certificate.subject)' is not valid at this time"
            )
        }
        self.hierarchy = hierarchy
        self.anchors = anchors
        self.authentication = authentication
        let trusted = all.filter { hierarchy.contains($0) }
        self.certificates = CACertificates(certificates: trusted)
        // Who answers a request to the next CA, RFC 8894 does not say; the present one is trusted no less.
        self.replySigners = CACertificates(certificates: trusted + predecessor.filter { !trusted.contains($0) })
    }

    /// The certificate that requests are encrypted to.
    public var recipient: EncodedCertificate? { certificates.recipient }

    /// The CA that is to issue: the recipient of requests, or if that is an RA, the CA above it.
    public var issuer: EncodedCertificate? {
        guard let recipient else { return nil }
        return hierarchy.mayIssue(recipient) ? recipient : hierarchy.chain(above: recipient)?.first
    }

    /// What a certificate of this CA is used for.
    public func roles(of certificate: EncodedCertificate) -> [CertificateRole] {
        guard hierarchy.contains(certificate) else { return [] }
        return CertificateRole.allCases.filter { role in
            switch role {
            case .anchor: anchors.contains(certificate)
            case .issuer: hierarchy.mayIssue(certificate)
            case .recipient: certificate == recipient
            case .signer: certificate.keyUsage?.digitalSignature ?? true
            }
        }
    }

    /// Whether one of the CA's certificates signed a CRL.
    package func hasSigned(_ list: EncodedCertificateList) -> Bool { hierarchy.hasSigned(list) }

    /// The CA certificates above an issued one, its issuer first and an anchor last.
    ///
    /// - Parameters:
    ///   - issued: the issued certificate.
    ///   - others: certificates that came with it, which may be intermediate CAs.
    ///   - now: the time at which those have to be valid.
    /// - Returns: nil when it is not signed under an anchor.
    package func chain(
        above issued: EncodedCertificate,
        with others: [EncodedCertificate],
        now: Date
    ) -> [EncodedCertificate]? {
        var hierarchy = hierarchy
        _ = hierarchy.adopt(others, now: now)
        return hierarchy.chain(above: issued)
    }
}

extension EncodedCertificate {
    /// How far in the future a certificate may begin: clocks of small machines are off, and a CA may be minutes old.
    static let clockTolerance: Double = 300

    /// Whether a moment lies within the certificate's validity.
    func isValid(at moment: Date) -> Bool {
        guard let notBefore, let notAfter else { return false }
        return notBefore.addingTimeInterval(-Self.clockTolerance) <= moment && moment <= notAfter
    }

    /// Whether a certificate is, step by step, signed under this one by certificates of a list.
    ///
    /// Names alone decide here: what lies above an anchor is left out and so needs no proof.
    func isAbove(_ certificate: EncodedCertificate, in list: [EncodedCertificate]) -> Bool {
        var current = certificate
        for _ in list {
            if current.issuer.isEquivalent(to: subject), current != self { return true }
            guard !current.isSelfIssued, let next = list.first(where: { $0.subject.isEquivalent(to: current.issuer) })
            else {
                return false
            }
            current = next
        }
        return false
    }
}
