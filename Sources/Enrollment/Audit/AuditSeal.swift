// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// What ties the audit log's rows together: HMAC-SHA-256 under a key that comes from the master key.
///
/// Whoever can change the database but has no master key can't make a row that fits.
public struct AuditSeal: Sendable {
    /// The hash before the first checkpoint.
    public static let start = [UInt8](repeating: 0, count: 32)

    private let code: @Sendable ([UInt8]) -> [UInt8]

    /// Makes a seal.
    ///
    /// - Parameter code: gives 32 bytes that nobody can find without a key.
    package init(code: @escaping @Sendable ([UInt8]) -> [UInt8]) { self.code = code }

    /// A seal without a key, for stores of which no state is served: those of tests, and copies, which write no events.
    package static let unsealed = AuditSeal { DigestAlgorithm.sha256.digest($0) }

    /// Makes the seal of a master key.
    public init(_ masterKey: MasterKey) {
        code = { masterKey.authenticationCode($0, purpose: .audit) }
    }

    /// The digest of what an event says, which does not depend on its place: it can be made before that is known.
    public static func digest(of event: AuditEvent) -> [UInt8] {
        var bytes = AuditBytes()
        bytes.append(event.at)
        bytes.append(event.actID.map(Self.text))
        bytes.append(event.action)
        bytes.append(event.actor)
        bytes.append(event.origin)
        bytes.append(event.target)
        bytes.append(event.before)
        bytes.append(event.after)
        bytes.append(event.input)
        bytes.append(event.outcome)
        return DigestAlgorithm.sha256.digest(bytes.bytes)
    }

    /// The hash of an event in its place.
    ///
    /// - Parameters:
    ///   - digest: of what it says.
    ///   - position: its place.
    ///   - previous: the hash of what stands before it.
    /// - Returns: the hash.
    public func hash(_ digest: [UInt8], at position: AuditPosition, after previous: [UInt8]) -> [UInt8] {
        var bytes = AuditBytes("event")
        bytes.append(position)
        bytes.append(blob: previous)
        bytes.append(blob: digest)
        return code(bytes.bytes)
    }

    /// The hash that a stream begins with.
    public func hash(of stream: AuditStreamRecord) -> [UInt8] {
        var bytes = AuditBytes("stream")
        bytes.append(Self.text(stream.id))
        bytes.append(stream.startedAt)
        bytes.append(stream.writer)
        return code(bytes.bytes)
    }

    /// The hash of a checkpoint.
    public func hash(of checkpoint: AuditCheckpointRecord) -> [UInt8] {
        var bytes = AuditBytes("checkpoint")
        bytes.append(checkpoint.number)
        bytes.append(checkpoint.at)
        bytes.append(checkpoint.writer)
        bytes.append(blob: checkpoint.previousHash)
        bytes.append(Int64(checkpoint.heads.count))
        for head in checkpoint.heads {
            bytes.append(head.position)
            bytes.append(blob: head.hash)
        }
        return code(bytes.bytes)
    }

    /// An id as it is stored.
    static func text(_ id: UUID) -> String { id.uuidString.lowercased() }
}

/// Bytes that no two different rows share: each part has its length before it.
private struct AuditBytes {
    private(set) var bytes: [UInt8] = []

    init(_ kind: String = "content") {
        bytes.reserveCapacity(512)
        append("sceptic audit \(kind) 1")
    }

    mutating func append(_ number: Int64) {
        let pattern = UInt64(bitPattern: number)
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: pattern >> shift)) }
    }

    /// Whole milliseconds, as they are stored.
    mutating func append(_ moment: Date) {
        let milliseconds = (moment.timeIntervalSince1970 * 1000).rounded()
        append(Int64(exactly: milliseconds) ?? 0)
    }

    mutating func append(_ text: String) {
        append(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ text: String?) {
        bytes.append(text == nil ? 0 : 1)
        if let text { append(text) }
    }

    mutating func append(blob: [UInt8]) {
        append(Int64(blob.count))
        bytes.append(contentsOf: blob)
    }

    mutating func append(_ position: AuditPosition) {
        let id = position.stream.uuid
        bytes += [
            id.0, id.1, id.2, id.3, id.4, id.5, id.6, id.7, id.8, id.9, id.10, id.11, id.12, id.13, id.14, id.15,
        ]
        append(position.sequence)
    }
}
