// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import X509

internal import struct Foundation.Date

/// Certificates that are signed under anchors, each with its way up (RFC 5280 §6.1, as far as a SCEP client needs it).
struct CertificateHierarchy: Sendable {
    private struct Member: Sendable {
        let certificate: EncodedCertificate
        let key: PublicKey?
        /// Where the issuer stands; nil for an anchor.
        let issuer: Int?
        /// How many CA certificates may still follow below (RFC 5280 §4.2.1.9).
        let remainingDepth: Int
    }

    private var members: [Member]

    /// Begins with certificates that are trusted for another reason than a signature.
    init(anchors: [EncodedCertificate]) {
        self.members = anchors.map {
            Member(certificate: $0, key: $0.key, issuer: nil, remainingDepth: $0.maximumPathLength ?? .max)
        }
    }

    /// Takes in the certificates that are valid and signed by a CA that is in already, in any order.
    ///
    /// The work is bounded: the lists of SCEP have 16 certificates at most, and each round takes at least one in.
    ///
    /// - Returns: those that could not be taken in.
    mutating func adopt(_ candidates: [EncodedCertificate], now: Date) -> [EncodedCertificate] {
        var rest = candidates.filter { !contains($0) }
        for _ in candidates {
            let before = rest.count
            rest = rest.filter { candidate in
                guard candidate.isValid(at: now), let issuer = issuer(of: candidate) else { return true }
                let depth = members[issuer].remainingDepth
                members.append(
                    Member(
                        certificate: candidate,
                        key: candidate.key,
                        issuer: issuer,
                        remainingDepth: min(
                            candidate.isSelfIssued || depth == .max ? depth : max(0, depth - 1),
                            candidate.maximumPathLength ?? .max
                        )
                    )
                )
                return false
            }
            if rest.count == before { break }
        }
        return rest
    }

    /// Whether a certificate is in.
    func contains(_ certificate: EncodedCertificate) -> Bool {
        members.contains { $0.certificate == certificate }
    }

    /// Whether a certificate that is in may issue others.
    func mayIssue(_ certificate: EncodedCertificate) -> Bool {
        members.first { $0.certificate == certificate }.map(Self.mayIssue) ?? false
    }

    /// The way from a certificate's issuer up to an anchor; nil when nobody in here signed it.
    func chain(above certificate: EncodedCertificate) -> [EncodedCertificate]? {
        guard var index = issuer(of: certificate) else { return nil }
        var chain = [members[index].certificate]
        while let next = members[index].issuer {
            index = next
            chain.append(members[index].certificate)
        }
        return chain
    }

    /// Whether a CA that is in signed a CRL.
    func hasSigned(_ list: EncodedCertificateList) -> Bool {
        guard let scheme = list.signatureAlgorithm.signatureScheme(), scheme.digest != .insecureMD5 else {
            return false
        }
        return members.contains { member in
            guard member.issuer == nil || member.certificate.isCertificateAuthority,
                member.certificate.keyUsage?.cRLSign ?? true,
                member.certificate.subject.isEquivalent(to: list.issuer), let key = member.key
            else { return false }
            return list.isSigned(by: key)
        }
    }

    private static func mayIssue(_ member: Member) -> Bool {
        // An anchor is a CA because somebody says so, not because it does.
        guard member.issuer == nil || member.certificate.isCertificateAuthority else { return false }
        return member.certificate.keyUsage?.keyCertSign ?? true
    }

    private func issuer(of certificate: EncodedCertificate) -> Int? {
        // Nobody verifies by MD5 (RFC 8894 §2.9).
        guard let scheme = certificate.signatureAlgorithm.signatureScheme(), scheme.digest != .insecureMD5 else {
            return nil
        }
        return members.firstIndex { member in
            guard Self.mayIssue(member), member.certificate.subject.isEquivalent(to: certificate.issuer),
                member.remainingDepth > 0 || !certificate.isCertificateAuthority || certificate.isSelfIssued,
                let key = member.key
            else { return false }
            return certificate.isSigned(by: key)
        }
    }
}

extension EncodedCertificate {
    fileprivate var key: PublicKey? { try? subjectPublicKeyInfo.publicKey() }

    fileprivate var maximumPathLength: Int? {
        guard let value = self.extension(.PKIX.basicConstraints), let constraints = try? BasicConstraints(value),
            case .isCertificateAuthority(let length) = constraints
        else { return nil }
        return length
    }
}
