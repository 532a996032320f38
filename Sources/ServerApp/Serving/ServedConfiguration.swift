// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX

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
    init(_ stored: StoredConfiguration, masterKey: MasterKey, sources: ChallengeSourceMaker, now: Date) throws {
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
        var profiles: [String: ServedProfile] = [:]
        var refusals: [String: String] = [:]
        let resolver = ProfileResolver(
            stored: stored,
            masterKey: masterKey,
            authorities: authorities,
            raProfiles: raProfiles,
            sources: sources,
            now: now
        )
        for record in stored.scepProfiles {
            switch try resolver.resolve(record) {
            case .success(let profile): profiles[record.name] = profile
            case .failure(let refusal): refusals[record.name] = refusal.sentence
            }
        }
        sources.keepOnly(Set(profiles.values.flatMap(\.settings.challengeSources)))
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
