// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import X509

/// What the policy checks look at: an authenticated request, what its profile says, and what its certificate would hold.
struct PolicyInput: Sendable {
    let request: CertificationRequest
    let key: KeyAlgorithm
    /// The names that the request asks for; nil when it asks for none.
    let requestedNames: SubjectAlternativeNames?
    /// What the challenge's source knows of the device.
    let attributes: ChallengeAttributes
    let template: CertificateTemplate
    /// What the request asks for beside its names.
    let wishes: RequestWishes
    /// The subject of the certificate.
    var subject: Name
    /// The names of the certificate.
    var names: SubjectAlternativeNames?
    /// The usages of the certificate; nil for the usual ones.
    var usages: GrantedUsages?
    /// Why the template could not be filled in.
    var unfilled: TemplateError?

    /// Starts with what the template takes over from a request.
    init(
        request: CertificationRequest,
        key: KeyAlgorithm,
        requestedNames: SubjectAlternativeNames?,
        attributes: ChallengeAttributes,
        template: CertificateTemplate
    ) {
        self.request = request
        self.key = key
        self.requestedNames = requestedNames
        self.attributes = attributes
        self.template = template
        self.wishes = RequestWishes(request)
        self.subject = request.subject
        self.names = requestedNames.flatMap { template.grantedNames($0) }
        self.usages = template.usages.isUsual ? nil : template.usages.granted(wishes.usages, key: key)
    }

    /// The names that the request asks for and does not get.
    var refusedNames: [GeneralName] {
        guard let requestedNames else { return [] }
        return template.requestedNames == .ignore
            ? Array(requestedNames) : requestedNames.filter { !template.isGranted($0) }
    }
}

/// One small rule about what may be issued.
///
/// Pure: everything it needs is in its input.
struct PolicyCheck: Sendable {
    /// The step's name in traces.
    var name: String
    /// The reason when it is broken.
    var reason: ReasonCode
    /// Says in a sentence what a template asks for.
    var rule: @Sendable (CertificateTemplate) -> String
    /// Says what is wrong, and what would be right; nil when the rule is kept.
    var violation: @Sendable (PolicyInput) -> String?

    /// All rules, in the order in which they are asked; the one that costs microseconds comes last.
    static let all: [PolicyCheck] = [
        filling, extensions, requestedNames, usages, keyType, keySize, deniedKey, subject, subjectLength,
        subjectAttributes,
        invisibleCharacters, dnsNames, addresses, nameCount, requiredNames, patterns, weakKey,
    ]

    /// The names of all rules, each once, for traces.
    static let names: String = all.map(\.name).reduce(into: [String]()) { names, name in
        if !names.contains(name) { names.append(name) }
    }.joined(separator: ", ")
}
