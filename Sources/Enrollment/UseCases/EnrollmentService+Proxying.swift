// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP
internal import X509

/// What is kept with a request that a proxy signed: a decision may come long after it.
private enum ProxyAttribute {
    /// The rule's name.
    static let rule = "signer.rule"
    /// The proxy's subject.
    static let subject = "signer.subject"
    /// SHA-256 of the proxy's certificate, and of its SubjectPublicKeyInfo.
    static let certificate = "signer.certificate"
    static let key = "signer.key"
    /// The profile that issued the proxy's certificate, or the alternate authority that did.
    static let profile = "signer.profile"
    static let authority = "signer.authority"
    /// The proxy's issuer and serial number, if this server issued its certificate.
    static let issued = "signer.issued"
}

extension EnrollmentService {
    /// A PKCSReq that a proxy signed, for the key of another.
    ///
    /// It is never a renewal, whatever it asks for: what the proxy itself has would go to the holder of the other key.
    func enrollForAnother(
        _ opened: OpenedRequest,
        _ candidate: Candidate,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        let rule = try rule(candidate, sender, &deliberation)
        deliberation.pass("signer", "the rule '\(rule.name)' lets '\(sender.certificate.subject)' ask for this")
        deliberation.authentication = "signer \(sender.certificate.serialNumber.hexadecimal), rule \(rule.name)"
        var entitlement = Entitlement()
        // As in a renewal, a challenge may be needed for nothing but to encrypt the reply under it.
        let isReplyUnderIt = opened.replyDelivery == .password && candidate.request.challengePassword != nil
        if rule.challenge == .needed || isReplyUnderIt {
            let authentication = try await authenticate(candidate, &deliberation)
            guard case .entitled(let byChallenge) = authentication else {
                return try await conclude(authentication, opened, candidate, &deliberation)
            }
            entitlement = byChallenge
        }
        entitlement.attributes = Self.attributes(rule, sender).merging(entitlement.attributes)
        return try await conclude(.entitled(entitlement), opened, candidate, &deliberation)
    }

    /// What is kept of a proxy with a request that waits.
    private static func attributes(_ rule: AuthorizedSigner, _ sender: Sender) -> ChallengeAttributes {
        var attributes = ChallengeAttributes()
        let certificate = sender.certificate
        attributes.add(ProxyAttribute.rule, [rule.name])
        attributes.add(ProxyAttribute.subject, [certificate.subject.description])
        attributes.add(ProxyAttribute.certificate, [certificate.fingerprint().hexadecimal])
        let keyDigest = DigestAlgorithm.sha256.digest(certificate.subjectPublicKeyInfo.der)
        attributes.add(ProxyAttribute.key, [keyDigest.hexadecimal])
        switch sender.standing {
        case .issued(let record):
            attributes.add(ProxyAttribute.profile, [record.profile])
            attributes.add(ProxyAttribute.issued, ["\(record.issuerID) \(record.serialNumber.hexadecimal)"])
        case .alternate(let authority): attributes.add(ProxyAttribute.authority, [authority.name])
        case .key: break
        }
        return attributes
    }

    /// Whether a rule is, as it stands now, about the proxy that was kept with a request.
    private static func isAbout(_ rule: AuthorizedSigner, _ attributes: ChallengeAttributes) -> Bool {
        func kept(_ path: String) -> String? { attributes.values[path]?.first }
        func isSubject(_ text: String) -> Bool {
            guard let wanted = try? Name(text), let kept = kept(ProxyAttribute.subject).flatMap({ try? Name($0) })
            else { return false }
            return wanted.isEquivalent(to: kept)
        }
        switch rule.identity {
        case .certificate(let digest): return kept(ProxyAttribute.certificate) == digest.hexadecimal
        case .key(let digest): return kept(ProxyAttribute.key) == digest.hexadecimal
        case .issued(let through, let subject): return kept(ProxyAttribute.profile) == through && isSubject(subject)
        case .certified(let name, let subject): return kept(ProxyAttribute.authority) == name && isSubject(subject)
        }
    }

    /// The first rule that allows all that a request asks for.
    private func rule(
        _ candidate: Candidate,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) throws -> AuthorizedSigner {
        var objections: [String] = []
        for rule in candidate.proxyRules {
            let objection =
                rule.objection(to: sender, now: deliberation.receivedAt) ?? rule.objection(to: candidate.request)
            guard let objection else { return rule }
            objections.append("the rule '\(rule.name)' refuses: \(objection)")
        }
        throw deliberation.fail("signer", .signerNotAllowed, objections.joined(separator: "; "))
    }

    /// Checks that what let a proxy ask still does, when its request has waited for a decision.
    ///
    /// The rule may have become narrower or gone, and the proxy's certificate have been revoked; that it has expired meanwhile does not
    /// matter.
    func checkProxy(
        _ attributes: ChallengeAttributes,
        _ request: CertificationRequest,
        _ deliberation: inout Deliberation
    ) async throws {
        guard let name = attributes.values[ProxyAttribute.rule]?.first else { return }
        let rules = deliberation.profile.settings.authorizedSigners.filter {
            $0.name == name && Self.isAbout($0, attributes)
        }
        guard !rules.isEmpty else {
            throw deliberation.fail(
                "signer",
                .signerNotAllowed,
                "the rule '\(name)' is no longer there, or about another proxy"
            )
        }
        let objections = rules.map { $0.objection(to: request) }
        if let objection = objections.first.flatMap(\.self), !objections.contains(nil) {
            throw deliberation.fail("signer", .signerNotAllowed, "the rule '\(name)' refuses: \(objection)")
        }
        if let revoked = try await revocation(attributes, &deliberation) {
            throw deliberation.fail(
                "signer",
                .signerNotAllowed,
                "the proxy's certificate is revoked since \(revoked.at)"
            )
        }
    }

    private func revocation(
        _ attributes: ChallengeAttributes,
        _ deliberation: inout Deliberation
    ) async throws -> Revocation? {
        guard let place = attributes.values[ProxyAttribute.issued]?.first else { return nil }
        do {
            for authority in deliberation.profile.authorities.own where place.hasPrefix("\(authority.issuerID) ") {
                let digits = Array(place.dropFirst("\(authority.issuerID) ".count))
                let serialNumber = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                    UInt8(String(digits[$0...($0 + 1)]), radix: 16)
                }
                return try await certificates.certificate(
                    issuerID: authority.issuerID,
                    serialNumber: serialNumber
                )?.revocation
            }
        } catch {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
        throw deliberation.fail("signer", .signerNotAllowed, "nobody knows whether the proxy's certificate is revoked")
    }
}
