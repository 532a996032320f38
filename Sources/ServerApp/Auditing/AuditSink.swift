// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Connectors
internal import Enrollment
internal import StrictJSON

internal import class Foundation.ProcessInfo

#if canImport(Glibc)
internal import Glibc
#endif

/// Something that takes events of the audit log.
protocol AuditSink: Sendable {
    /// What it is called in the database and in metrics: the same after a restart.
    var name: String { get }

    /// Takes events, in their order.
    ///
    /// - Throws: when not all were taken; some may have been, and will come again.
    func take(_ records: [AuditRecord]) async throws
}

/// A file with a JSON object on each line.
///
/// It is made for its owner alone, and opened anew each time: once somebody has moved it away, another one is made.
struct AuditFile: AuditSink {
    let name: String
    private let path: String

    init(path: String) {
        self.path = path
        // Each machine has its own file.
        name = "file://\(StateFolder.machineName)\(path)"
    }

    func take(_ records: [AuditRecord]) throws {
        var lines = ""
        for record in records { lines += try AdminJSON.value(AuditRowDocument(record)).written + "\n" }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AppError(.state, "The file \(path) can't be opened.") }
        defer { close(descriptor) }
        var rest = Array(lines.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw AppError(.state, "The file \(path) can't be written.") }
            rest = rest.dropFirst(written)
        }
        // Pipes and terminals can't be made durable.
        guard fdatasync(descriptor) == 0 || errno == EINVAL else {
            throw AppError(.state, "The file \(path) can't be written.")
        }
    }
}

/// A receiver of syslog messages.
struct AuditSyslog: AuditSink {
    let name: String
    private let sender: SyslogSender
    private let host = StateFolder.machineName
    private let process = "\(ProcessInfo.processInfo.processIdentifier)"

    init(_ destination: SyslogDestination, authorities: String?) {
        name = destination.url
        sender = SyslogSender(destination, authorities: authorities)
    }

    func take(_ records: [AuditRecord]) async throws {
        try await sender.send(records.map(message))
    }

    private func message(_ record: AuditRecord) throws -> SyslogMessage {
        let event = record.event
        var parameters = [
            (name: "stream", value: Identifier(record.position.stream).description),
            (name: "sequence", value: "\(record.position.sequence)"), (name: "actor", value: event.actor),
            (name: "origin", value: event.origin), (name: "outcome", value: event.outcome),
        ]
        if let target = event.target { parameters.append((name: "target", value: target)) }
        if let act = event.actID { parameters.append((name: "act", value: Identifier(act).description)) }
        return SyslogMessage(
            // Notice; what was refused is a warning.
            severity: event.action == "enrollment.refused" ? 4 : 5,
            timestamp: AuditMoment.text(event.at),
            host: host,
            application: "sceptic",
            process: process,
            kind: event.action,
            parameters: parameters,
            text: try AdminJSON.value(AuditEventDocument(record)).written
        )
    }
}
