// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `registration`.
enum RegistrationSQL {
    private static let columns = """
        id, profile, name, comparable_name, lookup, is_generated, ra_profile, bound_subject, bound_names, bound_key_type,
        attributes, uses, created_at, expires_at, revoked_at, failed_guesses, locked_at, used_at, used_by_key,
        maker
        """

    /// Adds a registration, unless its name or its id is there.
    static let add = SQLStatement(
        """
        INSERT INTO registration (\(columns))
        VALUES (
            :id, :profile, :name, :comparable_name, :lookup, :generated, :ra_profile, :bound_subject, :bound_names,
            :bound_key_type, :attributes, :uses, :created_at, :expires_at, :revoked_at, :failed_guesses, :locked_at,
            :used_at, :used_by_key, :maker
        )
        ON CONFLICT DO NOTHING
        """
    )

    /// The registration with a name.
    static let byName = SQLStatement(
        "SELECT \(columns) FROM registration WHERE profile = :profile AND comparable_name = :comparable_name"
    )

    /// A page of all registrations.
    static let page = SQLStatement("SELECT \(columns) FROM registration WHERE id > :after ORDER BY id LIMIT :limit")

    /// A page of a profile's registrations.
    static let profilePage = SQLStatement(
        "SELECT \(columns) FROM registration WHERE profile = :profile AND id > :after ORDER BY id LIMIT :limit"
    )

    /// Counts a wrong secret, unless it is the last one again or the registration is locked.
    static let countGuess = SQLStatement(
        """
        UPDATE registration
        SET failed_guesses = failed_guesses + 1, last_guess = :guess,
            locked_at = CASE WHEN failed_guesses + 1 >= :maximum THEN :moment END
        WHERE id = :id AND locked_at IS NULL AND (last_guess IS NULL OR last_guess <> :guess)
        """
    )

    /// How many wrong secrets there were, and whether that was too many.
    static let guesses = SQLStatement("SELECT failed_guesses, locked_at FROM registration WHERE id = :id")

    /// Unlocks a registration.
    static let unlock = SQLStatement(
        """
        UPDATE registration SET failed_guesses = 0, last_guess = NULL, locked_at = NULL
        WHERE id = :id AND locked_at IS NOT NULL
        """
    )

    /// Takes a registration back that was not taken back before.
    static let revoke = SQLStatement(
        "UPDATE registration SET revoked_at = :moment WHERE id = :id AND revoked_at IS NULL"
    )

    /// Uses a registration that may be used: its wrong secrets are forgotten, and one that is good for once is used up.
    static let claim = SQLStatement(
        """
        UPDATE registration
        SET failed_guesses = 0, last_guess = NULL,
            used_at = CASE WHEN uses = 'once' THEN :moment ELSE used_at END,
            used_by_key = CASE WHEN uses = 'once' THEN :key_digest ELSE used_by_key END,
            used_by_transaction = CASE WHEN uses = 'once' THEN :transaction_id ELSE used_by_transaction END,
            used_by_approval = CASE WHEN uses = 'once' THEN :approval_id ELSE used_by_approval END
        WHERE id = :id AND (uses <> 'once' OR used_at IS NULL) AND revoked_at IS NULL
            AND locked_at IS NULL AND (expires_at IS NULL OR expires_at > :moment)
        """
    )

    /// Why a registration could not be used.
    static let state = SQLStatement(
        """
        SELECT expires_at, revoked_at, locked_at, used_by_key, used_by_transaction, used_by_approval FROM registration
        WHERE id = :id
        """
    )

    /// Makes the registrations that a transaction used up good again.
    static let release = SQLStatement(
        """
        UPDATE registration
        SET used_at = NULL, used_by_key = NULL, used_by_transaction = NULL
        WHERE used_by_transaction = :transaction_id
        """
    )
}
