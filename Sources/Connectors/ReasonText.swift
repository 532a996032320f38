// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What another system says for people to read.
enum ReasonText {
    /// The longest text that is shown, in characters.
    private static let maximumCharacterCount = 200

    /// The first line of what was said in answer to a challenge, with the challenge blanked out; nil when nothing is left.
    static func shown(_ bytes: [UInt8], without challenge: String) -> String? {
        // Before the text is cut: a part of the challenge must not stay either.
        shown(challenge.isEmpty ? bytes : bytes.replacing(Array(challenge.utf8), with: Array("…".utf8)))
    }

    /// The first line of a text, without what steers a terminal; nil when nothing is left.
    static func shown(_ bytes: some Sequence<UInt8>) -> String? {
        var line = ""
        for scalar in String(decoding: Array(bytes.prefix(4096)), as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator:
                if !line.isEmpty { return trimmed(line) }
            case .format, .surrogate, .privateUse, .unassigned: line.unicodeScalars.append("\u{FFFD}")
            default: line.unicodeScalars.append(scalar)
            }
            if line.count > maximumCharacterCount { return trimmed(String(line.prefix(maximumCharacterCount)) + "…") }
        }
        return trimmed(line)
    }

    private static func trimmed(_ line: String) -> String? {
        let words = line.split(separator: " ").joined(separator: " ")
        return words.isEmpty ? nil : words
    }
}
