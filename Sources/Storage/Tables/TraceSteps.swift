// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// The steps of a trace as one text: a line for each, with its outcome's initial, its name and its detail between tabs.
///
/// In names and details a backslash goes before a backslash, and `\t`, `\n` and `\0` stand for tab, newline and NUL.
enum TraceSteps {
    private static let tab = UInt8(ascii: "\t")
    private static let newline = UInt8(ascii: "\n")
    private static let backslash = UInt8(ascii: "\\")

    static func encode(_ steps: [TraceStep]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(steps.reduce(0) { $0 + $1.name.utf8.count + $1.detail.utf8.count + 8 })
        for step in steps {
            bytes.append(initial(of: step.outcome))
            bytes.append(tab)
            append(step.name, to: &bytes)
            bytes.append(tab)
            append(step.detail, to: &bytes)
            bytes.append(newline)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func decode(_ text: String) throws(StoreError) -> [TraceStep] {
        var steps: [TraceStep] = []
        for line in text.utf8.split(separator: newline) {
            let fields = line.split(separator: tab, omittingEmptySubsequences: false)
            guard fields.count == 3, let initial = fields[0].first, let outcome = outcome(of: initial) else {
                throw .corrupted("A trace can't be read.")
            }
            steps.append(TraceStep(name: try unescape(fields[1]), outcome: outcome, detail: try unescape(fields[2])))
        }
        return steps
    }

    private static func initial(of outcome: TraceOutcome) -> UInt8 {
        switch outcome {
        case .passed: UInt8(ascii: "p")
        case .failed: UInt8(ascii: "f")
        case .noted: UInt8(ascii: "n")
        }
    }

    private static func outcome(of initial: UInt8) -> TraceOutcome? {
        TraceOutcome.allCases.first { self.initial(of: $0) == initial }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let characters = text.utf8.span
        guard characters.indices.contains(where: { characters[$0] < 0x20 || characters[$0] == backslash }) else {
            bytes += text.utf8
            return
        }
        for byte in text.utf8 {
            switch byte {
            case tab: bytes += [backslash, UInt8(ascii: "t")]
            case newline: bytes += [backslash, UInt8(ascii: "n")]
            case 0: bytes += [backslash, UInt8(ascii: "0")]
            case backslash: bytes += [backslash, backslash]
            default: bytes.append(byte)
            }
        }
    }

    private static func unescape(_ field: Substring.UTF8View) throws(StoreError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(field.count)
        var rest = field.makeIterator()
        while let byte = rest.next() {
            guard byte == backslash else {
                bytes.append(byte)
                continue
            }
            switch rest.next() {
            case UInt8(ascii: "t"): bytes.append(tab)
            case UInt8(ascii: "n"): bytes.append(newline)
            case UInt8(ascii: "0"): bytes.append(0)
            case backslash: bytes.append(backslash)
            default: throw .corrupted("A trace can't be read.")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
