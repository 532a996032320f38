// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport

/// A session at the command line as a text file, which is run again and compared.
///
/// `$ ` begins a command, `< ` a line of its standard input, `> ` a line of its standard output, `! ` one of its standard error,
/// and `= ` its exit code if it isn't 0. Lines that begin with `#` are remarks. `$STATE` is the state folder. In expected lines
/// `{…}` stands for something else every time: `{code}`, `{fingerprint}`, `{id}`, `{time}`, `{serial}`, `{number}`, `{token}`, or `{*}` for
/// anything. `$SERVER` is the address of an admin listener, which is there from its first mention; `> FILE` at a command's end keeps
/// its standard output there. The remark `# also remotely` has it run a second time, with a server instead of the state folder in all
/// commands but the first.
struct Transcript: Sendable {
    struct Step: Sendable {
        var command: String
        var input = ""
        var output: [String] = []
        var errors: [String] = []
        var status: Int32 = 0
    }

    let steps: [Step]
    /// Whether a server has to say the same.
    let isAlsoRemote: Bool

    init(_ text: String) {
        isAlsoRemote = text.contains("\n# also remotely\n")
        var steps: [Step] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
            let rest = String(line.dropFirst(2))
            switch line.first {
            case "$": steps.append(Step(command: rest))
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

    /// Whether lines are as expected.
    static func matches(_ text: String, _ expected: [String], state: String) -> Bool {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        guard lines.count == expected.count else { return false }
        return zip(lines, expected).allSatisfy { line, pattern in
            var expression = NSRegularExpression.escapedPattern(for: pattern.replacing("$STATE", with: state))
            for (name, what) in placeholders {
                expression = expression.replacing(NSRegularExpression.escapedPattern(for: "{\(name)}"), with: what)
            }
            return line.range(of: "^" + expression + "$", options: .regularExpression) != nil
        }
    }

    private static let placeholders = [
        ("code", "[A-Za-z0-9]{32}"), ("fingerprint", "([0-9A-F]{2}:){31}[0-9A-F]{2}"),
        ("sha1", "([0-9A-F]{2}:){19}[0-9A-F]{2}"), ("id", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("time", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"), ("serial", "[0-9a-f]{32}"), ("number", "[0-9]+"),
        ("token", "sceptic_[A-Za-z0-9_-]{48}"),
        ("*", ".*"),
    ]
}
