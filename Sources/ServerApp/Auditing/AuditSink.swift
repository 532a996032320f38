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
    /// How large the file may grow; a stand-in for a full disk.
    private let maximumSize: Int

    init(path: String, maximumSize: Int = .max) {
        self.path = path
        self.maximumSize = maximumSize
        // Each machine has its own file.
        name = "file://\(StateFolder.machineName)\(path)"
    }

    func take(_ records: [AuditRecord]) throws {
        var lines = ""
        for record in records { lines += try AdminJSON.value(AuditRowDocument(record)).written + "\n" }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AppError(.state, "The file \(path) can't be opened.") }
        defer { close(descriptor) }
        let size = Self.size(descriptor)
        // A process that was killed may have left a part of a line.
        let bytes = Array((endsInLine(size) ? "" : "\n").utf8) + Array(lines.utf8)
        let written = append(bytes, to: descriptor, of: size ?? 0)
        // Pipes and terminals can't be made durable.
        if written == bytes.count, fdatasync(descriptor) == 0 || errno == EINVAL { return }
        // All of it comes again: a part of a line would be in its way. What somebody else has added stays.
        if let size, Self.size(descriptor) == size + written { ftruncate(descriptor, size) }
        throw AppError(.state, "The file \(path) can't be written.")
    }

    /// Appends as much as can be, and tells how much that was.
    private func append(_ bytes: [UInt8], to descriptor: Int32, of size: Int) -> Int {
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = min(rest.count, maximumSize - size - (bytes.count - rest.count))
            guard room > 0 else { break }
            let written = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, room) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { break }
            rest = rest.dropFirst(written)
        }
        return bytes.count - rest.count
    }

    /// How large a file is; nil for a pipe or a terminal.
    private static func size(_ descriptor: Int32) -> Int? {
        // Only in files can one seek; and what is written goes to their end anyway.
        let end = lseek(descriptor, 0, SEEK_END)
        return end < 0 ? nil : end
    }

    /// Whether the file ends with the end of a line, as far as it can be read.
    private func endsInLine(_ size: Int?) -> Bool {
        guard let size, size > 0 else { return true }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var last: UInt8 = 0
        guard unsafe pread(descriptor, &last, 1, size - 1) == 1 else { return true }
        return last == UInt8(ascii: "\n")
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
