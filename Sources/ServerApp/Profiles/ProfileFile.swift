// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Yams

/// Profiles as they are written in a file: two maps by name.
struct ProfileFile {
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
    var raProfiles: [String: Entry<RAProfileSettings>] { document.content.raProfiles ?? [:] }
    /// The SCEP profiles by name.
    var scepProfiles: [String: Entry<SCEPProfileSettings>] { document.content.scepProfiles ?? [:] }
    /// The kinds of profile that there is a map of.
    var kinds: Set<ProfileKind> {
        var kinds: Set<ProfileKind> = []
        if document.content.raProfiles != nil { kinds.insert(.registration) }
        if document.content.scepProfiles != nil { kinds.insert(.scep) }
        return kinds
    }
    private let document: SettingsDocument<Content>

    /// Reads YAML or JSON.
    ///
    /// - Throws: `AppError` that names the line and the setting.
    init(yaml text: String) throws {
        document = try SettingsDocument(yaml: text)
    }

    /// An error about a profile, with its place in the document.
    func located(_ problem: ConfigurationDraft.Problem) -> AppError {
        let path = [problem.kind.key, problem.name] + (problem.key?.split(separator: ".").map(String.init) ?? [])
        guard document.has(Array(path.prefix(2))) else { return problem.error }
        return document.error(at: path, problem.error.sentence, hint: problem.error.hint)
    }
}

extension ProfileFile {
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
