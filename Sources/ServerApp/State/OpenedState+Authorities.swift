// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
public import PKIX

public import struct Foundation.Data
public import struct Foundation.Date
public import class Foundation.JSONDecoder

/// A CA of somebody else whose certificates may sign renewals, as it is stored, read.
public struct StoredAlternateAuthority: Sendable {
    /// Its name, as profiles name it.
    public let name: String
    /// Its certificate.
    public let certificate: EncodedCertificate
    /// Its newest CRL; nil when there is none that can be read.
    public let certificateList: EncodedCertificateList?
}

extension OpenedState {
    /// The CAs of others, by name.
    public func alternateAuthorities() async throws -> [StoredAlternateAuthority] {
        try await configuration().alternateAuthorities.map { record in
            StoredAlternateAuthority(
                name: record.name,
                certificate: try EncodedCertificate(derEncoded: record.certificate),
                certificateList: record.certificateList.flatMap { try? EncodedCertificateList(derEncoded: $0) }
            )
        }
    }

    /// Adds the CA of somebody else.
    ///
    /// - Throws: `AppError` when the name is none or taken, or the certificate is not a CA's.
    public func addAlternateAuthority(_ name: String, certificate der: [UInt8], at now: Date = Date()) async throws {
        guard ProfileName.isValid(name) else {
            throw AppError(.usage, "A CA's name has 1 to 64 lower-case letters, digits and hyphens.")
        }
        let stored = try await configuration()
        guard let certificate = try? EncodedCertificate(derEncoded: der),
            AlternateAuthority(name: name, certificate: certificate, certificateList: nil) != nil
        else { throw AppError(.usage, "The certificate can't be read, or its key can't be used.") }
        guard certificate.isCertificateAuthority else {
            throw AppError(
                .usage,
                "The certificate of '\(certificate.subject)' is not a CA's.",
                hint: "Name the certificate of the CA that issued the devices' certificates."
            )
        }
        guard !stored.issuers.contains(where: { $0.certificate == der }) else {
            throw AppError(
                .conflict,
                "'\(certificate.subject)' is a CA of this server, whose certificates renew anyway."
            )
        }
        guard !stored.alternateAuthorities.contains(where: { $0.name == name }) else {
            throw AppError(.conflict, "There is an alternate authority '\(name)' already.")
        }
        let record = AlternateAuthorityRecord(
            id: RecordMaker(masterKey: masterKey, now: now).identifier(),
            name: name,
            certificate: der,
            certificateList: nil,
            createdAt: now
        )
        try await apply([.addAlternateAuthority(record)])
    }

    /// Takes a CRL of somebody else's CA up, after checking that it is one that renewals can rely on.
    ///
    /// - Throws: `AppError` when it is another CA's, not signed by it, not of this time, older than the one that is here, or can't tell
    ///   whether a certificate is revoked.
    public func putAlternateCertificateList(_ name: String, _ der: [UInt8], at now: Date = Date()) async throws {
        let record = try await alternateAuthority(name)
        let certificate = try EncodedCertificate(derEncoded: record.certificate)
        let list: EncodedCertificateList
        do {
            list = try EncodedCertificateList(derEncoded: der)
            // Asking tells whether it can answer.
            _ = try list.revocation(of: [])
        } catch PKIXError.unsupported(let what) {
            throw AppError(.usage, "The CRL can't be used: it is \(what).")
        } catch {
            throw AppError(.usage, "The file holds no CRL.")
        }
        guard list.issuer.isEquivalent(to: certificate.subject) else {
            throw AppError(.usage, "The CRL is that of '\(list.issuer)', not of '\(certificate.subject)'.")
        }
        guard let key = try? certificate.subjectPublicKeyInfo.publicKey(), list.isSigned(by: key) else {
            throw AppError(.usage, "The CRL is not signed by '\(certificate.subject)'.")
        }
        guard list.thisUpdate <= now.addingTimeInterval(Self.clockTolerance) else {
            throw AppError(.usage, "The CRL is of the future (\(list.thisUpdate.formatted(.iso8601))).")
        }
        guard let nextUpdate = list.nextUpdate, now < nextUpdate else {
            let end = list.nextUpdate?.formatted(.iso8601)
            throw AppError(
                .usage,
                end.map { "The CRL was good until \($0)." } ?? "The CRL does not say how long it is good.",
                hint: "Fetch the newest one of '\(certificate.subject)'."
            )
        }
        let present = record.certificateList.flatMap { try? EncodedCertificateList(derEncoded: $0) }
        guard present.map({ $0.thisUpdate <= list.thisUpdate }) ?? true else {
            throw AppError(.conflict, "The CRL is older than the one that is here.")
        }
        try await apply([.putAlternateCertificateList(authority: record.id, der: list.der)])
    }

    /// Removes the CA of somebody else, if no profile names it.
    public func removeAlternateAuthority(_ name: String) async throws {
        let record = try await alternateAuthority(name)
        let users = try await configuration().scepProfiles.filter { profile in
            let settings = try? JSONDecoder().decode(SCEPProfileSettings.self, from: Data(profile.settings.utf8))
            return settings?.renewal.alternateAuthorities.contains(name) ?? false
        }
        guard users.isEmpty else {
            throw AppError(
                .conflict,
                "The alternate authority '\(name)' is named by '\(users.map(\.name).joined(separator: "', '"))'.",
                hint: "A profile is not served without the authorities that it names: take it out there first."
            )
        }
        try await apply([.removeAlternateAuthority(record.id)])
    }

    /// How far ahead of this machine's clock another's may be, in seconds.
    private static let clockTolerance = 300.0

    private func alternateAuthority(_ name: String) async throws -> AlternateAuthorityRecord {
        guard let record = try await configuration().alternateAuthorities.first(where: { $0.name == name }) else {
            throw AppError(
                .missing,
                "There is no alternate authority '\(name)'.",
                hint: "Look with: sceptic ca authority list"
            )
        }
        return record
    }
}
