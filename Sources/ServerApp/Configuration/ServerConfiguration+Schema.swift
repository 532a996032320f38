// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Logging
public import StrictJSON

extension ServerConfiguration {
    /// The JSON Schema (draft 2020-12) of the file.
    public static var schema: JSONValue {
        description.published("Configuration of a Sceptic server", "What 'sceptic serve --config' reads.")
    }

    static let description = ObjectSchema(
        nil,
        .optional("state", path, "The state folder (--data)."),
        .optional("database", .object(file), "The file that holds the URL of a PostgreSQL database."),
        .optional("masterKey", .object(file), "The file that holds the master key."),
        .optional("log", .object(log), "Log lines."),
        ObjectSchema.Property.optional(
            "traceDays",
            .integer(Server.traceDaysRange),
            "How long traces are kept, which hold names and addresses."
        ).defaulting(to: .integer(Server.defaultTraceDays)),
        ObjectSchema.Property.optional(
            "adminFailuresPerMinute",
            .integer(0...1_000_000),
            "After how many failures to sign in, in a minute, an address has to wait at the admin listener; 0 for never."
        ).defaulting(to: .integer(Authenticator.usualFailuresPerMinute)),
        .optional("audit", .object(audit), "Where the audit log goes beside the database."),
        .optional(
            "listeners",
            .list(of: .object(listener), maximum: 64),
            "Where the server listens; on 127.0.0.1:8080 if it is left out."
        )
    )

    static let log = ObjectSchema(
        "Log",
        ObjectSchema.Property.optional(
            "level",
            .choice(Logger.Level.allCases.map(\.rawValue)),
            "The lowest level of log lines; taken up on SIGHUP."
        ).defaulting(to: .string("info")),
        .optional("format", .choice(LogFormat.allCases.map(\.rawValue)), "How log lines look.").defaulting(
            to: .string("text")
        )
    )

    static let audit = ObjectSchema(
        "Audit",
        .optional("file", path, "A file that gets a JSON object on a line for each event."),
        .optional(
            "syslog",
            .list(of: .string(minimum: 7, maximum: 300, pattern: "(udp|tcp|tls)://.+"), maximum: 16),
            "Receivers of syslog messages: udp://HOST:514, tcp://HOST:601 or tls://HOST:6514."
        ),
        .optional("syslogCA", path, "A PEM file with the CAs that certificates of TLS receivers may be from.")
    )

    static let listener = ObjectSchema(
        "Listener",
        .required("address", .string(minimum: 2, maximum: 300, pattern: ".*:[0-9]{1,5}"), "HOST:PORT."),
        .optional(
            "roles",
            .list(of: .choice(ListenerSettings.Role.allCases.map(\.rawValue)), minimum: 1, maximum: 8),
            "What is served: SCEP, CRLs and CA certificates, administration (with metrics), or metrics alone."
        ).defaulting(to: .array([.string("scep"), .string("publication")])),
        .optional("tls", .object(tls), "The credential for TLS; plain HTTP if it is left out."),
        .optional("limits", .object(limits), "Beyond what a client is turned away.")
    )

    static let tls = ObjectSchema(
        "TLS",
        .required(
            "certificate",
            path,
            "The PEM file with the certificate, and those that certify it; read again on SIGHUP."
        ),
        .required("key", path, "The PEM file with the private key; read again on SIGHUP.")
    )

    static let limits = ObjectSchema(
        "Limits",
        .optional("connections", .integer(1...1_000_000), "Connections open at once.").defaulting(to: .integer(8192)),
        .optional("bodyBytes", bytes, "Bytes of a body.").defaulting(to: .integer(1_048_576)),
        .optional("requestLineBytes", bytes, "Bytes of a request line.").defaulting(to: .integer(98_304)),
        .optional("headerBytes", bytes, "Bytes of all header fields together.").defaulting(to: .integer(32_768)),
        .optional("idleSeconds", seconds, "How long a connection may wait for a request.").defaulting(to: .integer(60)),
        .optional("headSeconds", seconds, "How long a request's head may take.").defaulting(to: .integer(15)),
        .optional("bodySeconds", seconds, "How long a request's body may take.").defaulting(to: .integer(60)),
        .optional("sendSeconds", seconds, "How long a client may take to accept an answer.").defaulting(
            to: .integer(60)
        ),
        .optional("stopSeconds", .integer(0...3600), "How long a stop waits for requests in flight.").defaulting(
            to: .integer(10)
        )
    )

    private static let path = Schema.string(minimum: 1, maximum: 4095)
    private static let bytes = Schema.integer(4096...67_108_864)
    private static let seconds = Schema.integer(1...3600)

    static let file = ObjectSchema("File", .required("file", path, "The file."))
}
