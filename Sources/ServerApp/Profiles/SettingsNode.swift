// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Yams

/// A document of settings as somebody wrote it: each value knows its line.
indirect enum SettingsNode: Sendable {
    struct Member: Sendable {
        var key: String
        var line: Int
        var value: SettingsNode
    }

    /// A word or a quoted text; a plain word may be a number, a truth value or nothing.
    case scalar(String, isPlain: Bool, line: Int)
    case list([SettingsNode], line: Int)
    case map([Member], line: Int)

    var line: Int {
        switch self {
        case .scalar(_, _, let line), .list(_, let line), .map(_, let line): line
        }
    }

    /// Whether nothing was written.
    var isNothing: Bool {
        guard case .scalar(let text, isPlain: true, _) = self else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What a key or an index leads to.
    func child(_ key: any CodingKey) -> (line: Int, node: SettingsNode)? {
        switch self {
        case .scalar: return nil
        case .list(let list, _):
            return key.intValue.flatMap { list.dropFirst($0).first }.map { ($0.line, $0) }
        case .map(let members, _):
            return members.first { $0.key == key.stringValue }.map { ($0.line, $0.value) }
        }
    }

    /// The line of what a path leads to, or of the nearest thing before it.
    func line(at path: [any CodingKey]) -> Int {
        var (line, node) = (line, self)
        for key in path {
            guard let next = node.child(key) else { break }
            (line, node) = next
        }
        return line
    }
}

extension SettingsNode {
    /// The most bytes of a document: thousands of profiles.
    static let maximumByteCount = 1_048_576
    /// How deep a document may be nested: settings have eight levels.
    private static let maximumDepth = 32

    /// Reads YAML, and so JSON.
    ///
    /// Anchors are refused before anything is made of them: a few lines of them stand for gigabytes.
    ///
    /// - Throws: `AppError` with the line.
    init(yaml text: String) throws {
        guard text.utf8.count <= Self.maximumByteCount else {
            throw AppError(.usage, "The document is longer than \(Self.maximumByteCount) bytes.")
        }
        if let line = Self.lineOfAnchor(text) {
            throw AppError(
                .usage,
                "Line \(line): anchors and aliases of YAML (&name, *name) are not read.",
                hint: "Write the value out; put a text that begins with & in quotes, without a space before the &."
            )
        }
        do {
            guard let root = try Yams.compose(yaml: text) else {
                self = .map([], line: 1)
                return
            }
            try self.init(root, depth: 0)
        } catch let error as YamlError {
            throw AppError(.usage, Self.sentence(error))
        }
    }

    private init(_ node: Node, depth: Int) throws {
        let line = node.mark?.line ?? 1
        guard depth < Self.maximumDepth else {
            throw AppError(.usage, "Line \(line): the document is nested too deeply.")
        }
        let tag = node.tag.description
        guard tag.isEmpty || tag == "!" || tag.hasPrefix("tag:yaml.org,2002:") else {
            throw AppError(.usage, "Line \(line): tags of YAML are not read.")
        }
        switch node {
        case .scalar(let scalar):
            self = .scalar(scalar.string, isPlain: scalar.style == .plain, line: line)
        case .sequence(let sequence):
            self = .list(try sequence.map { try Self($0, depth: depth + 1) }, line: line)
        case .mapping(let mapping):
            let members = try mapping.map { key, value in
                guard let name = key.scalar?.string else {
                    throw AppError(.usage, "Line \(key.mark?.line ?? line): a key has to be a word.")
                }
                return Member(key: name, line: key.mark?.line ?? line, value: try Self(value, depth: depth + 1))
            }
            self = .map(members, line: line)
        case .alias:
            throw AppError(.usage, "Line \(line): aliases of YAML (*name) are not read.")
        }
    }

    /// The first line with something that could be an anchor, in whatever it stands.
    ///
    /// To know better, one would have to read YAML, which is what must not happen before.
    private static func lineOfAnchor(_ text: String) -> Int? {
        var line = 1
        var mayBegin = true
        var isAfterAmpersand = false
        for byte in text.utf8 {
            let isSpace = byte <= 0x20
            if isAfterAmpersand, !isSpace { return line }
            if byte == UInt8(ascii: "\n") { line += 1 }
            isAfterAmpersand = mayBegin && byte == UInt8(ascii: "&")
            // Beyond ASCII are a byte order mark and line ends of their own.
            mayBegin = isSpace || byte >= 0x80 || ",[]{}:?-!\"'".utf8.contains(byte)
        }
        return nil
    }

    private static func sentence(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "Line \(mark.line): this is no YAML: \(problem)."
        case .duplicatedKeysInMapping(let duplicates, let context):
            "Line \(context.mark.line): '\(duplicates.joined(separator: "', '"))' is written twice."
        case .reader: "This is no YAML: it holds characters that are not allowed."
        default: "This is no YAML."
        }
    }
}
