// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Synchronization

/// The patterns of schemas, each compiled once: schemas are part of the program, so there are some dozens.
final class CompiledPatterns: Sendable {
    static let shared = CompiledPatterns()

    /// A `Regex` is not marked as sendable, though this one never changes once it is compiled.
    private struct Compiled: @unchecked Sendable {
        let expression: Regex<AnyRegexOutput>
    }

    private let patterns = Mutex<[String: Compiled]>([:])

    /// How many are kept.
    var count: Int { patterns.withLock { $0.count } }

    /// Whether a whole text matches a pattern; what is no pattern forbids nothing.
    func matches(_ text: String, _ pattern: String) -> Bool {
        let compiled = patterns.withLock { patterns -> Compiled? in
            if let known = patterns[pattern] { return known }
            // By code points, as ECMA-262 reads them: a letter with its accents is several.
            guard let expression = try? Regex(pattern).matchingSemantics(.unicodeScalar) else { return nil }
            let compiled = Compiled(expression: expression)
            patterns[pattern] = compiled
            return compiled
        }
        guard let compiled else { return true }
        return (try? compiled.expression.wholeMatch(in: text)) != nil
    }
}
