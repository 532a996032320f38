// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.UUID

/// `ConfigurationStore` in statements.
struct ConfigurationTables<Connection: SQLConnection> {
    let connection: Connection

    func version() throws(StoreError) -> Int {
        let version = try connection.first(ConfigurationSQL.version, [:]) { row throws(StoreError) in try row.int() }
        guard let version else { throw .corrupted("The configuration has no version.") }
        return version
    }

    /// Everything that is configured; to be called in a transaction, so that it is of one moment.
    func configuration() throws(StoreError) -> StoredConfiguration {
        StoredConfiguration(
            version: try version(),
            issuers: try connection.query(ConfigurationSQL.issuers, [:], IssuerRecord.init(from:)),
            raCredentials: try connection.query(ConfigurationSQL.raCredentials, [:], RACredentialRecord.init(from:)),
            scepProfiles: try connection.query(ConfigurationSQL.scepProfile.all, [:], ProfileRecord.init(from:)),
            raProfiles: try connection.query(ConfigurationSQL.raProfile.all, [:], ProfileRecord.init(from:)),
            alternateAuthorities: try connection.query(
                ConfigurationSQL.alternateAuthorities,
                [:],
                AlternateAuthorityRecord.init(from:)
            )
        )
    }

    /// Makes changes, all or none.
    func apply(_ changes: [ConfigurationChange]) throws(StoreError) -> WriteResult<Void> {
        guard !changes.isEmpty else { return .undo(()) }
        _ = try connection.execute(ConfigurationSQL.count, [:])
        try connection.announceChange()
        for change in changes {
            switch change {
            case .addIssuer(let issuer): try add(issuer)
            case .addRACredential(let credential): try add(credential)
            case .putSCEPProfile(let profile): try put(profile, ConfigurationSQL.scepProfile)
            case .putRAProfile(let profile): try put(profile, ConfigurationSQL.raProfile)
            case .removeSCEPProfile(let id, let version):
                try remove(id, version, ConfigurationSQL.scepProfile)
            case .removeRAProfile(let id, let version):
                try remove(id, version, ConfigurationSQL.raProfile)
            case .requireVersion(let version):
                // It is counted already, which keeps others out until these changes are made.
                guard try self.version() == version + 1 else {
                    throw .conflict("The configuration was changed by somebody else meanwhile.")
                }
            case .moveIssuer(let id, let from, let to):
                try move(id, from.rawValue, to.rawValue, ConfigurationSQL.moveIssuer)
            case .moveRACredential(let id, let from, let to):
                try move(id, from.rawValue, to.rawValue, ConfigurationSQL.moveRACredential)
            case .addAlternateAuthority(let authority): try add(authority)
            case .putAlternateCertificateList(let id, let der):
                let changed = try connection.execute(
                    ConfigurationSQL.putAlternateCertificateList,
                    ["certificate_list": .blob(der), "id": .uuid(id)]
                )
                guard changed == 1 else { throw .noSuchAuthority }
            case .removeAlternateAuthority(let id):
                let removed = try connection.execute(ConfigurationSQL.removeAlternateAuthority, ["id": .uuid(id)])
                guard removed == 1 else { throw .noSuchAuthority }
            }
        }
        return .keep(())
    }

    private func add(_ issuer: IssuerRecord) throws(StoreError) {
        let added = try connection.execute(
            ConfigurationSQL.addIssuer,
            [
                "id": .uuid(issuer.id),
                "name": .text(issuer.name),
                "key_generation": .integer(issuer.keyGeneration),
                "state": .text(issuer.state.rawValue),
                "certificate": .blob(issuer.certificate),
                "chain": .blob(CertificateChain.encode(issuer.chain)),
                "public_url": .text(issuer.publicURL),
                "wrapped_key": .blob(issuer.wrappedKey),
                "created_at": .date(issuer.createdAt),
            ]
        )
        guard added == 1 else { throw .conflict("The issuer \(issuer.name) has this key generation already.") }
    }

    private func add(_ credential: RACredentialRecord) throws(StoreError) {
        let added = try connection.execute(
            ConfigurationSQL.addRACredential,
            [
                "id": .uuid(credential.id),
                "issuer_id": .uuid(credential.issuerID),
                "generation": .integer(credential.generation),
                "state": .text(credential.state.rawValue),
                "certificate": .blob(credential.certificate),
                "encryption": .optional(credential.encryptionCertificate),
                "wrapped_key": .blob(credential.wrappedKey),
                "created_at": .date(credential.createdAt),
            ]
        )
        guard added == 1 else { throw .conflict("The issuer has an RA credential of this generation already.") }
    }

    /// Moves an issuer or an RA credential from one state to another.
    private func move(_ id: UUID, _ from: String, _ to: String, _ statement: SQLStatement) throws(StoreError) {
        let moved = try connection.execute(
            statement,
            ["to_state": .text(to), "id": .uuid(id), "from_state": .text(from)]
        )
        guard moved == 1 else { throw .conflict("There is nothing \(from) any more that could become \(to).") }
    }

    private func add(_ authority: AlternateAuthorityRecord) throws(StoreError) {
        let added = try connection.execute(
            ConfigurationSQL.addAlternateAuthority,
            [
                "id": .uuid(authority.id),
                "name": .text(authority.name),
                "certificate": .blob(authority.certificate),
                "certificate_list": .optional(authority.certificateList),
                "created_at": .date(authority.createdAt),
            ]
        )
        guard added == 1 else { throw .conflict("The authority \(authority.name) exists already.") }
    }

    private func put(_ profile: ProfileRecord, _ statements: ProfileSQL) throws(StoreError) {
        let isNew = profile.version == 1
        let changed: Int
        if isNew {
            changed = try connection.execute(
                statements.add,
                [
                    "id": .uuid(profile.id), "name": .text(profile.name), "enabled": .boolean(profile.isEnabled),
                    "settings": .text(profile.settings), "version": .integer(profile.version),
                ]
            )
        } else {
            changed = try connection.execute(
                statements.replace,
                [
                    "enabled": .boolean(profile.isEnabled), "settings": .text(profile.settings),
                    "version": .integer(profile.version), "id": .uuid(profile.id), "name": .text(profile.name),
                ]
            )
        }
        if changed == 1 { return }
        throw .conflict(
            isNew
                ? "The profile \(profile.name) exists already."
                : "The profile \(profile.name) was changed by somebody else meanwhile."
        )
    }
}

extension ConfigurationTables {
    private func remove(_ id: UUID, _ version: Int, _ statements: ProfileSQL) throws(StoreError) {
        let removed = try connection.execute(statements.remove, ["id": .uuid(id), "version": .integer(version)])
        guard removed == 1 else { throw .conflict("The profile was changed by somebody else meanwhile.") }
    }
}

extension StoreError {
    fileprivate static let noSuchAuthority = StoreError.conflict("There is no such authority (any more).")
}

extension IssuerRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            name: try row.text(),
            keyGeneration: try row.int(),
            state: try row.value(),
            certificate: try row.blob(),
            chain: try CertificateChain.decode(try row.blob()),
            publicURL: try row.text(),
            wrappedKey: try row.blob(),
            createdAt: try row.date()
        )
    }
}

extension RACredentialRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            issuerID: try row.uuid(),
            generation: try row.int(),
            state: try row.value(),
            certificate: try row.blob(),
            encryptionCertificate: try row.optional { row throws(StoreError) in try row.blob() },
            wrappedKey: try row.blob(),
            createdAt: try row.date()
        )
    }
}

extension AlternateAuthorityRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            name: try row.text(),
            certificate: try row.blob(),
            certificateList: try row.optional { row throws(StoreError) in try row.blob() },
            createdAt: try row.date()
        )
    }
}

extension ProfileRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            name: try row.text(),
            isEnabled: try row.boolean(),
            settings: try row.text(),
            version: try row.int()
        )
    }
}
