// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp

/// The options of `sceptic serve` that say where the audit log goes beside the database.
struct AuditOutputOptions: ParsableArguments {
    @Option(help: "A file that gets the audit log as well, a JSON object on each line.")
    var auditFile: String?

    @Option(help: "A syslog receiver that gets it: udp://HOST:514, tcp://HOST:601 or tls://HOST:6514; may be repeated.")
    var auditSyslog: [String] = []

    @Option(
        help: "A PEM file with the CAs that the certificates of TLS receivers may be from; the system's if not given."
    )
    var auditSyslogCA: String?

    /// The outputs that the options name; nil if they name none.
    var outputs: AuditOutputs? {
        guard auditFile != nil || !auditSyslog.isEmpty else { return nil }
        return AuditOutputs(file: auditFile, syslog: auditSyslog, syslogCA: auditSyslogCA)
    }
}
