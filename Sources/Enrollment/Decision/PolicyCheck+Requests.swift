// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import X509

/// The rules about what a request asks for, and about its key.
extension PolicyCheck {
    /// Everything that the template names has to be there and to fit.
    static let filling = PolicyCheck(name: "template", reason: .policyTemplate) { template in
        guard template.subject != nil || !template.names.isEmpty else {
            return "Subject and alternative names are taken from the request."
        }
        let subject =
            template.subject.map { "The subject is '\($0.text)'." } ?? "The subject is taken from the request."
        let names = template.names.map(\.text).joined(separator: ", ")
        return names.isEmpty ? subject : "\(subject) Every certificate has the names \(names)."
    } violation: { input in
        input.unfilled?.sentence
    }

    /// What no template grants is left out, or not even to be asked for.
    static let extensions = PolicyCheck(name: "extensions", reason: .policyExtensions) { template in
        switch template.requestedExtensions {
        case .strip: "Extensions that no template grants, such as CA:TRUE, a SID or application policies, are left out."
        case .refuse: "A request that asks for CA:TRUE, a SID, application policies or any other extension is refused."
        }
    } violation: { input in
        guard input.template.requestedExtensions == .refuse, !input.wishes.ungrantable.isEmpty else { return nil }
        return "it asks for \(input.wishes.ungrantable.joined(separator: ", ")), which no request may"
    }

    /// Names of kinds that are not taken over are left out, or not even to be asked for.
    static let requestedNames = PolicyCheck(name: "requested names", reason: .policyNames) { template in
        let kinds = template.allowedNames.sorted().map(\.rawValue).joined(separator: ", ")
        let list = kinds.isEmpty ? "no kind" : "the kinds \(kinds)"
        return switch template.requestedNames {
        case .take: "Requested names of \(list) are taken over, others are left out."
        case .ignore: "Requested names are left out."
        case .refuse: "Requested names of \(list) are taken over; a request for others is refused."
        }
    } violation: { input in
        guard input.template.requestedNames == .refuse, let name = input.refusedNames.first else { return nil }
        let kinds = input.template.allowedNames.sorted().map(\.rawValue).joined(separator: ", ")
        return
            "it asks for the name \(RequestedContents.text(name)); \(kinds.isEmpty ? "none" : "only \(kinds)") may be asked for"
    }

    /// Usages are the template's; what a request asks for beyond them is left out, granted from a list, or refused.
    static let usages = PolicyCheck(name: "usages", reason: .policyUsage) { template in
        let usages = template.usages
        let key = usages.keyUsages?.sorted().map(\.rawValue).joined(separator: ", ")
        let own =
            (key ?? "digitalSignature and, for RSA, keyEncipherment") + "; "
            + usages.extendedKeyUsages.map(\.description).joined(separator: ", ")
        return switch usages.requested {
        case .ignore: "Every certificate has the usages \(own), whatever the request says."
        case .grant:
            "Certificates have the usages \(own), and on request "
                + usages.allowedExtendedKeyUsages.map(\.description).joined(separator: ", ") + "."
        case .refuse: "Every certificate has the usages \(own); a request for others is refused."
        }
    } violation: { input in
        let policy = input.template.usages
        if let granted = input.usages, granted.keyUsages.isEmpty {
            let wanted = (policy.keyUsages ?? []).sorted().map(\.rawValue).joined(separator: ", ")
            return "none of the key usages \(wanted) fits a key of type \(input.key)"
        }
        guard policy.requested == .refuse else { return nil }
        let granted = policy.granted(input.wishes.usages, key: input.key)
        guard let other = input.wishes.usages.beyond(granted).first else { return nil }
        let list = granted.keyUsages.sorted().map(\.rawValue) + granted.extended.map(\.description)
        return "it asks for \(other); only \(list.joined(separator: ", ")) may be asked for"
    }

    /// The key has to be of a type that the template names.
    static let keyType = PolicyCheck(name: "key type", reason: .policyKey) { template in
        "Keys of the types \(template.keys.typeNames) are certified."
    } violation: { input in
        input.template.keys.typeViolation(input.key)
    }

    /// The key has to be as long as the template says.
    static let keySize = PolicyCheck(name: "key size", reason: .policyKey) { template in
        "RSA keys have \(template.keys.minimumRSABits) to \(template.keys.maximumRSABits) bits."
    } violation: { input in
        input.template.keys.sizeViolation(input.key)
    }

    /// Keys that are known to somebody are listed.
    static let deniedKey = PolicyCheck(name: "denied keys", reason: .policyWeakKey) { template in
        template.keys.denied.isEmpty
            ? "No key is denied by its digest." : "\(template.keys.denied.count) keys are denied by their digests."
    } violation: { input in
        input.template.keys.denial(input.request.subjectPublicKeyInfo)
    }

    /// Keys whose private half anybody can compute are nobody's.
    static let weakKey = PolicyCheck(name: "weak key", reason: .policyWeakKey) { template in
        "RSA keys have a public exponent of \(template.keys.minimumRSAExponent) or more, no factor below 752, no primes close to "
            + "each other, and are none of those that ROCA (CVE-2017-15361) breaks."
    } violation: { input in
        input.template.keys.weakness(input.request.subjectPublicKeyInfo, input.key)
    }
}
