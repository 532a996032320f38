// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import Enrollment
public import PKIX
internal import Storage

internal import struct Foundation.Data
internal import struct Foundation.Date
internal import class Foundation.JSONDecoder
internal import struct Foundation.UUID

/// A SCEP profile as it is stored, read.
public struct StoredProfile: Sendable {
    /// Its name.
    public let name: String
    /// Whether it serves requests.
    public let isEnabled: Bool
    /// Its settings.
    public let settings: SCEPProfileSettings
}

extension OpenedState {
    /// The SCEP profiles, by name.
    public func profiles() async throws -> [StoredProfile] {
        try await configuration().scepProfiles.compactMap { record in
            let settings = try? JSONDecoder().decode(SCEPProfileSettings.self, from: Data(record.settings.utf8))
            return settings.map { StoredProfile(name: record.name, isEnabled: record.isEnabled, settings: $0) }
        }
    }

    /// Throws an `AppError` unless there is a SCEP profile with a name.
    public func requireProfile(_ name: String) async throws {
        guard try await configuration().scepProfiles.contains(where: { $0.name == name }) else {
            throw AppError(.conflict, "There is no SCEP profile '\(name)'.", hint: "Look with: sceptic profile list")
        }
    }

    /// Adds a SCEP profile.
    public func addProfile(_ name: String, _ settings: SCEPProfileSettings) async throws {
        guard ProfileName.isValid(name) else {
            throw AppError(
                .usage,
                "A profile's name has 1 to 64 lower-case letters, digits and hyphens, and is not cgi-bin or certsrv."
            )
        }
        let stored = try await configuration()
        try Self.check(settings, stored)
        guard !stored.scepProfiles.contains(where: { $0.name == name }) else {
            throw AppError(.conflict, "There is a SCEP profile '\(name)' already.")
        }
        var generator = SecureRandom()
        let record = try ProfileRecord.make(name, settings, id: .version7(at: Date(), using: &generator))
        do {
            try await store.apply([.putSCEPProfile(record)])
        } catch {
            throw AppError(error)
        }
    }

    /// Changes the settings of a SCEP profile; running servers follow at once.
    ///
    /// - Throws: `AppError`, also when somebody else changed it meanwhile.
    public func changeProfile(_ name: String, _ change: (inout SCEPProfileSettings) throws -> Void) async throws {
        let stored = try await configuration()
        guard var record = stored.scepProfiles.first(where: { $0.name == name }) else {
            throw AppError(.conflict, "There is no SCEP profile '\(name)'.", hint: "Look with: sceptic profile list")
        }
        guard
            var settings = try? JSONDecoder().decode(SCEPProfileSettings.self, from: Data(record.settings.utf8))
        else { throw AppError(.state, "The settings of the SCEP profile '\(name)' can't be read.") }
        try change(&settings)
        try Self.check(settings, stored)
        record.settings = try ProfileRecord.make(name, settings, id: record.id).settings
        record.version += 1
        do {
            try await store.apply([.putSCEPProfile(record)])
        } catch {
            throw AppError(error)
        }
    }

    private static func check(_ settings: SCEPProfileSettings, _ stored: StoredConfiguration) throws {
        guard ClientCompatibility.named(settings.compatibility) != nil else {
            throw AppError(
                .usage,
                "The client compatibility '\(settings.compatibility)' is not known.",
                hint: "Known are: \(ClientCompatibility.all.map(\.name).joined(separator: ", "))."
            )
        }
        guard stored.raProfiles.contains(where: { $0.name == settings.raProfile }) else {
            throw AppError(.conflict, "There is no RA profile '\(settings.raProfile)'.")
        }
        for name in settings.renewal.alternateAuthorities
        where !stored.alternateAuthorities.contains(where: { $0.name == name }) {
            throw AppError(
                .conflict,
                "There is no alternate authority '\(name)'.",
                hint: "Add it with: sceptic ca authority add \(name) --certificate FILE"
            )
        }
    }

    /// The server's own certificates with their roles: the root first, retired RAs left out.
    public func ownCertificates() async throws -> [(role: String, certificate: EncodedCertificate)] {
        let stored = try await configuration()
        let issuers = stored.issuers.sorted { $0.chain.count < $1.chain.count }
        var list = try issuers.map { issuer in
            let role = issuer.chain.isEmpty ? "root" : "issuing CA"
            let state = issuer.state == .active ? "" : " (\(issuer.state.rawValue))"
            return (role + state, try EncodedCertificate(derEncoded: issuer.certificate))
        }
        for record in stored.raCredentials
        where record.state != .retired && !issuers.contains(where: { $0.certificate == record.certificate }) {
            let state = Self.state(of: record, issuers.first { $0.id == record.issuerID })
            list.append(("RA\(state)", try EncodedCertificate(derEncoded: record.certificate)))
        }
        return list
    }

    /// What of an RA's state differs from the usual: that of a CA that is next is not announced by GetCACert either.
    private static func state(of record: RACredentialRecord, _ issuer: IssuerRecord?) -> String {
        if record.state != .active { return " (\(record.state.rawValue))" }
        return issuer?.state == .next ? " (next)" : ""
    }

    /// Everything that is configured, if the master key is the one that it was written with.
    func configuration() async throws -> StoredConfiguration {
        let stored: StoredConfiguration
        do {
            stored = try await store.configuration()
        } catch {
            throw AppError(error)
        }
        // A code made under another key would be good for nothing.
        guard stored.issuers.allSatisfy({ masterKey.wrapped($0.wrappedKey) }) else { throw AppError.wrongMasterKey }
        return stored
    }
}
