// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

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
            raProfiles: try connection.query(ConfigurationSQL.raProfile.all, [:], ProfileRecord.init(from:))
        )
    }

    /// Makes changes, all or none.
    func apply(_ changes: [ConfigurationChange]) throws(StoreError) -> WriteResult<Void> {
        guard !changes.isEmpty else { return .undo(()) }
        _ = try connection.execute(ConfigurationSQL.count, [:])
        for change in changes {
            switch change {
            case .addIssuer(let issuer): try add(issuer)
            case .addRACredential(let credential): try add(credential)
            case .putSCEPProfile(let profile): try put(profile, ConfigurationSQL.scepProfile)
            case .putRAProfile(let profile): try put(profile, ConfigurationSQL.raProfile)
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

extension IssuerRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            name: try row.text(),
            keyGeneration: try row.int(),
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
