// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Connectors

/// Where the audit log is written to beside the database, while a server serves.
public struct AuditOutputs: Sendable, Hashable, Codable {
    /// A file that gets a JSON object on a line for each event.
    public var file: String?
    /// Receivers of syslog messages: `udp://HOST:PORT`, `tcp://HOST:PORT` or `tls://HOST:PORT`.
    public var syslog: [String]
    /// A PEM file with the CAs that certificates of TLS receivers may be from; the system's if there is none.
    public var syslogCA: String?

    /// Puts settings together.
    public init(file: String? = nil, syslog: [String] = [], syslogCA: String? = nil) {
        self.file = file
        self.syslog = syslog
        self.syslogCA = syslogCA
    }

    /// Reads settings; what is missing is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        file = try container.decodeIfPresent(String.self, forKey: .file)
        syslog = try container.decodeIfPresent([String].self, forKey: .syslog) ?? []
        syslogCA = try container.decodeIfPresent(String.self, forKey: .syslogCA)
    }

    /// What can't be, as sentences.
    public var problems: [String] {
        var problems = syslog.filter { SyslogDestination(url: $0) == nil }.map {
            "'\($0)' is no receiver of syslog messages: it has to look like udp://HOST:514, tcp://HOST:601 or tls://HOST:6514"
        }
        if Set(syslog).count != syslog.count { problems.append("a receiver of syslog messages is named twice") }
        if file == "" { problems.append("the audit log's file has no name") }
        return problems
    }

    /// The outputs.
    var sinks: [any AuditSink] {
        let files: [any AuditSink] = file.map { [AuditFile(path: $0)] } ?? []
        return files + syslog.compactMap(SyslogDestination.init).map { AuditSyslog($0, authorities: syslogCA) }
    }
}
