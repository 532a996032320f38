// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
public import Enrollment
public import PKIX
internal import Storage

internal import struct Foundation.Date

/// One key of a CA, with the RAs that speak for it, to be shown.
public struct CAGeneration: Sendable {
    /// A key of an RA, to be shown.
    public struct Registration: Sendable {
        /// Counted from 1 for each key of the CA.
        public let generation: Int
        /// Where it stands in its life.
        public let state: RACredentialState
        /// Its certificate; the CA's own for a CA that speaks SCEP itself.
        public let certificate: EncodedCertificate

        init(_ record: RACredentialRecord) throws {
            generation = record.generation
            state = record.state
            certificate = try EncodedCertificate(derEncoded: record.certificate)
        }
    }

    /// The CA's name in URLs.
    public let name: String
    /// Which of its keys, counted from 1.
    public let keyGeneration: Int
    /// Where it stands in its life.
    public let state: IssuerState
    /// Its certificate.
    public let certificate: EncodedCertificate
    /// The RAs that speak for it.
    public let registrations: [Registration]

    init(_ issuer: IssuerRecord, _ stored: StoredConfiguration) throws {
        self.name = issuer.name
        self.keyGeneration = issuer.keyGeneration
        self.state = issuer.state
        self.certificate = try EncodedCertificate(derEncoded: issuer.certificate)
        self.registrations = try stored.raCredentials.filter { $0.issuerID == issuer.id }.map { try Registration($0) }
    }
}

/// The keys of one CA as they are stored at one moment: what rollover and rotation start from.
struct StoredGenerations {
    /// The CA's name in URLs.
    let name: String
    /// Everything that is stored.
    let stored: StoredConfiguration

    var all: [IssuerRecord] { stored.issuers.filter { $0.name == name } }
    var next: IssuerRecord? { all.last { $0.state == .next } }

    /// The generation that issues.
    func active() throws -> IssuerRecord {
        guard let active = all.last(where: { $0.state == .active }) else {
            throw AppError(.missing, "There is no CA '\(name)' that issues.", hint: "Look with: sceptic ca show")
        }
        return active
    }

    func credentials(of issuer: IssuerRecord, _ state: RACredentialState) -> [RACredentialRecord] {
        stored.raCredentials.filter { $0.issuerID == issuer.id && $0.state == state }
    }

    /// Takes the RAs of a generation out of GetCACert; what was never announced goes for good.
    func withdrawal(of issuer: IssuerRecord) -> [ConfigurationChange] {
        credentials(of: issuer, .active).map { .moveRACredential($0.id, from: .active, to: .decryptOnly) }
            + credentials(of: issuer, .prepared).map { .moveRACredential($0.id, from: .prepared, to: .retired) }
    }

    static func publication(_ issuer: IssuerRecord) -> PublicationPoints {
        PublicationPoints(
            issuerName: issuer.name,
            keyGeneration: issuer.keyGeneration,
            baseURL: issuer.publicURL
        )
    }
}

extension OpenedState {
    func generations(of name: String) async throws -> StoredGenerations {
        StoredGenerations(name: name, stored: try await configuration())
    }

    /// Makes changes, all or none.
    func apply(_ changes: [ConfigurationChange]) async throws {
        do {
            try await store.apply(changes)
        } catch {
            throw AppError(error)
        }
    }

    /// The key of a CA.
    func key(of issuer: IssuerRecord) throws -> SoftwareKey {
        do {
            return try SoftwareKey(
                derEncoded: try masterKey.unwrap(issuer.wrappedKey, context: "issuer \(issuer.id)")
            )
        } catch {
            throw AppError(.state, "The key of the CA '\(issuer.name)' can't be used: it is damaged.")
        }
    }

    /// Makes an RA's key and certificates, under the names that another RA of the same CA has.
    func registration(
        like model: RACredentialRecord,
        for issuer: IssuerRecord,
        certificate: EncodedCertificate,
        issuerKey: SoftwareKey,
        generation: Int,
        state: RACredentialState,
        _ records: RecordMaker
    ) throws -> RACredentialRecord {
        var generator = SecureRandom()
        let former = try EncodedCertificate(derEncoded: model.certificate)
        let formerEncryption = try model.encryptionCertificate.map { try EncodedCertificate(derEncoded: $0) }
        let key = try SoftwareKey.generate(.rsa(bits: 2048))
        let made: KeyCeremony.Registration
        do {
            made = try KeyCeremony.registration(
                subject: former.subject,
                encryptionSubject: (formerEncryption ?? former).subject,
                publicKey: key.publicKey,
                by: certificate,
                issuerKey: issuerKey,
                publication: StoredGenerations.publication(issuer),
                now: records.now,
                using: &generator
            )
        } catch {
            throw AppError(error)
        }
        return try records.credential(
            of: issuer.id,
            generation: generation,
            state: state,
            certificate: made.certificate,
            encryption: made.encryptionOnly,
            key: key
        )
    }
}

extension AppError {
    /// Puts into words why a certificate of the server's own could not be made.
    init(_ error: IssuanceError) {
        switch error {
        case .issuerExpired:
            self.init(.conflict, "The certificate of the CA that would have to sign has expired.")
        case .lint(let codes):
            self.init(.failure, "The certificate would break rules (\(codes.joined(separator: ", "))).")
        case .signingFailed(let reason), .unencodable(let reason):
            self.init(.failure, "The certificate can't be made: \(reason).")
        }
    }
}
