// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension CopiedTable {
    /// All tables that are copied, each after those that its rows refer to.
    ///
    /// `schema_migration` is each database's own, and `node` tells of servers that run. What is counted for the running
    /// ones, `configuration_version`, comes last.
    static let all = [
        issuer, raCredential, scepProfile, raProfile, alternateAuthority, enrollmentTransaction, certificate,
        certificateTerm, approval, approvalVote, challenge, usedChallenge, registration, uniqueCertificate, trace,
        revocationCount, certificateList, administrator, apiToken, idempotentRequest, auditStream, auditEvent,
        auditCheckpoint, auditOutput, auditOutputPosition, configurationVersion,
    ]

    private static let issuer = CopiedTable(
        "issuer",
        key: [.text("id")],
        [
            .text("name"), .int64("key_generation"), .blob("certificate"), .blob("chain"), .text("public_url"),
            .blob("wrapped_key"), .int64("created_at"), .text("state"),
        ]
    )

    private static let raCredential = CopiedTable(
        "ra_credential",
        key: [.text("id")],
        [
            .text("issuer_id"), .int64("generation"), .text("state"), .blob("certificate"),
            .blob("encryption_certificate").orNull, .blob("wrapped_key"), .int64("created_at"),
        ]
    )

    private static let profileColumns: [Column] = [
        .text("name"), .int64("is_enabled"), .text("settings"), .int64("version"),
    ]

    private static let scepProfile = CopiedTable("scep_profile", key: [.text("id")], profileColumns)

    private static let raProfile = CopiedTable("ra_profile", key: [.text("id")], profileColumns)

    private static let alternateAuthority = CopiedTable(
        "alternate_authority",
        key: [.text("id")],
        [.text("name"), .blob("certificate"), .blob("certificate_list").orNull, .int64("created_at")]
    )

    private static let enrollmentTransaction = CopiedTable(
        "enrollment_transaction",
        key: [.text("id")],
        [
            .text("state"), .text("profile"), .text("transaction_id"), .blob("signer_digest"), .blob("request_digest"),
            .blob("public_key_digest"), .blob("request"), .text("ra_profile"), .text("issuer_id"),
            .blob("serial_number"), .blob("to_be_signed").orNull, .text("lease_owner").orNull,
            .int64("lease_until").orNull, .text("trace_id").orNull, .int64("reserved_at"), .int64("ended_at").orNull,
        ]
    )

    private static let certificate = CopiedTable(
        "certificate",
        key: [.text("id")],
        [
            .text("transaction_id").orNull, .text("issuer_id"), .blob("serial_number"), .blob("der"), .text("subject"),
            .blob("public_key_digest"), .text("profile"), .int64("not_before"), .int64("not_after"),
            .int64("issued_at"), .int64("crl_shard"), .int64("revoked_at").orNull, .int64("revocation_reason").orNull,
            .text("comparable_subject").orNull,
        ]
    )

    private static let certificateTerm = CopiedTable(
        "certificate_term",
        key: [.int64("term"), .text("certificate_id")],
        []
    )

    private static let approval = CopiedTable(
        "approval",
        key: [.text("id")],
        [
            .text("state"), .text("profile"), .text("transaction_id"), .blob("signer_digest"), .blob("request_digest"),
            .blob("public_key_digest"), .blob("request"), .text("subject"), .text("ra_profile"), .text("issuer_id"),
            .blob("renewed_certificate").orNull, .blob("sealed_challenge").orNull, .text("remote_address"),
            .int64("created_at"), .int64("expires_at"), .int64("decided_at").orNull, .text("decided_by").orNull,
            .text("note").orNull, .text("issued_transaction").orNull, .text("attributes").orNull,
            .int64("needed_votes"),
        ]
    )

    private static let approvalVote = CopiedTable(
        "approval_vote",
        key: [.text("approval_id"), .text("voter")],
        [.int64("voted_at"), .text("note").orNull]
    )

    private static let challenge = CopiedTable(
        "challenge",
        key: [.text("id")],
        [
            .text("profile"), .text("kind"), .blob("lookup"), .text("name").orNull, .int64("created_at"),
            .int64("expires_at").orNull, .int64("revoked_at").orNull, .int64("used_at").orNull,
            .blob("used_by_key").orNull, .text("used_by_transaction").orNull, .text("used_by_approval").orNull,
            .int64("is_generated"), .text("transaction_id").orNull, .blob("sealed_code").orNull,
            .blob("bound_subject").orNull, .blob("bound_names").orNull, .text("bound_key_type").orNull,
            .text("ra_profile").orNull, .text("device").orNull, .text("maker").orNull,
        ]
    )

    private static let registration = CopiedTable(
        "registration",
        key: [.text("id")],
        [
            .text("profile"), .text("name"), .text("comparable_name"), .blob("lookup"), .int64("is_generated"),
            .text("ra_profile").orNull, .blob("bound_subject").orNull, .blob("bound_names").orNull,
            .text("bound_key_type").orNull, .text("attributes").orNull, .text("uses"), .int64("created_at"),
            .int64("expires_at").orNull, .int64("revoked_at").orNull, .int64("failed_guesses"),
            .blob("last_guess").orNull, .int64("locked_at").orNull, .int64("used_at").orNull,
            .blob("used_by_key").orNull, .text("used_by_transaction").orNull, .text("used_by_approval").orNull,
            .text("maker").orNull,
        ]
    )

    private static let uniqueCertificate = CopiedTable(
        "unique_certificate",
        key: [.text("transaction_id")],
        [
            .text("ra_profile"), .blob("subject_digest"), .blob("public_key_digest"), .blob("serial_number"),
            .int64("is_renewed"), .blob("renews").orNull, .int64("replaces_after").orNull, .int64("revoke_at").orNull,
        ]
    )

    private static let usedChallenge = CopiedTable(
        "used_challenge",
        key: [.text("id")],
        [
            .text("profile"), .text("source"), .blob("key_digest"), .int64("used_at"), .int64("expires_at"),
            .text("used_by_transaction").orNull, .text("used_by_approval").orNull,
        ]
    )

    private static let trace = CopiedTable(
        "trace",
        key: [.text("id")],
        [
            .int64("occurred_at"), .text("profile"), .text("transaction_id").orNull, .int64("is_authenticated"),
            .text("hold"), .text("remote_address"), .text("reason_code"), .text("steps"),
        ]
    )

    private static let revocationCount = CopiedTable(
        "revocation_count",
        key: [.text("issuer_id"), .int64("shard")],
        [.int64("revision")]
    )

    private static let certificateList = CopiedTable(
        "certificate_list",
        key: [.text("issuer_id"), .int64("shard")],
        [
            .int64("number"), .int64("this_update"), .int64("next_update"), .blob("der"), .int64("revision"),
        ]
    )

    private static let administrator = CopiedTable(
        "operator",
        key: [.text("id")],
        [
            .text("name"), .text("password_hash").orNull, .text("roles"), .text("profiles").orNull,
            .int64("is_enabled"),
            .int64("created_at"), .int64("version"),
        ]
    )

    private static let apiToken = CopiedTable(
        "api_token",
        key: [.text("id")],
        [
            .text("name"), .text("operator_id").orNull, .text("roles"), .text("profiles").orNull, .blob("lookup"),
            .int64("created_at"), .int64("expires_at"), .int64("last_used_at").orNull, .int64("revoked_at").orNull,
        ]
    )

    private static let idempotentRequest = CopiedTable(
        "idempotent_request",
        key: [.text("principal"), .text("request_key")],
        [.blob("digest"), .blob("answer").orNull, .int64("created_at"), .int64("expires_at")]
    )

    private static let auditStream = CopiedTable(
        "audit_stream",
        key: [.text("id")],
        [.int64("started_at"), .text("writer"), .blob("hash")]
    )

    private static let auditEvent = CopiedTable(
        "audit_event",
        key: [.text("stream"), .int64("sequence")],
        [
            .blob("previous_hash"), .blob("hash"), .int64("occurred_at"), .text("act_id").orNull, .text("action"),
            .text("actor"), .text("origin"), .text("target").orNull, .text("before_json").orNull,
            .text("after_json").orNull, .text("input_json").orNull, .text("outcome"),
        ]
    )

    private static let auditCheckpoint = CopiedTable(
        "audit_checkpoint",
        key: [.int64("number")],
        [.int64("occurred_at"), .text("writer"), .blob("heads"), .blob("previous_hash"), .blob("hash")]
    )

    private static let auditOutput = CopiedTable(
        "audit_output",
        key: [.text("name")],
        [.text("lease_owner"), .int64("lease_until")]
    )

    private static let auditOutputPosition = CopiedTable(
        "audit_output_position",
        key: [.text("output"), .text("stream")],
        [.int64("sequence")]
    )

    private static let configurationVersion = CopiedTable(
        "configuration_version",
        key: [.int64("id")],
        [.int64("version")],
        origin: .schema
    )
}
