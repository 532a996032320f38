// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on the audit log.
enum AuditSQL {
    /// Begins a stream.
    static let addStream = SQLStatement(
        "INSERT INTO audit_stream (id, started_at, writer, hash) VALUES (:id, :started_at, :writer, :hash)"
    )

    /// Adds an event.
    static let add = SQLStatement(
        """
        INSERT INTO audit_event (
            stream, sequence, previous_hash, hash, occurred_at, act_id, action, actor, origin, target, before_json,
            after_json, input_json, outcome
        )
        VALUES (
            :stream, :sequence, :previous_hash, :hash, :occurred_at, :act_id, :action, :actor, :origin, :target, :before,
            :after, :input, :outcome
        )
        """
    )

    private static let columns = """
        stream, sequence, previous_hash, hash, occurred_at, act_id, action, actor, origin, target, before_json, after_json,
        input_json, outcome
        """

    /// All events by streams, from a place on.
    static let page = SQLStatement(
        """
        SELECT \(columns) FROM audit_event
        WHERE (stream, sequence) > (:stream, :sequence)
        ORDER BY stream, sequence LIMIT :limit
        """
    )

    /// One stream's events, from a number on.
    static let streamPage = SQLStatement(
        """
        SELECT \(columns) FROM audit_event
        WHERE stream = :stream AND sequence > :sequence
        ORDER BY sequence LIMIT :limit
        """
    )

    /// Events that are looked for, newest first.
    static let newest = SQLStatement(
        """
        SELECT \(columns) FROM audit_event
        WHERE (occurred_at, stream, sequence) < (:at, :stream, :sequence) AND occurred_at >= :since
            AND (:actor = '' OR actor = :actor)
            AND (:action = '' OR action = :action OR substr(action, 1, length(:action) + 1) = :action || '.')
            AND (:target = '' OR target = :target)
        ORDER BY occurred_at DESC, stream DESC, sequence DESC LIMIT :limit
        """
    )

    /// Streams by their ids.
    static let streams = SQLStatement(
        "SELECT id, started_at, writer, hash FROM audit_stream WHERE id > :after ORDER BY id LIMIT :limit"
    )

    /// A stream.
    static let stream = SQLStatement("SELECT id, started_at, writer, hash FROM audit_stream WHERE id = :id")

    /// Checkpoints by their numbers.
    static let checkpoints = SQLStatement(
        """
        SELECT number, occurred_at, writer, heads, previous_hash, hash FROM audit_checkpoint
        WHERE number > :after ORDER BY number LIMIT :limit
        """
    )

    /// The newest checkpoint.
    static let lastCheckpoint = SQLStatement(
        """
        SELECT number, occurred_at, writer, heads, previous_hash, hash FROM audit_checkpoint
        ORDER BY number DESC LIMIT 1
        """
    )

    /// Adds a checkpoint.
    static let addCheckpoint = SQLStatement(
        """
        INSERT INTO audit_checkpoint (number, occurred_at, writer, heads, previous_hash, hash)
        VALUES (:number, :occurred_at, :writer, :heads, :previous_hash, :hash)
        """
    )

    /// How far streams have come that have events since a moment.
    static let grown = SQLStatement(
        "SELECT stream, MAX(sequence) FROM audit_event WHERE occurred_at >= :since GROUP BY stream ORDER BY stream"
    )

    /// The hash of an event.
    static let hash = SQLStatement("SELECT hash FROM audit_event WHERE stream = :stream AND sequence = :sequence")

    /// Adds an output, if it is not there.
    static let addOutput = SQLStatement(
        """
        INSERT INTO audit_output (name, lease_owner, lease_until) VALUES (:name, :owner, :until)
        ON CONFLICT DO NOTHING
        """
    )

    /// Takes or keeps an output.
    static let holdOutput = SQLStatement(
        """
        UPDATE audit_output SET lease_owner = :owner, lease_until = :until
        WHERE name = :name AND (lease_owner = :owner OR lease_until < :moment)
        """
    )

    /// Notes how far an output has come in a stream; it never goes back.
    static let advanceOutput = SQLStatement(
        """
        INSERT INTO audit_output_position (output, stream, sequence) VALUES (:output, :stream, :sequence)
        ON CONFLICT (output, stream) DO UPDATE SET sequence = excluded.sequence
        WHERE audit_output_position.sequence < excluded.sequence
        """
    )

    /// How far an output has come in the streams that have more for it.
    static let backlog = SQLStatement(
        """
        SELECT s.id, COALESCE(p.sequence, 0) FROM audit_stream s
        LEFT JOIN audit_output_position p ON p.stream = s.id AND p.output = :output
        WHERE EXISTS (
            SELECT 1 FROM audit_event e WHERE e.stream = s.id AND e.sequence > COALESCE(p.sequence, 0)
        )
        ORDER BY s.id LIMIT :limit
        """
    )
}
