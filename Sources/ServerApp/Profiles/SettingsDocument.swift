// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A document of settings that was read strictly: whatever is in it, its type knows.
struct SettingsDocument<Content: Decodable> {
    /// What it says.
    let content: Content
    private let root: SettingsNode

    /// Reads YAML or JSON.
    ///
    /// - Throws: `AppError` that names the line and the setting.
    init(yaml text: String) throws {
        root = try SettingsNode(yaml: text)
        let asked = AskedKeys()
        do {
            content = try Content(from: SettingsDecoder(node: root, codingPath: [], asked: asked))
        } catch let error as DecodingError {
            throw SettingsErrors.explain(error, root, asked)
        }
        try SettingsErrors.checkKeys(root, [], asked)
    }

    /// Whether something was written at a path.
    func has(_ path: [String]) -> Bool {
        var node: SettingsNode? = root
        for key in path { node = node?.child(SettingsErrors.PathKey(key))?.node }
        return node != nil
    }

    /// An error about a setting, with its place.
    func error(at path: [String], _ sentence: String, hint: String? = nil) -> AppError {
        var node: SettingsNode? = root
        let keys = path.map { text -> any CodingKey in
            let isListed = if case .list? = node { true } else { false }
            let index = isListed ? Int(text) : nil
            let key: any CodingKey = index.map(SettingsErrors.IndexKey.init) ?? SettingsErrors.PathKey(text)
            node = node?.child(key)?.node
            return key
        }
        return SettingsErrors.error(root.line(at: keys), keys, sentence, hint: hint)
    }
}

/// Puts into words what is wrong with a document of settings, and where.
private enum SettingsErrors {
    fileprivate struct PathKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    static func error(
        _ line: Int,
        _ path: [any CodingKey],
        _ sentence: String,
        hint: String? = nil
    ) -> AppError {
        let place = path.isEmpty ? "Line \(line)" : "Line \(line), \(path.written)"
        let ended = sentence.hasSuffix(".") || sentence.hasSuffix("?") ? sentence : sentence + "."
        return AppError(.usage, "\(place): \(ended)", hint: hint)
    }

    /// Refuses what no type asked for: a misspelt setting must not silently have its default.
    static func checkKeys(_ node: SettingsNode, _ path: [any CodingKey], _ asked: AskedKeys) throws {
        switch node {
        case .scalar: return
        case .list(let list, _):
            for (index, member) in list.enumerated() { try checkKeys(member, path + [IndexKey(index)], asked) }
        case .map(let members, _):
            let known = asked.known(at: path)
            for member in members {
                if let known, !known.contains(member.key) { throw unknown(member, path, known) }
                try checkKeys(member.value, path + [PathKey(member.key)], asked)
            }
        }
    }

    fileprivate struct IndexKey: CodingKey {
        let intValue: Int?
        var stringValue: String { "" }
        init(_ index: Int) { intValue = index }
        init?(stringValue: String) { return nil }
        init?(intValue: Int) { self.intValue = intValue }
    }

    private static func unknown(
        _ member: SettingsNode.Member,
        _ path: [any CodingKey],
        _ known: Set<String>
    ) -> AppError {
        error(
            member.line,
            path,
            "there is no setting '\(member.key)' here",
            hint: member.key.nearest(among: known).map { "Did you mean '\($0)'?" }
                ?? "Known are: \(known.sorted().joined(separator: ", "))."
        )
    }

    static func explain(_ error: DecodingError, _ root: SettingsNode, _ asked: AskedKeys) -> AppError {
        switch error {
        case .keyNotFound(let key, let context):
            // It may be there, misspelt.
            var node = root
            for key in context.codingPath { node = node.child(key)?.node ?? node }
            if case .map(let members, _) = node {
                let known = asked.known(at: context.codingPath) ?? []
                let misspelt = members.first {
                    !known.contains($0.key) && $0.key.nearest(among: [key.stringValue]) != nil
                }
                if let misspelt { return unknown(misspelt, context.codingPath, [key.stringValue]) }
            }
            return self.error(root.line(at: context.codingPath), context.codingPath, "'\(key.stringValue)' is missing")
        case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            return self.error(root.line(at: context.codingPath), context.codingPath, context.debugDescription)
        @unknown default:
            return AppError(.usage, "The document can't be read.")
        }
    }
}

extension SettingsDocument: Sendable where Content: Sendable {}
