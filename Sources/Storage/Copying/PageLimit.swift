// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How many rows of a table go into a page: as many as the options say, and fewer where rows are large.
///
/// Memory rests on it: a page is held several times on its way, and nobody knows the largest row before it is read.
struct PageLimit {
    /// About as many bytes as a page has.
    static let byteCount = 256 << 10
    /// The rows of a first page, of which nothing is known yet.
    private static let first = 16

    private let maximum: Int
    /// The rows of the next page.
    private(set) var rows: Int

    /// Begins with a table.
    init(_ options: StoreCopyOptions) {
        self.maximum = options.pageSize
        self.rows = min(options.pageSize, Self.first)
    }

    /// Learns from a page how large rows are.
    mutating func learn(from page: [CopiedRow]) {
        let bytes = page.reduce(0) { $0 + $1.byteCount }
        rows = max(1, min(maximum, page.count * Self.byteCount / max(1, bytes)))
    }
}
