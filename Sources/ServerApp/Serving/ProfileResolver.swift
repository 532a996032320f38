// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
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

    /// Somebody disabled it: nothing is wrong.
    static let disabled = ProfileRefusal(sentence: "it is disabled")
}

/// Resolves stored profiles to what their URLs serve.
struct ProfileResolver {
    let stored: StoredConfiguration
    let authorities: [UUID: IssuingAuthority]
    /// The credentials of each row of `ra_credential` that is not retired.
    let credentials: [UUID: [RACredential]]
    let sources: ChallengeSourceMaker
    /// The time at which what is signed here is signed.
    let now: Date

    /// What a SCEP profile's own URL serves.
    ///
    /// - Throws: `ProfileRefusal` when it can't be served, else `AppError`.
    func resolve(scepProfile record: ProfileRecord) throws -> ServedProfile {
        let settings: SCEPProfileSettings = try settings(record)
        guard let name = settings.raProfile else {
            throw ProfileRefusal(sentence: "it has no default RA profile, and serves only RA profiles that name it")
        }
        return try serve(record.name, record.name, settings, name, try referred(name, stored.raProfiles, "RA profile"))
    }

    /// What an RA profile's own URL serves; nil when it has none.
    ///
    /// - Throws: `ProfileRefusal` when it can't be served, else `AppError`.
    func resolve(raProfile record: ProfileRecord) throws -> ServedProfile? {
        guard record.isEnabled || (try? settings(record, RAProfileSettings.self))?.scepProfile != nil else {
            return nil
        }
        let settings: RAProfileSettings = try settings(record)
        guard let name = settings.scepProfile else { return nil }
        let scep: SCEPProfileSettings = try referred(name, stored.scepProfiles, "SCEP profile")
        return try serve(ProfileName.served(raProfile: record.name), name, scep, record.name, settings)
    }

    /// The settings of a profile that may be served.
    private func settings<Settings: Decodable>(_ record: ProfileRecord) throws -> Settings {
        guard record.isEnabled else { throw ProfileRefusal.disabled }
        guard let settings = try? settings(record, Settings.self) else {
            throw ProfileRefusal(sentence: "its settings can't be read")
        }
        return settings
    }

    private func settings<Settings: Decodable>(_ record: ProfileRecord, _ type: Settings.Type) throws -> Settings {
        try JSONDecoder().decode(type, from: Data(record.settings.utf8))
    }

    /// The settings of a profile that another one names.
    private func referred<Settings: Decodable>(
        _ name: String,
        _ records: [ProfileRecord],
        _ kind: String
    ) throws -> Settings {
        guard let record = records.first(where: { $0.name == name }) else {
            throw ProfileRefusal(sentence: "its \(kind) '\(name)' is missing")
        }
        guard record.isEnabled else { throw ProfileRefusal(sentence: "its \(kind) '\(name)' is disabled") }
        guard let settings = try? settings(record, Settings.self) else {
            throw ProfileRefusal(sentence: "the settings of its \(kind) '\(name)' can't be read")
        }
        return settings
    }

    /// Joins a SCEP profile and an RA profile.
    private func serve(
        _ name: String,
        _ scepProfile: String,
        _ settings: SCEPProfileSettings,
        _ raProfile: String,
        _ registration: RAProfileSettings
    ) throws -> ServedProfile {
        guard let compatibility = ClientCompatibility.named(settings.compatibility) else {
            throw ProfileRefusal(sentence: "the client compatibility '\(settings.compatibility)' is not known")
        }
        let generations = stored.issuers.filter { $0.name == registration.issuer }
        guard let issuer = generations.last(where: { $0.state == .active }), authorities[issuer.id] != nil else {
            throw ProfileRefusal(sentence: "the issuer '\(registration.issuer)' is missing")
        }
        guard let active = activeCredential(issuer) else {
            throw ProfileRefusal(sentence: "the issuer '\(registration.issuer)' has no active RA credential")
        }
        let missing = Self.alternateAuthorities(settings).filter { name in
            !stored.alternateAuthorities.contains { $0.name == name }
        }
        guard missing.isEmpty else {
            throw ProfileRefusal(sentence: "the alternate authority '\(missing.joined())' is missing")
        }
        let ownNames = [scepProfile] + stored.servedNames(of: scepProfile)
        if let rule = settings.authorizedSigners.first(where: { $0.issuingProfile.map(ownNames.contains) ?? false }) {
            throw ProfileRefusal(
                sentence:
                    "the authorised signer '\(rule.name)' has to come from another profile: in this one devices choose their subjects"
            )
        }
        let served = ServedProfile(
            name: name,
            scepProfile: scepProfile,
            raProfile: raProfile,
            settings: settings,
            compatibility: compatibility,
            authorities: try resolve(issuer, active, generations, settings, compatibility),
            template: registration.template,
            duplicates: registration.duplicates,
            challengeSources: try settings.challengeSources.map { try sources.source($0) },
            passwordSource: settings.challengeSources.contains(.stored) ? sources.passwordSource : nil
        )
        guard let served else {
            throw ProfileRefusal(
                sentence: "it has no challenge source, and not every request waits for approval: "
                    + "nothing would authenticate its requests"
            )
        }
        return served
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
        var credentials = self.credentials(issuer, first: active)
        for generation in former { credentials += self.credentials(generation, first: nil) }
        var served = [try generation(issuer, credentials)]
        var next: [UInt8]?
        if let record = generations.last(where: { $0.state == .next }), let credential = activeCredential(record) {
            served.append(try generation(record, self.credentials(record, first: credential)))
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
                .filter { Self.alternateAuthorities(settings).contains($0.name) }
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

    /// The names of those that sign renewals, and of those that name proxies.
    private static func alternateAuthorities(_ settings: SCEPProfileSettings) -> [String] {
        settings.renewal.alternateAuthorities + settings.authorizedSigners.compactMap(\.authority)
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
    private func credentials(_ issuer: IssuerRecord, first: RACredentialRecord?) -> [RACredential] {
        let records = stored.raCredentials.filter { $0.issuerID == issuer.id && $0.state != .retired }
        let others = records.filter { $0.id != first?.id }.reversed()
        return ((first.map { [$0] } ?? []) + others).flatMap { credentials[$0.id] ?? [] }
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
}
