// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment
internal import StrictJSON

/// Checks an export of the audit log, line by line, where the master key is at hand.
public struct AuditExportCheck: Sendable {
    private var verifier: AuditVerifier
    private var line = 0
    private var findings: [AuditFindingDocument] = []

    /// Begins.
    ///
    /// - Parameter folder: a state folder, of which only the master key is read.
    /// - Throws: `AppError` when that can't be read.
    public init(_ folder: StateFolder) throws {
        verifier = AuditVerifier(AuditSeal(try folder.masterKey()))
    }

    /// Takes the next line.
    public mutating func check(_ text: some StringProtocol) {
        line += 1
        let value = try? JSONValue(strictly: Array(text.utf8), maximumDepth: 8)
        guard let value, AuditRowDocument.schema.violations(in: value).isEmpty,
            let row = try? AdminJSON.document(AuditRowDocument.self, value)
        else { return complain() }
        if let checkpoint = row.checkpoint {
            verifier.check(checkpoint)
        } else if let stream = row.streamRecord {
            verifier.check(stream)
        } else if let record = row.record {
            verifier.check(record)
        } else {
            complain()
        }
    }

    private mutating func complain() {
        guard findings.count < 1000 else { return }
        findings.append(AuditFindingDocument(row: "line \(line)", sentence: "It is no row of an export."))
    }

    /// Ends, and tells what was found.
    public mutating func finish() -> AuditVerificationDocument {
        verifier.finish()
        let found = AuditVerificationDocument(verifier)
        return AuditVerificationDocument(
            events: found.events,
            streams: found.streams,
            checkpoints: found.checkpoints,
            findingCount: found.findingCount + findings.count,
            findings: findings + found.findings
        )
    }
}
