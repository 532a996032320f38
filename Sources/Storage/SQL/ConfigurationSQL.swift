// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `issuer`, `ra_credential`, `scep_profile`, `ra_profile`, `alternate_authority` and
/// `configuration_version`.
enum ConfigurationSQL {
    /// The count of changes.
    static let version = SQLStatement("SELECT version FROM configuration_version WHERE id = 1")

    /// Counts a change.
    static let count = SQLStatement("UPDATE configuration_version SET version = version + 1 WHERE id = 1")

    /// All issuers.
    static let issuers = SQLStatement(
        """
        SELECT id, name, key_generation, state, certificate, chain, public_url, wrapped_key, created_at FROM issuer
        ORDER BY key_generation, name
        """
    )

    /// Adds an issuer, unless its id or its name and key generation are there.
    static let addIssuer = SQLStatement(
        """
        INSERT INTO issuer (id, name, key_generation, state, certificate, chain, public_url, wrapped_key, created_at)
        VALUES (:id, :name, :key_generation, :state, :certificate, :chain, :public_url, :wrapped_key, :created_at)
        ON CONFLICT DO NOTHING
        """
    )

    /// Moves an issuer that is in a state.
    static let moveIssuer = SQLStatement("UPDATE issuer SET state = :to_state WHERE id = :id AND state = :from_state")

    /// All RA credentials.
    static let raCredentials = SQLStatement(
        """
        SELECT id, issuer_id, generation, state, certificate, encryption_certificate, wrapped_key, created_at
        FROM ra_credential
        ORDER BY generation, issuer_id
        """
    )

    /// Adds an RA credential, unless its id or its issuer and generation are there.
    static let addRACredential = SQLStatement(
        """
        INSERT INTO ra_credential (
            id, issuer_id, generation, state, certificate, encryption_certificate, wrapped_key, created_at
        )
        VALUES (
            :id, :issuer_id, :generation, :state, :certificate, :encryption, :wrapped_key, :created_at
        )
        ON CONFLICT DO NOTHING
        """
    )

    /// Moves an RA credential that is in a state.
    static let moveRACredential = SQLStatement(
        "UPDATE ra_credential SET state = :to_state WHERE id = :id AND state = :from_state"
    )

    /// All CAs of others.
    static let alternateAuthorities = SQLStatement(
        "SELECT id, name, certificate, certificate_list, created_at FROM alternate_authority ORDER BY name"
    )

    /// Adds the CA of somebody else, unless its id or its name is there.
    static let addAlternateAuthority = SQLStatement(
        """
        INSERT INTO alternate_authority (id, name, certificate, certificate_list, created_at)
        VALUES (:id, :name, :certificate, :certificate_list, :created_at)
        ON CONFLICT DO NOTHING
        """
    )

    /// Replaces the CRL of somebody else's CA.
    static let putAlternateCertificateList = SQLStatement(
        "UPDATE alternate_authority SET certificate_list = :certificate_list WHERE id = :id"
    )

    /// Removes the CA of somebody else.
    static let removeAlternateAuthority = SQLStatement("DELETE FROM alternate_authority WHERE id = :id")

    /// The statements on `scep_profile`.
    static let scepProfile = ProfileSQL(table: "scep_profile")

    /// The statements on `ra_profile`.
    static let raProfile = ProfileSQL(table: "ra_profile")
}

/// The statements on a table of profiles.
struct ProfileSQL: Sendable {
    /// All profiles.
    let all: SQLStatement
    /// Adds a profile, unless its id or its name is there.
    let add: SQLStatement
    /// Replaces the profile of the version before.
    let replace: SQLStatement
    /// Removes the profile of a version.
    let remove: SQLStatement

    init(table: String) {
        all = SQLStatement("SELECT id, name, is_enabled, settings, version FROM \(table) ORDER BY name")
        add = SQLStatement(
            """
            INSERT INTO \(table) (id, name, is_enabled, settings, version)
            VALUES (:id, :name, :enabled, :settings, :version)
            ON CONFLICT DO NOTHING
            """
        )
        replace = SQLStatement(
            """
            UPDATE \(table) SET is_enabled = :enabled, settings = :settings, version = :version
            WHERE id = :id AND name = :name AND version = :version - 1
            """
        )
        remove = SQLStatement("DELETE FROM \(table) WHERE id = :id AND version = :version")
    }
}
