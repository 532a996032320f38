// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP

internal import struct Foundation.Data
internal import class Foundation.JSONDecoder
internal import struct Foundation.UUID

/// Everything that serving needs, resolved from what is stored: an immutable snapshot.
///
/// Keys are parsed here, once.
struct ServedConfiguration: Sendable {
    /// The version of the stored configuration that this was made from.
    let version: Int
    /// The profiles by name.
    let profiles: [String: ServedProfile]
    /// Why profiles that are stored are not served, by name.
    let refusals: [String: String]
    /// The CAs by id.
    let authorities: [UUID: IssuingAuthority]

    /// The issuers by id.
    var issuers: [UUID: any Issuer] {
        Dictionary(uniqueKeysWithValues: authorities.map { ($0.key, BuiltInIssuer(id: $0.key, authority: $0.value)) })
    }
}

extension ServedConfiguration {
    /// Resolves a stored configuration.
    ///
    /// - Throws: `AppError` when a key does not open or does not fit; a profile that can't be served is left out with a reason.
    init(_ stored: StoredConfiguration, masterKey: MasterKey, challenges: any ChallengeStore) throws {
        var authorities: [UUID: IssuingAuthority] = [:]
        for record in stored.issuers {
            authorities[record.id] = try Self.authority(record, masterKey)
        }
        var raProfiles: [String: RAProfileSettings] = [:]
        for record in stored.raProfiles where record.isEnabled {
            raProfiles[record.name] = try? JSONDecoder().decode(
                RAProfileSettings.self,
                from: Data(record.settings.utf8)
            )
        }
        let source = StoredChallengeSource(store: challenges, masterKey: masterKey)
        var profiles: [String: ServedProfile] = [:]
        var refusals: [String: String] = [:]
        let resolver = ProfileResolver(stored, masterKey, authorities, raProfiles, source)
        for record in stored.scepProfiles {
            switch try resolver.resolve(record) {
            case .success(let profile): profiles[record.name] = profile
            case .failure(let refusal): refusals[record.name] = refusal.sentence
            }
        }
        self.version = stored.version
        self.profiles = profiles
        self.refusals = refusals
        self.authorities = authorities
    }

    static func authority(_ record: IssuerRecord, _ masterKey: MasterKey) throws -> IssuingAuthority {
        do {
            let key = try SoftwareKey(
                derEncoded: try masterKey.unwrap(record.wrappedKey, context: "issuer \(record.id)")
            )
            return try IssuingAuthority(
                certificate: try EncodedCertificate(derEncoded: record.certificate),
                key: key,
                publication: PublicationPoints(
                    issuerName: record.name,
                    keyGeneration: record.keyGeneration,
                    baseURL: record.publicURL
                )
            )
        } catch CryptographyError.unwrapFailed {
            throw AppError.wrongMasterKey
        } catch {
            throw AppError(.state, "The issuer '\(record.name)' can't be used: its key or certificate is damaged.")
        }
    }
}

extension AppError {
    static let wrongMasterKey = AppError(
        .state,
        "The master key is not the one that this state was written with.",
        hint: "Put the right master.key back, or name it with SCEPTIC_MASTER_KEY_FILE."
    )
}

/// Why a profile is not served.
struct ProfileRefusal: Error {
    var sentence: String
}

/// Resolves stored SCEP profiles.
private struct ProfileResolver {
    let stored: StoredConfiguration
    let masterKey: MasterKey
    let authorities: [UUID: IssuingAuthority]
    let raProfiles: [String: RAProfileSettings]
    let source: StoredChallengeSource

    init(
        _ stored: StoredConfiguration,
        _ masterKey: MasterKey,
        _ authorities: [UUID: IssuingAuthority],
        _ raProfiles: [String: RAProfileSettings],
        _ source: StoredChallengeSource
    ) {
        self.stored = stored
        self.masterKey = masterKey
        self.authorities = authorities
        self.raProfiles = raProfiles
        self.source = source
    }

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
        guard let issuer = stored.issuers.last(where: { $0.name == raProfile.issuer }),
            let authority = authorities[issuer.id]
        else { return refusal("the issuer '\(raProfile.issuer)' is missing") }
        let records = stored.raCredentials.filter { $0.issuerID == issuer.id && $0.state != .retired }
        let active = records.last { $0.state == .active }
        guard let active else { return refusal("the issuer '\(raProfile.issuer)' has no active RA credential") }
        let credentials = try ([active] + records.filter { $0.id != active.id }).flatMap {
            try self.credentials($0, issuer)
        }
        let served = ServedProfile(
            name: record.name,
            settings: settings,
            compatibility: compatibility,
            credentials: credentials,
            issuer: BuiltInIssuer(id: issuer.id, authority: authority),
            template: raProfile.template,
            challengeSources: [source],
            caCertificates: try caCertificates(active, issuer, compatibility)
        )
        return served.map(Result.success) ?? refusal("nothing can authenticate its requests")
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

    private func caCertificates(
        _ active: RACredentialRecord,
        _ issuer: IssuerRecord,
        _ compatibility: ClientCompatibility
    ) throws -> (body: [UInt8], contentType: String) {
        var list = [active.certificate]
        if compatibility.listsEncryptionCertificate, let encryption = active.encryptionCertificate {
            list.append(encryption)
        }
        if active.certificate != issuer.certificate { list.append(issuer.certificate) }
        list += issuer.chain
        return try CACertificates(certificates: try list.map { try EncodedCertificate(derEncoded: $0) }).answer()
    }

    private func refusal(_ sentence: String) -> Result<ServedProfile, ProfileRefusal> {
        .failure(ProfileRefusal(sentence: sentence))
    }
}
