// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Yams

/// Profiles as they are written in a file: two maps by name.
struct ProfileDocument {
    /// One profile.
    struct Entry<Settings: ProfileSettings>: Decodable {
        /// Whether it is served; nil to leave that as it is.
        var isEnabled: Bool?
        var settings: Settings

        private enum CodingKeys: String, CodingKey {
            case isEnabled = "enabled"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            isEnabled = try values.decodeIfPresent(Bool.self, forKey: .isEnabled)
            settings = try Settings(from: decoder)
        }
    }

    private struct Content: Decodable {
        var raProfiles: [String: Entry<RAProfileSettings>]?
        var scepProfiles: [String: Entry<SCEPProfileSettings>]?
    }

    /// The RA profiles by name.
    let raProfiles: [String: Entry<RAProfileSettings>]
    /// The SCEP profiles by name.
    let scepProfiles: [String: Entry<SCEPProfileSettings>]
    private let root: SettingsNode

    /// Reads YAML or JSON.
    ///
    /// - Throws: `AppError` that names the line and the setting.
    init(yaml text: String) throws {
        root = try SettingsNode(yaml: text)
        let asked = AskedKeys()
        do {
            let content = try Content(from: SettingsDecoder(node: root, codingPath: [], asked: asked))
            raProfiles = content.raProfiles ?? [:]
            scepProfiles = content.scepProfiles ?? [:]
        } catch let error as DecodingError {
            throw Self.explain(error, root, asked)
        }
        try Self.checkKeys(root, [], asked)
    }

    /// An error about a profile, with its place in the document.
    func located(_ problem: ConfigurationDraft.Problem) -> AppError {
        let keys = [problem.kind.key, problem.name] + (problem.key?.split(separator: ".").map(String.init) ?? [])
        let path = keys.map(PathKey.init)
        guard root.child(path[0])?.node.child(path[1]) != nil else { return problem.error }
        return Self.error(root.line(at: path), path, problem.error.sentence, hint: problem.error.hint)
    }

    // MARK: - Errors

    private struct PathKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    private static func error(
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
    private static func checkKeys(_ node: SettingsNode, _ path: [any CodingKey], _ asked: AskedKeys) throws {
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

    private struct IndexKey: CodingKey {
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

    private static func explain(_ error: DecodingError, _ root: SettingsNode, _ asked: AskedKeys) -> AppError {
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

extension ProfileDocument {
    /// Writes profiles as `init` reads them.
    static func yaml(
        _ profiles: [(kind: ProfileKind, name: String, isEnabled: Bool, settings: SettingsValue)]
    ) throws
        -> String
    {
        let maps = [ProfileKind.registration, .scep].compactMap { kind -> (Node, Node)? in
            let members = profiles.filter { $0.kind == kind }.map { profile in
                (Node(profile.name), Self.node(profile.isEnabled, profile.settings.object))
            }
            return members.isEmpty ? nil : (Node(kind.key), Node(members, .implicit, .block))
        }
        return try Yams.serialize(node: Node(maps, .implicit, .block), width: -1, allowUnicode: true)
    }

    private static func node(_ isEnabled: Bool, _ settings: [String: SettingsValue]) -> Node {
        let enabled = (Node("enabled"), node(.boolean(isEnabled)))
        return Node([enabled] + members(settings), .implicit, .block)
    }

    private static func members(_ object: [String: SettingsValue]) -> [(Node, Node)] {
        object.sorted { $0.key < $1.key }.map { (node(.text($0.key)), node($0.value)) }
    }

    private static func node(_ value: SettingsValue) -> Node {
        switch value {
        case .none, .boolean, .integer, .number: Node(value == .none ? "null" : value.line)
        case .text(let text): .scalar(text.represented())
        case .list(let list): Node(list.map(node), .implicit, list.contains { !$0.object.isEmpty } ? .block : .flow)
        case .object(let object): Node(members(object), .implicit, object.isEmpty ? .flow : .block)
        }
    }
}
