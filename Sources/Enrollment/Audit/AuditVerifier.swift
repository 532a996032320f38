// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.UUID

/// Something in the audit log that is not as this program wrote it.
public struct AuditFinding: Sendable, Hashable {
    /// Which row: `event STREAM NUMBER`, `stream STREAM` or `checkpoint NUMBER`.
    public var row: String
    /// What is wrong, as a sentence in plain words.
    public var sentence: String
}

/// Checks the audit log, row by row: from the database or from an export.
///
/// The rows may come in any order but for this: a stream comes before its events, and events and checkpoints in the order of their
/// numbers. What it remembers does not grow with the number of events, only with that of streams.
public struct AuditVerifier: Sendable {
    private struct Stream {
        var hash: [UInt8]
        var sequence: Int64 = 0
        /// The hash of the event that the newest checkpoint names, and whether that event came by.
        var checkpoint: (number: Int64, head: AuditHead)?
        var isThere = false
        var isMet = false
    }

    /// How many findings are kept: whoever has so many needs no more of them.
    private static let findingCapacity = 1000

    private let seal: AuditSeal
    private var streams: [UUID: Stream] = [:]
    private var lastCheckpoint: (number: Int64, hash: [UInt8]) = (0, AuditSeal.start)
    /// What was found so far.
    public private(set) var findings: [AuditFinding] = []
    /// How many were found, also those that are not kept.
    public private(set) var findingCount = 0
    /// How many events were checked.
    public private(set) var events = 0
    /// How many checkpoints were checked.
    public private(set) var checkpoints = 0
    /// How many streams there are.
    public var streamCount: Int { streams.values.count { $0.isThere } }

    /// Begins.
    public init(_ seal: AuditSeal) { self.seal = seal }

    /// Takes the next checkpoint.
    public mutating func check(_ checkpoint: AuditCheckpointRecord) {
        checkpoints += 1
        let row = "checkpoint \(checkpoint.number)"
        if checkpoint.number <= lastCheckpoint.number {
            note(row, "It stands after number \(lastCheckpoint.number): the order was changed, or it was put in twice.")
        } else if checkpoint.number - 1 > lastCheckpoint.number {
            let (first, end) = (lastCheckpoint.number + 1, checkpoint.number - 1)
            let missing = first == end ? "checkpoint \(first) is" : "the checkpoints \(first) to \(end) are"
            note(row, "Before it, \(missing) missing: somebody has removed what stood there.")
        } else if checkpoint.previousHash != lastCheckpoint.hash {
            note(row, "It does not follow the checkpoint before it: one of the two was changed or exchanged.")
        }
        if seal.hash(of: checkpoint) == checkpoint.hash {
            for head in checkpoint.heads { expect(head, checkpoint.number) }
        } else {
            note(row, "It was changed, or not written with this master key.")
        }
        // Never less than 0: so there is always a number before one that is greater.
        lastCheckpoint = (max(lastCheckpoint.number, checkpoint.number), checkpoint.hash)
    }

    private mutating func expect(_ head: AuditHead, _ number: Int64) {
        var stream = streams[head.position.stream] ?? Stream(hash: [])
        if let known = stream.checkpoint, known.head.position.sequence >= head.position.sequence { return }
        stream.checkpoint = (number, head)
        stream.isMet = false
        streams[head.position.stream] = stream
    }

    /// Takes a stream, before its events.
    public mutating func check(_ record: AuditStreamRecord) {
        if seal.hash(of: record) != record.hash {
            note("stream \(AuditSeal.text(record.id))", "It was changed, or not written with this master key.")
        }
        streams[record.id, default: Stream(hash: [])].hash = record.hash
        streams[record.id]?.isThere = true
    }

    /// Whether a stream has come.
    public func knows(_ id: UUID) -> Bool { streams[id]?.isThere ?? false }

    /// Takes the next event of a stream.
    public mutating func check(_ record: AuditRecord) {
        events += 1
        let position = record.position
        let row = "event \(AuditSeal.text(position.stream)) \(position.sequence)"
        var stream = streams[position.stream] ?? Stream(hash: [])
        if !stream.isThere, stream.sequence == 0 {
            note("stream \(AuditSeal.text(position.stream))", "It is missing, though there are events of it.")
            // Told once; its events are looked at all the same.
            stream.isThere = true
            stream.hash = record.previousHash
        }
        if position.sequence <= stream.sequence {
            note(row, "It stands after number \(stream.sequence): the order was changed, or it was put in twice.")
        } else if position.sequence > stream.sequence + 1 {
            let first = stream.sequence + 1
            let gap =
                first == position.sequence - 1
                ? "event \(first) of the stream is"
                : "the events \(first) to \(position.sequence - 1) of the stream are"
            note(row, "Before it, \(gap) missing: somebody has removed what stood there.")
        } else if record.previousHash != stream.hash {
            note(row, "It does not follow what stands before it: one of the two was changed, put in or exchanged.")
        }
        let hash = seal.hash(AuditSeal.digest(of: record.event), at: position, after: record.previousHash)
        if hash != record.hash { note(row, "It was changed, or not written with this master key.") }
        if let checkpoint = stream.checkpoint, checkpoint.head.position == position {
            stream.isMet = true
            if checkpoint.head.hash != record.hash {
                note(
                    row,
                    "It is not the event that checkpoint \(checkpoint.number) saw here: the stream was written anew."
                )
            }
        }
        stream.sequence = max(stream.sequence, position.sequence)
        stream.hash = record.hash
        streams[position.stream] = stream
    }

    /// Ends: tells what should have come and did not.
    public mutating func finish() {
        for (id, stream) in streams.sorted(by: { AuditSeal.text($0.key) < AuditSeal.text($1.key) }) {
            guard let checkpoint = stream.checkpoint, !stream.isMet else { continue }
            let reached = checkpoint.head.position.sequence
            let row = "event \(AuditSeal.text(id)) \(reached)"
            if stream.sequence == 0 {
                note(
                    row,
                    "The whole stream is missing, though checkpoint \(checkpoint.number) saw \(reached) events of it."
                )
            } else if stream.sequence < reached {
                note(
                    row,
                    "The stream ends with number \(stream.sequence), though checkpoint \(checkpoint.number) saw \(reached) events of it: the last ones were removed."
                )
            } else {
                note(row, "It is missing, though checkpoint \(checkpoint.number) saw it.")
            }
        }
    }

    private mutating func note(_ row: String, _ sentence: String) {
        findingCount += 1
        if findings.count < Self.findingCapacity { findings.append(AuditFinding(row: row, sentence: sentence)) }
    }
}

extension AuditVerifier {
    /// Checks everything that a store holds, page by page.
    ///
    /// - Parameters:
    ///   - store: the store; others may write to it meanwhile.
    ///   - seal: what its rows are tied together with.
    /// - Returns: what was found.
    /// - Throws: `StoreError`.
    public static func verify(_ store: any AuditStore, _ seal: AuditSeal) async throws(StoreError) -> AuditVerifier {
        var verifier = AuditVerifier(seal)
        // Checkpoints first: whatever they tell of is there when its stream is looked at.
        var number = Int64.min
        while true {
            let page = try await store.auditCheckpoints(after: number, limit: 200)
            guard let end = page.last?.number else { break }
            for checkpoint in page { verifier.check(checkpoint) }
            number = end
        }
        var last: AuditPosition?
        while true {
            let page = try await store.auditEvents(after: last, in: nil, limit: 500)
            guard let end = page.last?.position else { break }
            for record in page {
                if !verifier.knows(record.position.stream),
                    let stream = try await store.auditStream(record.position.stream)
                {
                    verifier.check(stream)
                }
                verifier.check(record)
            }
            last = end
        }
        verifier.finish()
        return verifier
    }
}
