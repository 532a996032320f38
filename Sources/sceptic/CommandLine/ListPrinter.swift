// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import StrictJSON

/// Prints a list as its parts arrive: as a table, or as one JSON array.
struct ListPrinter<Item: AdminDocument> {
    let headings: [String]
    let json: Bool
    let row: (Item) -> [String]
    private var widths: [Int] = []
    private var hasBegun = false

    init(_ headings: [String], json: Bool, row: @escaping (Item) -> [String]) {
        self.headings = headings
        self.json = json
        self.row = row
    }

    /// Prints some more.
    mutating func add(_ items: [Item]) throws {
        guard json else { return table(items.map(row)) }
        for item in items {
            let text = try AdminJSON.value(item).laidOut.replacing("\n", with: "\n  ")
            Terminal.text((hasBegun ? ",\n  " : "[\n  ") + text)
            hasBegun = true
        }
    }

    /// Ends the list.
    mutating func end() {
        guard json else { return table([]) }
        Terminal.result(hasBegun ? "\n]" : "[]")
    }

    /// Columns are as wide as the first part asks for, and wider from where a later one does.
    private mutating func table(_ rows: [[String]]) {
        let new = hasBegun ? rows : [headings] + rows
        hasBegun = true
        widths = headings.indices.map { column in
            let cells = new.map { $0.dropFirst(column).first?.count ?? 0 }
            return max(widths.dropFirst(column).first ?? 0, cells.max() ?? 0)
        }
        for row in new {
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            Terminal.result(String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()))
        }
    }
}
