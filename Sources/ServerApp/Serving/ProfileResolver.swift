// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP

internal import struct Foundation.Data
internal import struct Foundation.Date
internal import class Foundation.JSONDecoder
internal import struct Foundation.UUID

/// Why a profile is not served.
struct ProfileRefusal: Error {
    var sentence: String
}

/// Resolves stored SCEP profiles.
struct ProfileResolver {
    let stored: StoredConfiguration
    let masterKey: MasterKey
    let authorities: [UUID: IssuingAuthority]
    let raProfiles: [String: RAProfileSettings]
    let sources: ChallengeSourceMaker
    /// The time at which what is signed here is signed.
    let now: Date

    func resolve(_ record: ProfileRecord) throws -> Result<ServedProfile, ProfileRefusal> {
        guard record.isEnabled else { return refusal("it is disabled") }
        guard let settings = try? JSONDecoder().decode(SCEPProfileSettings.self, from: Data(record.settings.utf8))
        else {
            return refusal("its settings can't be read")
        }
        guard let compatibility = ClientCompatibility.named(settings.compatibility) else {
            return refusal("the client compatibility '\(settings.compatibility)' is not known")
        }
        guard let raProfile = raProfiles[settings.raProfile] else {
            return refusal("its RA profile '\(settings.raProfile)' is missing or disabled")
        }
        let generations = stored.issuers.filter { $0.name == raProfile.issuer }
        guard let issuer = generations.last(where: { $0.state == .active }), authorities[issuer.id] != nil else {
            return refusal("the issuer '\(raProfile.issuer)' is missing")
        }
        guard let active = activeCredential(issuer) else {
            return refusal("the issuer '\(raProfile.issuer)' has no active RA credential")
        }
        let missing = settings.renewal.alternateAuthorities.filter { name in
            !stored.alternateAuthorities.contains { $0.name == name }
        }
        guard missing.isEmpty else { return refusal("the alternate authority '\(missing.joined())' is missing") }
        let sources: [any ChallengeSource]
        do throws(ProfileRefusal) {
            sources = try settings.challengeSources.map { setting throws(ProfileRefusal) in
                try self.sources.source(setting)
            }
        } catch {
            return .failure(error)
        }
        let served = ServedProfile(
            name: record.name,
            settings: settings,
            compatibility: compatibility,
            authorities: try resolve(issuer, active, generations, settings, compatibility),
            template: raProfile.template,
            challengeSources: sources,
            passwordSource: settings.challengeSources.contains(.stored) ? self.sources.passwordSource : nil
        )
        return served.map(Result.success) ?? refusal("nothing can authenticate its requests")
    }

    private func resolve(
        _ issuer: IssuerRecord,
        _ active: RACredentialRecord,
        _ generations: [IssuerRecord],
        _ settings: SCEPProfileSettings,
        _ compatibility: ClientCompatibility
    ) throws -> ServedProfile.Authorities {
        // Whoever enveloped to a former generation's RA is served by the present one.
        let former = generations.filter { $0.state == .former }
        var credentials = try self.credentials(issuer, first: active)
        for generation in former { credentials += try self.credentials(generation, first: nil) }
        var served = [try generation(issuer, credentials)]
        var next: [UInt8]?
        if let record = generations.last(where: { $0.state == .next }), let credential = activeCredential(record) {
            served.append(try generation(record, try self.credentials(record, first: credential)))
            next = try credentials.first.map { signer in
                try NextCACertificates.answer(
                    try caCertificates(credential, record, compatibility),
                    credential: signer,
                    signingTime: now
                )
            }
        }
        return ServedProfile.Authorities(
            generations: served,
            own: try stored.issuers.map {
                OwnAuthority(
                    issuerID: $0.id,
                    certificate: try EncodedCertificate(derEncoded: $0.certificate),
                    chain: [$0.certificate] + (try Self.withoutRoot($0.chain))
                )
            },
            alternate: try stored.alternateAuthorities
                .filter { settings.renewal.alternateAuthorities.contains($0.name) }
                .compactMap {
                    AlternateAuthority(
                        name: $0.name,
                        certificate: try EncodedCertificate(derEncoded: $0.certificate),
                        certificateList: $0.certificateList
                    )
                },
            caCertificates: try caCertificates(active, issuer, compatibility).answer(),
            nextCACertificates: next
        )
    }

    private func activeCredential(_ issuer: IssuerRecord) -> RACredentialRecord? {
        stored.raCredentials.last { $0.issuerID == issuer.id && $0.state == .active }
    }

    private func generation(_ issuer: IssuerRecord, _ credentials: [RACredential]) throws -> ServedGeneration {
        guard let authority = authorities[issuer.id] else {
            throw AppError(.state, "The issuer '\(issuer.name)' is missing.")
        }
        return ServedGeneration(
            issuer: BuiltInIssuer(id: issuer.id, authority: authority),
            credentials: credentials
        )
    }

    private static func withoutRoot(_ chain: [[UInt8]]) throws -> [[UInt8]] {
        try chain.filter { try !EncodedCertificate(derEncoded: $0).isSelfIssued }
    }

    /// An issuer's credentials that decrypt.
    private func credentials(_ issuer: IssuerRecord, first: RACredentialRecord?) throws -> [RACredential] {
        let records = stored.raCredentials.filter { $0.issuerID == issuer.id && $0.state != .retired }
        let others = records.filter { $0.id != first?.id }.reversed()
        return try ((first.map { [$0] } ?? []) + others).flatMap { try credentials($0, issuer) }
    }

    /// A credential for each of a record's certificates, which share a key.
    private func credentials(_ record: RACredentialRecord, _ issuer: IssuerRecord) throws -> [RACredential] {
        do {
            let der = try masterKey.unwrap(record.wrappedKey, context: "ra_credential \(record.id)")
            let key = try SoftwareKey(derEncoded: der)
            let signer = try EncodedCertificate(derEncoded: record.certificate)
            let alongside = record.certificate == issuer.certificate ? [] : [issuer.certificate]
            var list = [RACredential(certificate: signer, key: key, alongside: alongside)]
            if let encryption = record.encryptionCertificate {
                let certificate = try EncodedCertificate(derEncoded: encryption)
                list.append(RACredential(certificate: certificate, signer: signer, key: key, alongside: alongside))
            }
            return list
        } catch CryptographyError.unwrapFailed {
            throw AppError.wrongMasterKey
        }
    }

    /// The list of GetCACert, in the shape that the profile's clients want.
    private func caCertificates(
        _ credential: RACredentialRecord,
        _ issuer: IssuerRecord,
        _ compatibility: ClientCompatibility
    ) throws -> CACertificates {
        var registration: [[UInt8]] = []
        if credential.certificate != issuer.certificate {
            registration.append(credential.certificate)
            if compatibility.listsEncryptionCertificate, let encryption = credential.encryptionCertificate {
                registration.append(encryption)
            }
        }
        let chain = [issuer.certificate] + issuer.chain
        let list: [[UInt8]]
        switch compatibility.caList {
        case .whole: list = registration + chain
        case .withoutRoot:
            list = registration + [issuer.certificate] + (try Self.withoutRoot(issuer.chain))
        case .authoritiesFirst: list = chain + registration
        }
        return CACertificates(certificates: try list.map { try EncodedCertificate(derEncoded: $0) })
    }

    private func refusal(_ sentence: String) -> Result<ServedProfile, ProfileRefusal> {
        .failure(ProfileRefusal(sentence: sentence))
    }
}
