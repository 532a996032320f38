// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import X509

/// A challenge for one enrolment; none where the server needs none.
struct Ticket: Sendable {
    let challenge: String?
    /// The transactionID that the challenge was made for, where a request is encrypted under it.
    var transactionID: String?
}

/// One URL, with what is known of it.
final class Endpoint {
    let role: EndpointRole
    let url: ProbeURL
    /// The keywords of GetCACaps.
    var capabilities: [String] = []
    /// The certificates of GetCACert.
    var authorities: [EncodedCertificate] = []
    /// Whether pkiMessages have to go by GET, since POST is not served.
    var needsGET = false
    private var challenges: [String]
    private let needsNone: Bool
    private let reuses: Bool

    init(_ role: EndpointRole, _ url: ProbeURL, challenges: [String], reuses: Bool) {
        self.role = role
        self.url = url
        self.challenges = challenges
        self.needsNone = challenges.isEmpty
        self.reuses = reuses
    }

    /// A challenge that is used up by this.
    func take() -> Ticket? {
        if needsNone { return Ticket(challenge: nil) }
        guard let first = challenges.first else { return nil }
        if !(reuses && challenges.count == 1) { challenges.removeFirst() }
        let words = first.split(separator: " ", maxSplits: 1)
        guard role == .ec, let id = words.first, let challenge = words.last, words.count == 2 else {
            return Ticket(challenge: first)
        }
        return Ticket(challenge: String(challenge), transactionID: String(id))
    }

    /// A challenge for a request that is to be refused, and so can serve again.
    func peek() -> Ticket? {
        needsNone ? Ticket(challenge: nil) : challenges.first.map { Ticket(challenge: $0) }
    }

    /// The certificate to envelope requests to: an RA's before a CA's, one that may encipher keys before others.
    var recipient: EncodedCertificate? {
        let candidates = authorities.filter { certificate in
            if case .some(.rsa) = try? certificate.subjectPublicKeyInfo.publicKey().algorithm { return true }
            return false
        }
        let allowed = candidates.filter { $0.keyUsage?.keyEncipherment ?? true }
        return allowed.first { !$0.isCertificateAuthority } ?? allowed.first ?? candidates.first
    }

    /// The certificate of the CA that issues: the one that is no issuer of another CA.
    var issuer: EncodedCertificate? {
        let authorities = authorities.filter(\.isCertificateAuthority)
        return authorities.first { one in !authorities.contains { $0 != one && $0.isIssued(by: one) } }
            ?? self.authorities.first
    }

    /// Whether a keyword is listed, in any case.
    func lists(_ keyword: String) -> Bool {
        capabilities.contains { $0.lowercased() == keyword.lowercased() }
    }
}
