// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `operator` and `api_token`.
enum OperatorSQL {
    private static let columns = "id, name, password_hash, roles, profiles, is_enabled, created_at, version"
    private static let tokenColumns =
        "id, name, operator_id, roles, profiles, lookup, created_at, expires_at, last_used_at, revoked_at"

    /// Adds an operator, unless the name or the id is there.
    static let add = SQLStatement(
        """
        INSERT INTO operator (\(columns))
        VALUES (:id, :name, :password_hash, :roles, :profiles, :enabled, :created_at, :version)
        ON CONFLICT DO NOTHING
        """
    )

    /// Changes an operator of a version.
    static let update = SQLStatement(
        """
        UPDATE operator
        SET password_hash = :password_hash, roles = :roles, profiles = :profiles, is_enabled = :enabled,
            version = version + 1
        WHERE id = :id AND version = :version
        """
    )

    /// Removes an operator.
    static let delete = SQLStatement("DELETE FROM operator WHERE id = :id")

    /// Removes an operator's tokens.
    static let deleteTokens = SQLStatement("DELETE FROM api_token WHERE operator_id = :id")

    /// The operator with a name.
    static let byName = SQLStatement("SELECT \(columns) FROM operator WHERE name = :name")

    /// The operator with an id.
    static let byID = SQLStatement("SELECT \(columns) FROM operator WHERE id = :id")

    /// A page of operators.
    static let page = SQLStatement("SELECT \(columns) FROM operator WHERE id > :after ORDER BY id LIMIT :limit")

    /// Adds a token, unless its id or its secret is there, or its operator is not.
    static let addToken = SQLStatement(
        """
        INSERT INTO api_token (\(tokenColumns))
        SELECT :id, :name, :operator_id, :roles, :profiles, :lookup, :created_at, :expires_at, :last_used_at, :revoked_at
        WHERE CAST(:operator_id AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM operator WHERE id = :operator_id)
        ON CONFLICT DO NOTHING
        """
    )

    /// Takes a token back that was not taken back before.
    static let revokeToken = SQLStatement(
        "UPDATE api_token SET revoked_at = :moment WHERE id = :id AND revoked_at IS NULL"
    )

    /// The token with a lookup.
    static let tokenByLookup = SQLStatement("SELECT \(tokenColumns) FROM api_token WHERE lookup = :lookup")

    /// The token with an id.
    static let tokenByID = SQLStatement("SELECT \(tokenColumns) FROM api_token WHERE id = :id")

    /// A page of tokens.
    static let tokenPage = SQLStatement(
        "SELECT \(tokenColumns) FROM api_token WHERE id > :after ORDER BY id LIMIT :limit"
    )

    /// Notes that a token was used, if that was not noted after a moment.
    static let noteUse = SQLStatement(
        """
        UPDATE api_token SET last_used_at = :moment
        WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :earlier)
        """
    )

    /// Whether somebody is left who may do everything.
    static let administrator = SQLStatement(
        """
        SELECT 1 FROM operator
        WHERE is_enabled = 1 AND password_hash IS NOT NULL AND ' ' || roles || ' ' LIKE '% administrator %'
        UNION ALL
        SELECT 1 FROM api_token
        WHERE revoked_at IS NULL AND expires_at > :moment AND ' ' || roles || ' ' LIKE '% administrator %'
            AND (
                operator_id IS NULL
                OR EXISTS (
                    SELECT 1 FROM operator
                    WHERE operator.id = api_token.operator_id AND is_enabled = 1
                        AND ' ' || operator.roles || ' ' LIKE '% administrator %'
                )
            )
        LIMIT 1
        """
    )
}

/// The statements on `idempotent_request`.
enum IdempotencySQL {
    /// Begins a request, in the place of one that has ended.
    static let begin = SQLStatement(
        """
        INSERT INTO idempotent_request (principal, request_key, digest, answer, created_at, expires_at)
        VALUES (:principal, :key, :digest, NULL, :moment, :end)
        ON CONFLICT (principal, request_key) DO UPDATE
        SET digest = excluded.digest, answer = NULL, created_at = excluded.created_at, expires_at = excluded.expires_at
        WHERE idempotent_request.expires_at <= :moment
        """
    )

    /// What is known of a request.
    static let find = SQLStatement(
        "SELECT digest, answer, created_at FROM idempotent_request WHERE principal = :principal AND request_key = :key"
    )

    /// Keeps the answer.
    static let finish = SQLStatement(
        """
        UPDATE idempotent_request SET answer = :answer
        WHERE principal = :principal AND request_key = :key AND digest = :digest AND answer IS NULL
        """
    )

    /// Forgets a request that was begun.
    static let giveUp = SQLStatement(
        """
        DELETE FROM idempotent_request
        WHERE principal = :principal AND request_key = :key AND digest = :digest AND answer IS NULL
        """
    )

    /// Forgets requests whose time is over.
    static let forget = SQLStatement(
        """
        DELETE FROM idempotent_request
        WHERE (principal, request_key) IN (
            SELECT principal, request_key FROM idempotent_request WHERE expires_at <= :moment
            ORDER BY expires_at LIMIT :limit
        )
        """
    )
}
