// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// What certificates are found by.
    ///
    /// Each index costs every enrolment a page that is written at some place of its own. So there is one table for all that is looked up
    /// whole, with 64 bits of each term; the ends come nearly in order, and everything else is found by reading a bounded number of rows.
    static let searches = [
        // NULL until the certificate's terms are there: rows of older versions, and of their nodes that still run.
        "ALTER TABLE certificate ADD COLUMN comparable_subject {{text}}",
        "CREATE INDEX certificate_unsearchable ON certificate (id) WHERE comparable_subject IS NULL",
        "CREATE INDEX certificate_expiry ON certificate (not_after, id)",
        // Without a reference: it would be looked after with each row, and certificates never go.
        """
        CREATE TABLE certificate_term (
            term {{int64}} NOT NULL,
            certificate_id {{text}} NOT NULL CHECK (length(certificate_id) = 36),
            PRIMARY KEY (term, certificate_id)
        ) {{keyed}}
        """,
    ]
}
