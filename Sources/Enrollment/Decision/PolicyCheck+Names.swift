// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import PKIX
internal import SwiftASN1
internal import X509

/// The rules about what a certificate would name.
extension PolicyCheck {
    /// Something has to name the holder (RFC 5280 §4.1.2.6).
    static let subject = PolicyCheck(name: "subject", reason: .policySubject) { _ in
        "There is a subject or an alternative name."
    } violation: { input in
        input.subject.isEmpty && input.names == nil ? "neither a subject nor an allowed alternative name" : nil
    }

    /// Attributes of a subject have upper bounds (RFC 5280 appendix A.1), most of them 64 characters.
    static let subjectLength = PolicyCheck(name: "subject", reason: .policySubject) { _ in
        "The subject has at most 2048 bytes, and each of its values at most 128 characters."
    } violation: { input in
        guard input.subject.der.count <= 2048 else { return "the subject has more than 2048 bytes" }
        let longest = input.subject.longestAttributeCharacterCount
        return longest <= 128 ? nil : "the subject has a value of \(longest) characters; at most 128 are certified"
    }

    /// Some attributes have to be there, and others must not.
    static let subjectAttributes = PolicyCheck(name: "subject", reason: .policySubject) { template in
        let rules = template.subjectRules
        guard !rules.saysNothingOfAttributes else { return "The subject may have any attributes." }
        var parts: [String] = []
        if !rules.required.isEmpty { parts.append("has \(rules.required.joined(separator: ", "))") }
        if !rules.forbidden.isEmpty { parts.append("has no \(rules.forbidden.joined(separator: ", "))") }
        if let allowed = rules.allowed { parts.append("has nothing but \(allowed.joined(separator: ", "))") }
        return "The subject \(parts.joined(separator: ", and "))."
    } violation: { input in
        input.template.subjectRules.violation(input.subject)
    }

    /// What can't be seen, or turns around what can, lets one name look like another.
    static let invisibleCharacters = PolicyCheck(name: "subject", reason: .policySubject) { template in
        switch template.subjectRules.invisibleCharacters {
        case .accept: "Characters that can't be seen are certified."
        case .refuse: "No value has characters in it that can't be seen or turn others around."
        }
    } violation: { input in
        guard input.template.subjectRules.invisibleCharacters == .refuse else { return nil }
        let texts = input.subject.attributes.joined().compactMap(\.text)
        let names = (input.names ?? SubjectAlternativeNames()).compactMap(NameKind.text)
        return (texts + names).contains(where: \.hasInvisibleCharacters)
            ? "a value has a control or formatting character in it; only visible ones are certified" : nil
    }

    /// A dNSName is a name in preferred syntax (RFC 5280 §4.2.1.6); a first label of '*' is left to the relying party.
    static let dnsNames = PolicyCheck(name: "names", reason: .policyNames) { _ in
        "DNS names have labels of letters, digits and hyphens; the first may be an asterisk."
    } violation: { input in
        for case .dnsName(let name) in input.names ?? SubjectAlternativeNames() where !DNSName.isValid(name) {
            return "'\(name.prefix(64))' is no DNS name"
        }
        return nil
    }

    /// An iPAddress is one of version 4 or 6 (RFC 5280 §4.2.1.6): masks and broken ones name no holder.
    static let addresses = PolicyCheck(name: "names", reason: .policyNames) { _ in
        "IP addresses have 4 or 16 octets."
    } violation: { input in
        for case .ipAddress(let octets) in input.names ?? SubjectAlternativeNames()
        where ![4, 16].contains(octets.bytes.count) {
            return "an IP address of \(octets.bytes.count) octets; 4 or 16 are certified"
        }
        return nil
    }

    /// So many alternative names a device has at the most; each costs every relying party time.
    static let nameCount = PolicyCheck(name: "names", reason: .policyNames) { _ in
        "There are at most 64 alternative names."
    } violation: { input in
        let count = input.names?.count ?? 0
        return count <= 64 ? nil : "\(count) alternative names; at most 64 are certified"
    }

    /// Some kinds of name have to be there.
    static let requiredNames = PolicyCheck(name: "names", reason: .policyNames) { template in
        let kinds = template.requiredNames.sorted().map(\.rawValue).joined(separator: ", ")
        return kinds.isEmpty
            ? "No kind of alternative name has to be there." : "There is a name of each kind: \(kinds)."
    } violation: { input in
        guard !input.template.requiredNames.isEmpty else { return nil }
        let kinds = Set((input.names ?? SubjectAlternativeNames()).compactMap(NameKind.init))
        let missing = input.template.requiredNames.subtracting(kinds).sorted().map(\.rawValue)
        return missing.isEmpty ? nil : "there has to be a name of the kind \(missing.joined(separator: ", "))"
    }

    /// Values have to look as the template says.
    static let patterns = PolicyCheck(name: "patterns", reason: .policyPattern) { template in
        guard !template.patterns.isEmpty else { return "Values may look as they like." }
        let allowed = template.patterns.allowed.sorted { $0.key < $1.key }.map { key, patterns in
            "\(key) is \(patterns.map { "'\($0.text)'" }.joined(separator: " or "))"
        }
        let denied = template.patterns.denied.sorted { $0.key < $1.key }.map { key, patterns in
            "\(key) is not \(patterns.map { "'\($0.text)'" }.joined(separator: " or "))"
        }
        return "Values fit the patterns: \((allowed + denied).joined(separator: "; "))."
    } violation: { input in
        input.template.patterns.violation(subject: input.subject, names: input.names)
    }
}
