// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A pattern for names, in which `*` stands for any number of characters.
///
/// A `*` does not reach over what divides a name of its kind, nor over another `*`: nobody gets a wildcard certificate by it. Matching
/// takes time in proportion to the text and the pattern, whatever both are.
public struct NamePattern: Sendable, Hashable, Codable {
    /// The most bytes of a pattern.
    public static let maximumByteCount = 256
    /// The most bytes of a text that can match.
    static let maximumTextByteCount = 1024

    /// The pattern as it is written.
    public let text: String

    /// Reads a pattern.
    ///
    /// - Returns: nil when it is empty, too long or has control characters.
    public init?(_ text: String) {
        guard (1...Self.maximumByteCount).contains(text.utf8.count), text.showable == text else { return nil }
        self.text = text
    }

    /// Reads a pattern from a coder.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let pattern = NamePattern(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a pattern has 1 to \(Self.maximumByteCount) bytes and no control characters"
            )
        }
        self = pattern
    }

    /// Writes the pattern to a coder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// Whether a text of a kind that a path names, such as `csr.san.dns`, is one of those that the pattern stands for.
    func matches(_ value: String, of path: String) -> Bool {
        switch path {
        // Domains in whatever letter case (RFC 5280 §7.2); a `*` stands within a label.
        case "csr.san.dns": matches(value.utf8.map(Self.lowercased), text.utf8.map(Self.lowercased), dividers: ".*")
        case "csr.san.email", "csr.san.upn", "csr.subject.emailAddress": matches(value, dividers: "@*")
        case "csr.san.uri": matches(value, dividers: "/?#@:*")
        case "csr.san.ip": matches(value, dividers: ".*")
        default: matches(value, dividers: "*")
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private func matches(_ value: String, dividers: String) -> Bool {
        // What can't be seen makes one name look like another.
        value.showable == value && matches(Array(value.utf8), Array(text.utf8), dividers: dividers)
    }

    private func matches(_ bytes: [UInt8], _ pattern: [UInt8], dividers: String) -> Bool {
        guard bytes.count <= Self.maximumTextByteCount else { return false }
        let segments = pattern.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
        guard let first = segments.first, let last = segments.last, segments.count > 1 else { return bytes == pattern }
        guard bytes.count >= first.count + last.count, bytes.starts(with: first), bytes.suffix(last.count) == last[...]
        else { return false }
        var rest = bytes.dropFirst(first.count).dropLast(last.count)
        let dividers = Set(dividers.utf8)
        // The leftmost place of each segment leaves most to those that follow, and no `*` has to reach further by it.
        for segment in segments.dropFirst().dropLast() {
            guard let place = Self.firstPlace(of: segment, in: rest) else { return false }
            guard Self.isFree(rest[..<place], dividers) else { return false }
            rest = rest[place...].dropFirst(segment.count)
        }
        return Self.isFree(rest, dividers)
    }

    private static func isFree(_ bytes: ArraySlice<UInt8>, _ dividers: Set<UInt8>) -> Bool {
        bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F && !dividers.contains($0) }
    }

    /// Where a segment begins for the first time (Knuth, Morris and Pratt).
    private static func firstPlace(of segment: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard !segment.isEmpty else { return bytes.startIndex }
        let fallback = fallbacks(segment)
        var matched = 0
        for index in bytes.indices {
            while matched > 0, segment[matched] != bytes[index] { matched = fallback[matched - 1] }
            if segment[matched] == bytes[index] { matched += 1 }
            if matched == segment.count { return index + 1 - matched }
        }
        return nil
    }

    /// For each prefix of a segment, how long its longest other prefix is that it ends with.
    private static func fallbacks(_ segment: [UInt8]) -> [Int] {
        var table = Array(repeating: 0, count: segment.count)
        var length = 0
        for index in segment.indices.dropFirst() {
            while length > 0, segment[length] != segment[index] { length = table[length - 1] }
            if segment[length] == segment[index] { length += 1 }
            table[index] = length
        }
        return table
    }
}
