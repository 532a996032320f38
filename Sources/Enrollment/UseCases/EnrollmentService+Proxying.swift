// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEP

/// What is kept with a request that a proxy signed: a decision may come long after it.
private enum ProxyAttribute {
    /// The rule's name.
    static let rule = "signer.rule"
    /// The proxy's subject.
    static let subject = "signer.subject"
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
        entitlement.attributes.add(ProxyAttribute.rule, [rule.name])
        entitlement.attributes.add(ProxyAttribute.subject, [sender.certificate.subject.description])
        if case .issued(let record) = sender.standing {
            let place = "\(record.issuerID) \(record.serialNumber.hexadecimal)"
            entitlement.attributes.add(ProxyAttribute.issued, [place])
        }
        return try await conclude(.entitled(entitlement), opened, candidate, &deliberation)
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
        let rules = deliberation.profile.settings.authorizedSigners.filter { $0.name == name }
        guard !rules.isEmpty else {
            throw deliberation.fail("signer", .signerNotAllowed, "the rule '\(name)' is no longer there")
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
        return nil
    }
}
