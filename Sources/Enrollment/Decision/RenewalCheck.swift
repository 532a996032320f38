// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SCEP
internal import X509

internal import struct Foundation.Date

/// Whether a signer's certificate entitles it to a new one: asked before the sender counts as authenticated.
///
/// Pure: everything it needs is in its input.
struct RenewalSignerCheck: Sendable {
    /// What the checks look at.
    struct Input {
        var sender: Sender
        var profile: String
        var policy: RenewalPolicy
        var now: Date
    }

    /// The reason when it is broken.
    var reason: ReasonCode
    /// Says what is wrong; nil when the rule is kept.
    var violation: @Sendable (Input) -> String?

    /// All rules, in the order in which they are asked.
    static let all: [RenewalSignerCheck] = [served, standing, validity, revocation, status]

    /// The first rule that is broken.
    static func refusal(_ input: Input) -> (reason: ReasonCode, detail: String)? {
        for check in all {
            if let detail = check.violation(input) { return (check.reason, detail) }
        }
        return nil
    }

    static let served = RenewalSignerCheck(reason: .renewalNotServed) { input in
        input.policy.requests == .accepted ? nil : "the profile does not renew certificates"
    }

    static let standing = RenewalSignerCheck(reason: .renewalSigner) { input in
        switch input.sender.standing {
        case .key: "'\(input.sender.certificate.subject)' is not certified by this server or an alternate authority"
        case .issued(let record):
            record.profile == input.profile ? nil : "the certificate belongs to the profile '\(record.profile)'"
        case .alternate(let authority):
            input.policy.alternateAuthorities.contains(authority.name)
                ? nil : "the alternate authority '\(authority.name)' is not one of the profile's"
        }
    }

    static let validity = RenewalSignerCheck(reason: .renewalExpired) { input in
        guard let notBefore = input.sender.certificate.notBefore, let notAfter = input.sender.certificate.notAfter
        else {
            return "the certificate's validity can't be read"
        }
        // A device whose clock is behind got a certificate that begins in the past; one that begins in the future is nobody's.
        guard notBefore <= input.now else { return "the certificate is not valid yet" }
        let end = notAfter.addingTimeInterval(86_400 * Double(max(0, input.policy.graceDays)))
        return input.now <= end ? nil : "the certificate was valid until \(notAfter)"
    }

    static let revocation = RenewalSignerCheck(reason: .renewalRevoked) { input in
        switch input.sender.standing {
        case .key: return nil
        case .issued(let record):
            return record.revocation.map { "the certificate is revoked (\($0.reason)) since \($0.at)" }
        case .alternate(let authority):
            let found = try? authority.certificateList?.revocation(of: input.sender.certificate.serialNumber)
            return found.map { "the certificate is revoked since \($0.revokedAt)" }
        }
    }

    /// Without a fresh CRL nobody knows, and then the answer is no.
    static let status = RenewalSignerCheck(reason: .renewalStatusUnknown) { input in
        guard case .alternate(let authority) = input.sender.standing else { return nil }
        guard let list = authority.certificateList else {
            return "there is no CRL of the alternate authority '\(authority.name)'"
        }
        guard list.isCurrent(at: input.now) else {
            return "the CRL of the alternate authority '\(authority.name)' is out of date"
        }
        guard list.covers(input.sender.certificate) else {
            return "the CRL of the alternate authority '\(authority.name)' does not cover the certificate"
        }
        do {
            _ = try list.revocation(of: input.sender.certificate.serialNumber)
            return nil
        } catch {
            return "the CRL of the alternate authority '\(authority.name)' can't be used: \(error)"
        }
    }
}

/// A rule about what may be renewed, asked once the sender is authenticated.
///
/// Pure: everything it needs is in its input.
struct RenewalCheck: Sendable {
    /// How the names asked for have to be.
    enum NameRule {
        /// The same as in the certificate.
        case same
        /// Some of those in the certificate: the template wrote the others.
        case among
    }

    /// What the checks look at.
    struct Input {
        var renewed: EncodedCertificate
        var request: CertificationRequest
        /// The subject that the request asks for; nil when the template takes no subject from requests.
        var wishedSubject: Name?
        /// The names that the template grants of those that the request asks for; nil when it asks for none.
        var wishedNames: SubjectAlternativeNames?
        /// How they have to be.
        var nameRule: NameRule
        /// The names that the template grants of those that the certificate has.
        var heldNames: SubjectAlternativeNames?
        var policy: RenewalPolicy
        var now: Date
    }

    /// The step's name in traces.
    var name: String
    /// The reason when it is broken.
    var reason: ReasonCode
    /// Says what is wrong; nil when the rule is kept.
    var violation: @Sendable (Input) -> String?

    /// All rules, in the order in which they are asked.
    static let all: [RenewalCheck] = [window, keyReuse, subject, names]

    /// The first rule that is broken.
    static func refusal(_ input: Input) -> (name: String, reason: ReasonCode, detail: String)? {
        for check in all {
            if let detail = check.violation(input) { return (check.name, check.reason, detail) }
        }
        return nil
    }

    static let window = RenewalCheck(name: "renewal window", reason: .renewalTooEarly) { input in
        guard let notBefore = input.renewed.notBefore, let notAfter = input.renewed.notAfter else {
            return "the certificate's validity can't be read"
        }
        let opening = input.policy.window.opens(notBefore: notBefore, notAfter: notAfter)
        return opening <= input.now ? nil : "it may be renewed from \(opening) on (window \(input.policy.window))"
    }

    static let keyReuse = RenewalCheck(name: "renewal key", reason: .renewalKeyReuse) { input in
        guard input.policy.keyReuse == .refused else { return nil }
        return input.request.subjectPublicKeyInfo.keyBits == input.renewed.subjectPublicKeyInfo.keyBits
            ? "the request is for the old key" : nil
    }

    static let subject = RenewalCheck(name: "renewal names", reason: .renewalNames) { input in
        guard let wished = input.wishedSubject else { return nil }
        return wished.isEquivalentInAnyOrder(to: input.renewed.subject)
            ? nil : "the request is for '\(wished)', the certificate for '\(input.renewed.subject)'"
    }

    static let names = RenewalCheck(name: "renewal names", reason: .renewalNames) { input in
        guard let wished = input.wishedNames else { return nil }
        let held = Set(input.heldNames ?? SubjectAlternativeNames())
        let isKept =
            switch input.nameRule {
            case .same: Set(wished) == held
            case .among: held.isSuperset(of: wished)
            }
        return isKept ? nil : "the request asks for other alternative names than the certificate has"
    }
}

extension EncodedCertificate {
    /// The alternative names, if there are any that can be read.
    var subjectAlternativeNames: SubjectAlternativeNames? {
        self.extension(.PKIX.subjectAltName).flatMap { try? SubjectAlternativeNames($0) }
    }
}
