// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment

internal import struct Foundation.Date
internal import struct Foundation.UUID

extension AuditEventDocument {
    /// An event as it is shown.
    init(_ record: AuditRecord) {
        let event = record.event
        self.init(
            stream: Identifier(record.position.stream),
            sequence: Int(record.position.sequence),
            at: AuditMoment.text(event.at),
            act: event.actID.map(Identifier.init),
            action: event.action,
            actor: event.actor,
            origin: event.origin,
            target: event.target,
            before: event.before,
            after: event.after,
            input: event.input,
            outcome: event.outcome
        )
    }
}

extension AuditVerificationDocument {
    /// What was found.
    init(_ verifier: AuditVerifier) {
        self.init(
            events: verifier.events,
            streams: verifier.streamCount,
            checkpoints: verifier.checkpoints,
            findingCount: verifier.findingCount,
            findings: verifier.findings.map { AuditFindingDocument(row: $0.row, sentence: $0.sentence) }
        )
    }
}

extension AuditRowDocument {
    init(_ checkpoint: AuditCheckpointRecord) {
        self.init(.checkpoint, hash: checkpoint.hash.hexadecimal, at: AuditMoment.text(checkpoint.at))
        previousHash = checkpoint.previousHash.hexadecimal
        number = Int(checkpoint.number)
        writer = checkpoint.writer
        heads = checkpoint.heads.map { head in
            AuditHeadDocument(
                stream: Identifier(head.position.stream),
                sequence: Int(head.position.sequence),
                hash: head.hash.hexadecimal
            )
        }
    }

    init(_ record: AuditStreamRecord) {
        self.init(.stream, hash: record.hash.hexadecimal, at: AuditMoment.text(record.startedAt))
        stream = Identifier(record.id)
        writer = record.writer
    }

    init(_ record: AuditRecord) {
        let event = record.event
        self.init(.event, hash: record.hash.hexadecimal, at: AuditMoment.text(event.at))
        previousHash = record.previousHash.hexadecimal
        stream = Identifier(record.position.stream)
        sequence = Int(record.position.sequence)
        act = event.actID.map(Identifier.init)
        action = event.action
        actor = event.actor
        origin = event.origin
        target = event.target
        before = event.before
        after = event.after
        input = event.input
        outcome = event.outcome
    }

    /// The checkpoint that it shows; nil if it shows none whole.
    var checkpoint: AuditCheckpointRecord? {
        guard kind == .checkpoint, let at = AdminJSON.moment(at), let number, let writer,
            let previous = previousHash.flatMap([UInt8].init(hexadecimal:)), let hash = [UInt8](hexadecimal: hash)
        else { return nil }
        return AuditCheckpointRecord(
            number: Int64(number),
            at: at,
            writer: writer,
            heads: (heads ?? []).map { head in
                AuditHead(
                    position: AuditPosition(stream: head.stream.uuid, sequence: Int64(head.sequence)),
                    hash: [UInt8](hexadecimal: head.hash) ?? []
                )
            },
            previousHash: previous,
            hash: hash
        )
    }

    /// The stream that it shows; nil if it shows none whole.
    var streamRecord: AuditStreamRecord? {
        guard kind == .stream, let at = AdminJSON.moment(at), let stream, let writer,
            let hash = [UInt8](hexadecimal: hash)
        else { return nil }
        return AuditStreamRecord(id: stream.uuid, startedAt: at, writer: writer, hash: hash)
    }

    /// The event that it shows; nil if it shows none whole.
    var record: AuditRecord? {
        guard kind == .event, let at = AdminJSON.moment(at), let stream, let sequence, let action, let actor,
            let origin, let outcome, let previous = previousHash.flatMap([UInt8].init(hexadecimal:)),
            let hash = [UInt8](hexadecimal: hash)
        else { return nil }
        return AuditRecord(
            position: AuditPosition(stream: stream.uuid, sequence: Int64(sequence)),
            previousHash: previous,
            hash: hash,
            event: AuditEvent(
                at: at,
                actID: act?.uuid,
                action: action,
                actor: actor,
                origin: origin,
                target: target,
                before: before,
                after: after,
                input: input,
                outcome: outcome
            )
        )
    }
}
