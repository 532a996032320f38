// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import X509

/// What the policy checks look at: an authenticated request and what its profile says.
struct PolicyInput: Sendable {
    var request: CertificationRequest
    var key: KeyAlgorithm
    var names: SubjectAlternativeNames?
    /// What the challenge's source knows of the device.
    var attributes: ChallengeAttributes
    var template: CertificateTemplate
}

/// One small rule about what may be issued.
///
/// Pure: everything it needs is in its input.
struct PolicyCheck: Sendable {
    /// The step's name in traces.
    var name: String
    /// The reason when it is broken.
    var reason: ReasonCode
    /// Says what is wrong; nil when the rule is kept.
    var violation: @Sendable (PolicyInput) -> String?

    /// All rules, in the order in which they are asked.
    static let all: [PolicyCheck] = [keySize, subject, subjectLength, dnsNames, nameCount]

    /// The key has to be as long as the template says.
    static let keySize = PolicyCheck(name: "key size", reason: .policyKey) { input in
        guard case .rsa(let bits) = input.key else { return nil }
        let limits = RSAKeyLimits(minimumBits: input.template.minimumRSABits, maximumBits: 8192)
        return limits.accepts(bits: bits)
            ? nil : "RSA of \(bits) bits; at least \(input.template.minimumRSABits) are needed"
    }

    /// Attributes of a subject have upper bounds (RFC 5280 appendix A.1), most of them 64 characters.
    static let subjectLength = PolicyCheck(name: "subject", reason: .policySubject) { input in
        guard input.request.subject.der.count <= 2048 else { return "the subject has more than 2048 bytes" }
        let longest = input.request.subject.longestAttributeCharacterCount
        return longest <= 128 ? nil : "the subject has a value of \(longest) characters; at most 128 are certified"
    }

    /// A dNSName is a name in preferred syntax (RFC 5280 §4.2.1.6); a first label of '*' is left to the relying party.
    static let dnsNames = PolicyCheck(name: "names", reason: .policyNames) { input in
        for case .dnsName(let name) in input.names ?? SubjectAlternativeNames() where !DNSName.isValid(name) {
            return "'\(name.prefix(64))' is no DNS name"
        }
        return nil
    }

    /// So many alternative names a device has at the most; each costs every relying party time.
    static let nameCount = PolicyCheck(name: "names", reason: .policyNames) { input in
        let count = input.names?.count ?? 0
        return count <= 64 ? nil : "\(count) alternative names; at most 64 are certified"
    }

    /// Something has to name the holder (RFC 5280 §4.1.2.6).
    static let subject = PolicyCheck(name: "subject", reason: .policySubject) { input in
        input.request.subject.isEmpty && input.names == nil ? "neither a subject nor an allowed alternative name" : nil
    }
}
