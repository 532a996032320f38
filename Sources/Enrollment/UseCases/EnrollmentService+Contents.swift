// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import X509

extension EnrollmentService {
    /// What a certificate is to say: what the request asks for and the template writes, as far as the profile's rules grant it.
    func contents(
        _ request: CertificationRequest,
        _ key: KeyAlgorithm,
        renewed: EncodedCertificate?,
        attributes: ChallengeAttributes,
        _ deliberation: inout Deliberation
    ) throws -> CertificateContents {
        let template = deliberation.profile.template
        let requestedNames: SubjectAlternativeNames?
        do {
            requestedNames = try request.requestedNames()
        } catch {
            throw deliberation.fail("names", .policyNames, "subjectAltName is malformed")
        }
        var input = PolicyInput(
            request: request,
            key: key,
            requestedNames: requestedNames,
            attributes: attributes,
            template: template
        )
        input.tellWhatIsLeftOut(&deliberation)
        if let renewed {
            let renewal = RenewalCheck.Input(request, renewed, wishedNames: input.names, deliberation)
            if let refusal = RenewalCheck.refusal(renewal) {
                throw deliberation.fail(refusal.name, refusal.reason, refusal.detail)
            }
            input.keep(renewed, names: renewal.heldNames)
        } else {
            input.fillIn()
        }
        for check in PolicyCheck.all {
            if let violation = check.violation(input) { throw deliberation.fail(check.name, check.reason, violation) }
        }
        deliberation.pass(
            "policy",
            "RA profile '\(deliberation.profile.raProfile)', \(PolicyCheck.all.count) rules kept: \(PolicyCheck.names)"
        )
        return CertificateContents(
            subject: input.subject,
            subjectPublicKeyInfo: request.subjectPublicKeyInfo,
            keyAlgorithm: key,
            names: input.names,
            usages: input.usages
        )
    }
}

extension PolicyInput {
    /// Notes which wishes of the request are not heeded.
    fileprivate func tellWhatIsLeftOut(_ deliberation: inout Deliberation) {
        // A trace has room for a few.
        let names = refusedNames.prefix(16)
        if !names.isEmpty, template.requestedNames != .refuse {
            deliberation.note("names", "left out: " + names.map(RequestedContents.text).joined(separator: " "))
        }
        if !wishes.ungrantable.isEmpty, template.requestedExtensions == .strip {
            deliberation.note("extensions", "left out: " + wishes.ungrantable.joined(separator: ", "))
        }
        guard template.usages.requested != .refuse, wishes.usages != RequestedUsages() else { return }
        let usages = wishes.usages.beyond(template.usages.granted(wishes.usages, key: key))
        if !usages.isEmpty { deliberation.note("usages", "left out: " + usages.joined(separator: ", ")) }
    }

    /// Keeps what the certificate has that is renewed, as far as the template would still grant it.
    fileprivate mutating func keep(_ renewed: EncodedCertificate, names: SubjectAlternativeNames?) {
        // In another order, case or spacing it could be another name to somebody, which nobody has granted.
        subject = renewed.subject
        self.names = names
        guard let usages else { return }
        var wishes = wishes
        wishes.add(renewed)
        self.usages = usages.keyUsages.isEmpty ? usages : template.usages.granted(wishes.usages, key: key)
    }

    /// Fills the template in.
    fileprivate mutating func fillIn() {
        guard template.subject != nil || !template.names.isEmpty else { return }
        let values = TemplateValues(
            request: request,
            names: requestedNames ?? SubjectAlternativeNames(),
            attributes: attributes.values
        )
        do throws(TemplateError) {
            if let subject = template.subject { self.subject = try subject.fill(values) }
            var written = Array(names ?? SubjectAlternativeNames())
            for line in template.names {
                for name in try line.fill(values) where !written.contains(name) { written.append(name) }
            }
            names = written.isEmpty ? nil : SubjectAlternativeNames(written)
        } catch {
            unfilled = error
        }
    }
}

extension RenewalCheck.Input {
    /// What the checks of a profile look at.
    init(
        _ request: CertificationRequest,
        _ renewed: EncodedCertificate,
        wishedNames: SubjectAlternativeNames?,
        _ deliberation: Deliberation
    ) {
        let template = deliberation.profile.template
        self.init(
            renewed: renewed,
            request: request,
            wishedSubject: template.subject == nil ? request.subject : nil,
            wishedNames: wishedNames,
            nameRule: template.names.isEmpty ? .same : .among,
            heldNames: renewed.subjectAlternativeNames.flatMap { template.heldNames($0) },
            policy: deliberation.profile.settings.renewal,
            now: deliberation.receivedAt
        )
    }
}
