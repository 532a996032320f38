// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// The audit log: chains of events, the checkpoints over them, and how far outputs have come.
    static let audit = [
        """
        CREATE TABLE audit_stream (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            started_at {{int64}} NOT NULL,
            writer {{text}} NOT NULL,
            hash {{blob}} NOT NULL CHECK (length(hash) = 32)
        ) {{strict}}
        """,
        """
        CREATE TABLE audit_event (
            stream {{text}} NOT NULL REFERENCES audit_stream (id),
            sequence {{int64}} NOT NULL CHECK (sequence >= 1),
            previous_hash {{blob}} NOT NULL CHECK (length(previous_hash) = 32),
            hash {{blob}} NOT NULL CHECK (length(hash) = 32),
            occurred_at {{int64}} NOT NULL,
            act_id {{text}},
            action {{text}} NOT NULL,
            actor {{text}} NOT NULL,
            origin {{text}} NOT NULL,
            target {{text}},
            before_json {{text}},
            after_json {{text}},
            input_json {{text}},
            outcome {{text}} NOT NULL,
            PRIMARY KEY (stream, sequence)
        ) {{strict}}
        """,
        "CREATE INDEX audit_event_time ON audit_event (occurred_at, stream, sequence)",
        """
        CREATE TABLE audit_checkpoint (
            number {{int64}} NOT NULL PRIMARY KEY CHECK (number >= 1),
            occurred_at {{int64}} NOT NULL,
            writer {{text}} NOT NULL,
            heads {{blob}} NOT NULL,
            previous_hash {{blob}} NOT NULL CHECK (length(previous_hash) = 32),
            hash {{blob}} NOT NULL CHECK (length(hash) = 32)
        ) {{strict}}
        """,
        """
        CREATE TABLE audit_output (
            name {{text}} NOT NULL PRIMARY KEY,
            lease_owner {{text}} NOT NULL,
            lease_until {{int64}} NOT NULL
        ) {{strict}}
        """,
        """
        CREATE TABLE audit_output_position (
            output {{text}} NOT NULL REFERENCES audit_output (name),
            stream {{text}} NOT NULL REFERENCES audit_stream (id),
            sequence {{int64}} NOT NULL CHECK (sequence >= 0),
            PRIMARY KEY (output, stream)
        ) {{strict}}
        """,
    ]
}
