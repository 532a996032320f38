// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport

/// A session at the command line as a text file, which is run again and compared.
///
/// `$ ` begins a command, `< ` a line of its standard input, `> ` a line of its standard output, `! ` one of its standard error,
/// and `= ` its exit code if it isn't 0. Lines that begin with `#` are remarks. `$STATE` is the state folder. In expected lines
/// `{…}` stands for something else every time: `{code}`, `{fingerprint}`, `{id}`, `{time}`, `{serial}`, `{number}`, `{token}`, or `{*}` for
/// anything. `{id:REQUEST}` is the same as `{id}`, and `$REQUEST` stands for what was there from then on. `$SERVER` is the address of an admin listener, which is there from its first mention; `> FILE` at a command's end keeps
/// its standard output there. `$SCEP` is the address of the same server for devices. The remark `# also remotely` has it run a second time,
/// with a server instead of the state folder in all commands but the first, and but those behind the remark `# locally`; `--by NAME`
/// is left out then, since a server knows who asks.
struct Transcript: Sendable {
    struct Step: Sendable {
        var command: String
        var input = ""
        var output: [String] = []
        var errors: [String] = []
        var status: Int32 = 0
        /// Whether it is about the state folder in any case.
        var isLocal = false
    }

    let steps: [Step]
    /// Whether a server has to say the same.
    let isAlsoRemote: Bool

    init(_ text: String) {
        isAlsoRemote = text.contains("\n# also remotely\n")
        var steps: [Step] = []
        var isLocal = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
            let rest = String(line.dropFirst(2))
            switch line.first {
            case "$":
                steps.append(Step(command: rest, isLocal: isLocal))
                isLocal = false
            case "#": isLocal = rest == "locally"
            case "<": steps[steps.count - 1].input += rest + "\n"
            case ">": steps[steps.count - 1].output.append(rest)
            case "!": steps[steps.count - 1].errors.append(rest)
            case "=": steps[steps.count - 1].status = Int32(rest) ?? -1
            default: break
            }
        }
        self.steps = steps
    }

    /// Splits a command as a shell does, as far as double quotes go.
    static func words(_ command: String) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for character in command {
            switch character {
            case "\"":
                isQuoted.toggle()
                word = word ?? ""
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap(\.self)
    }

    /// What lines hold where names stand in what is expected; nil if they are not as expected.
    static func match(_ text: String, _ expected: [String], _ known: [String: String]) -> [String: String]? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        guard lines.count == expected.count else { return nil }
        var found: [String: String] = [:]
        for (line, pattern) in zip(lines, expected) {
            var expression = NSRegularExpression.escapedPattern(for: filled(pattern, known))
            let names = pattern.matches(of: /:([A-Z]+)\}/).map { String($0.1) }
            for (kind, what) in placeholders {
                expression = expression.replacing(NSRegularExpression.escapedPattern(for: "{\(kind)}"), with: what)
                for name in names {
                    let named = NSRegularExpression.escapedPattern(for: "{\(kind):\(name)}")
                    expression = expression.replacing(named, with: "(?<\(name)>\(what))")
                }
            }
            guard let whole = try? NSRegularExpression(pattern: "^" + expression + "$"),
                let match = whole.firstMatch(in: line, range: NSRange(line.startIndex..., in: line))
            else { return nil }
            for name in names {
                if let range = Range(match.range(withName: name), in: line) { found[name] = String(line[range]) }
            }
        }
        return found
    }

    /// A text with the values of its names, the longest name first.
    static func filled(_ text: String, _ known: [String: String]) -> String {
        known.sorted { ($0.key.count, $0.key) > ($1.key.count, $1.key) }
            .reduce(text) { $0.replacing("$" + $1.key, with: $1.value) }
    }

    private static let placeholders = [
        ("code", "[A-Za-z0-9]{32}"), ("fingerprint", "([0-9A-F]{2}:){31}[0-9A-F]{2}"),
        ("sha1", "([0-9A-F]{2}:){19}[0-9A-F]{2}"), ("id", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("time", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"), ("serial", "[0-9a-f]{32}"), ("number", "[0-9]+"),
        ("token", "sceptic_[A-Za-z0-9_-]{48}"),
        ("*", ".*"),
    ]
}
