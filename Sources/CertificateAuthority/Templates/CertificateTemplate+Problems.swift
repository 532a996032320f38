// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX

extension CertificateTemplate {
    /// The longest validity: longer than any CA lives, to which it is clamped anyway.
    private static let maximumDays = 36_500
    /// The farthest that a certificate may begin before it is issued.
    private static let maximumBackdateSeconds = 30 * 86_400

    /// What makes no sense in the settings, a sentence for each; empty when they can be served.
    public func problems() -> [String] {
        validityProblems() + keyProblems() + usageProblems() + nameProblems()
    }

    private func validityProblems() -> [String] {
        var list: [String] = []
        if let validityHours {
            if !(1...Self.maximumDays * 24).contains(validityHours) {
                list.append("validityHours is \(validityHours); it has to be 1 to \(Self.maximumDays * 24).")
            }
        } else if !(1...Self.maximumDays).contains(validityDays) {
            list.append("validityDays is \(validityDays); it has to be 1 to \(Self.maximumDays).")
        }
        if !(0...Self.maximumBackdateSeconds).contains(backdateSeconds) {
            list.append("backdateSeconds is \(backdateSeconds); it has to be 0 to \(Self.maximumBackdateSeconds).")
        }
        return list
    }

    private func keyProblems() -> [String] {
        var list: [String] = []
        let limits = RSAKeyLimits.verification
        if keys.types.isEmpty { list.append("keys: no type of key is certified; name one in types.") }
        if keys.minimumRSABits < limits.minimumBits || keys.maximumRSABits > limits.maximumBits {
            list.append("keys: RSA keys of \(limits.minimumBits) to \(limits.maximumBits) bits can be certified.")
        }
        if keys.minimumRSABits > keys.maximumRSABits {
            list.append("keys: minimumRSABits \(keys.minimumRSABits) is above maximumRSABits \(keys.maximumRSABits).")
        }
        if keys.minimumRSAExponent < 3 || keys.minimumRSAExponent > 65537 {
            list.append("keys: minimumRSAExponent is \(keys.minimumRSAExponent); it has to be 3 to 65537.")
        }
        return list
    }

    private func usageProblems() -> [String] {
        var list: [String] = []
        if usages.extendedKeyUsages.isEmpty {
            list.append("extendedKeyUsages is empty; without them a certificate would be good for everything.")
        }
        let all = usages.extendedKeyUsages + usages.allowedExtendedKeyUsages
        if Set(usages.extendedKeyUsages).count < usages.extendedKeyUsages.count {
            list.append("extendedKeyUsages names one twice.")
        }
        if all.contains(where: { $0.description == "anyExtendedKeyUsage" }) {
            list.append("anyExtendedKeyUsage would make a certificate good for everything.")
        }
        if !usages.allowedExtendedKeyUsages.isEmpty, usages.requested != .grant {
            list.append("allowedExtendedKeyUsages does nothing unless requestedUsages is 'grant'.")
        }
        let algorithms: [(KeyPolicy.KeyType, KeyAlgorithm)] = [
            (.rsa, .rsa(bits: 2048)), (.p256, .ec(.p256)), (.p384, .ec(.p384)), (.p521, .ec(.p521)),
        ]
        for (type, key) in algorithms where keys.types.contains(type) && usages.keyUsages(for: key).isEmpty {
            list.append("keyUsages has none that a key of type \(type.rawValue) can have; leave the type out of keys.")
        }
        return list
    }

    private func nameProblems() -> [String] {
        var list: [String] = []
        if allowedNames.contains(.upn) {
            list.append("allowedNames: a upn is never taken over from a request; write it in names.")
        }
        for kind in requiredNames.sorted() where !canHave(kind) {
            list.append("requiredNames: no certificate gets a name of the kind \(kind.rawValue).")
        }
        let required = Set(subjectRules.required.compactMap(Name.type))
        if !required.isDisjoint(with: subjectRules.forbidden.compactMap(Name.type)) {
            list.append("requiredSubject and forbiddenSubject name the same attribute type.")
        }
        if let allowed = subjectRules.allowed, !required.isSubset(of: allowed.compactMap(Name.type)) {
            list.append("requiredSubject names an attribute type that is not in allowedSubject.")
        }
        return list + subjectProblems()
    }

    /// What the subject's template can't have, whatever it is filled in with.
    private func subjectProblems() -> [String] {
        guard let subject else { return [] }
        let types = subject.relativeNames.joined().map(\.type)
        var list: [String] = []
        for keyword in subjectRules.required where !types.contains(where: { $0 == Name.type(of: keyword) }) {
            list.append("requiredSubject: the subject's template has no \(keyword).")
        }
        for keyword in subjectRules.forbidden where types.contains(where: { $0 == Name.type(of: keyword) }) {
            list.append("forbiddenSubject: the subject's template has \(keyword).")
        }
        if let allowed = subjectRules.allowed?.compactMap(Name.type), !types.allSatisfy(allowed.contains) {
            list.append("allowedSubject: the subject's template has other attribute types.")
        }
        return list
    }

    private func canHave(_ kind: NameKind) -> Bool {
        (requestedNames != .ignore && allowedNames.contains(kind) && kind != .upn)
            || names.contains { $0.kind == kind }
    }
}
