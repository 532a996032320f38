// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ServerApp
internal import StrictJSON

internal import struct Foundation.Data
internal import class Foundation.FileHandle
internal import class Foundation.JSONSerialization

/// The rules of the terminal: results go to standard output, everything else to standard error; an error is one sentence, and a
/// hint if there is one.
extension Terminal {
    static func complain(_ error: AppError) {
        note("error: \(error.sentence)")
        if let hint = error.hint { note("hint: \(hint)") }
    }

    /// Prints at once: whoever reads through a pipe sees the line when it is there.
    static func result(_ line: String) { text(line + "\n") }

    /// Prints at once what is no line yet.
    static func text(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }

    static func json(_ value: Any) throws { try json(value, [.prettyPrinted]) }

    /// Prints a document as the API has it.
    static func json(_ document: some AdminDocument) throws { result(try AdminJSON.value(document).laidOut) }

    /// Prints a list of documents.
    static func json(_ documents: [some AdminDocument]) throws { result(try AdminJSON.value(documents).laidOut) }

    /// Prints an object on one line.
    static func jsonLine(_ value: Any) throws { try json(value, []) }

    private static func json(_ value: Any, _ layout: JSONSerialization.WritingOptions) throws {
        let data = try JSONSerialization.data(
            withJSONObject: value,
            options: layout.union([.sortedKeys, .withoutEscapingSlashes])
        )
        result(String(decoding: data, as: UTF8.self))
    }

    /// Prints rows under headings, in columns.
    static func table(_ headings: [String], _ rows: [[String]]) {
        let all = [headings] + rows
        let widths = headings.indices.map { column in
            all.map { row in row.dropFirst(column).first?.count ?? 0 }.max() ?? 0
        }
        for row in all {
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            result(String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()))
        }
    }
}
