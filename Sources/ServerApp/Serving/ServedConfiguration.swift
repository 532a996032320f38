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

/// Everything that serving needs, resolved from what is stored: an immutable snapshot.
///
/// Keys are parsed here, once.
struct ServedConfiguration: Sendable {
    /// The version of the stored configuration that this was made from.
    let version: Int
    /// What the URLs serve, by the name under which transactions are kept: SCEP profiles and, with `raProfile/` before their names,
    /// RA profiles.
    let profiles: [String: ServedProfile]
    /// Why URLs are not served, by the same names.
    let refusals: [String: String]
    /// The names of SCEP profiles by their further names.
    let aliases: [String: String]
    /// The CAs by id.
    let authorities: [UUID: IssuingAuthority]
    /// The server's own certificates that are in use, for who watches their ends.
    let ownCertificates: [OwnCertificate]
    /// The CRLs of the CAs of others, likewise.
    let alternateLists: [(name: String, thisUpdate: Date, nextUpdate: Date)]

    /// The issuers by id.
    var issuers: [UUID: any Issuer] {
        Dictionary(uniqueKeysWithValues: authorities.map { ($0.key, BuiltInIssuer(id: $0.key, authority: $0.value)) })
    }
}

extension ServedConfiguration {
    /// Resolves a stored configuration.
    ///
    /// - Throws: `AppError` when a key does not open or does not fit; a profile that can't be served is left out with a reason.
    init(_ stored: StoredConfiguration, masterKey: MasterKey, sources: ChallengeSourceMaker, now: Date) throws {
        var authorities: [UUID: IssuingAuthority] = [:]
        for record in stored.issuers {
            authorities[record.id] = try Self.authority(record, masterKey)
        }
        let resolver = ProfileResolver(
            stored: stored,
            authorities: authorities,
            credentials: try Self.credentials(stored, masterKey),
            sources: sources,
            now: now
        )
        var profiles: [String: ServedProfile] = [:]
        var refusals: [String: String] = [:]
        func add(_ name: String, _ resolve: () throws -> ServedProfile?) throws {
            do {
                profiles[name] = try resolve()
            } catch let refusal as ProfileRefusal {
                refusals[name] = refusal.sentence
            }
        }
        for record in stored.scepProfiles {
            try add(record.name) { try resolver.resolve(scepProfile: record) }
        }
        for record in stored.raProfiles {
            try add(ProfileName.served(raProfile: record.name)) { try resolver.resolve(raProfile: record) }
        }
        sources.keepOnly(Set(profiles.values.flatMap(\.settings.challengeSources)))
        self.version = stored.version
        self.profiles = profiles
        self.refusals = refusals
        self.aliases = Self.aliases(stored)
        self.authorities = authorities
        self.ownCertificates = Self.ownCertificates(stored)
        self.alternateLists = stored.alternateAuthorities.compactMap { record in
            let list = record.certificateList.flatMap { try? EncodedCertificateList(derEncoded: $0) }
            return list.flatMap { list in list.nextUpdate.map { (record.name, list.thisUpdate, $0) } }
        }
    }

    /// The further names of SCEP profiles; one that two profiles claim is the first one's, and names go before aliases.
    private static func aliases(_ stored: StoredConfiguration) -> [String: String] {
        var aliases: [String: String] = [:]
        for record in stored.scepProfiles {
            let settings = try? JSONDecoder().decode(SCEPProfileSettings.self, from: Data(record.settings.utf8))
            for alias in settings?.aliases ?? [] where aliases[alias] == nil { aliases[alias] = record.name }
        }
        for record in stored.scepProfiles { aliases[record.name] = nil }
        return aliases
    }

    /// The credentials of each row that is not retired, which profiles share.
    private static func credentials(
        _ stored: StoredConfiguration,
        _ masterKey: MasterKey
    ) throws -> [UUID: [RACredential]] {
        var credentials: [UUID: [RACredential]] = [:]
        for record in stored.raCredentials where record.state != .retired {
            guard let issuer = stored.issuers.first(where: { $0.id == record.issuerID }) else { continue }
            credentials[record.id] = try Self.credentials(record, issuer, masterKey)
        }
        return credentials
    }

    /// A credential for each of a record's certificates, which share a key.
    private static func credentials(
        _ record: RACredentialRecord,
        _ issuer: IssuerRecord,
        _ masterKey: MasterKey
    ) throws -> [RACredential] {
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
