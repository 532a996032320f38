// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import struct Foundation.Data
internal import class Foundation.JSONDecoder
internal import class Foundation.JSONEncoder

/// Settings of any kind, as a tree of values.
indirect enum SettingsValue: Hashable, Sendable, Codable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([SettingsValue])
    case object([String: SettingsValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .none
        } else if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([SettingsValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: SettingsValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .none: try container.encodeNil()
        case .boolean(let boolean): try container.encode(boolean)
        case .integer(let integer): try container.encode(integer)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }

    /// The members, if it is an object.
    var object: [String: SettingsValue] {
        guard case .object(let object) = self else { return [:] }
        return object
    }
}

extension SettingsValue {
    /// The tree of some settings, the same each time: what is a set in them has no order of its own, and is sorted.
    init<Settings: Codable & Equatable>(canonical settings: Settings) throws {
        let value = try JSONDecoder().decode(SettingsValue.self, from: JSONEncoder().encode(settings))
        self = try value.canonical { candidate in
            let data = try JSONEncoder().encode(candidate)
            return (try? JSONDecoder().decode(Settings.self, from: data)) == settings
        }
    }

    /// Sorts the lists whose order means nothing: the whole means the same with them sorted.
    private func canonical(_ meansTheSame: (SettingsValue) throws -> Bool) throws -> SettingsValue {
        switch self {
        case .list(let list):
            let members = try list.enumerated().map { index, member in
                try member.canonical { changed in
                    var list = list
                    list[index] = changed
                    return try meansTheSame(.list(list))
                }
            }
            let sorted = SettingsValue.list(members.sorted { $0.line < $1.line })
            return try sorted != .list(members) && meansTheSame(sorted) ? sorted : .list(members)
        case .object(let object):
            var members = object
            for (key, member) in object {
                members[key] = try member.canonical { changed in
                    var object = object
                    object[key] = changed
                    return try meansTheSame(.object(object))
                }
            }
            return .object(members)
        default:
            return self
        }
    }

    /// The value on one line, for people.
    var line: String {
        switch self {
        case .none: "none"
        case .boolean(let boolean): boolean ? "true" : "false"
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .text(let text): text
        case .list(let list): "[" + list.map(\.line).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.line)" }.joined(separator: ", ") + "}"
        }
    }

    /// The values that are no objects, nor lists of objects, by their paths.
    func leaves(_ path: String = "") -> [String: SettingsValue] {
        let parts: [(String, SettingsValue)]
        switch self {
        case .object(let object):
            parts = object.map { (path.isEmpty ? $0.key : "\(path).\($0.key)", $0.value) }
        case .list(let list) where list.contains { !$0.object.isEmpty }:
            parts = list.enumerated().map { ("\(path)[\($0.offset)]", $0.element) }
        default: return [path: self]
        }
        return parts.reduce(into: [:]) { leaves, part in
            leaves.merge(part.1.leaves(part.0)) { first, _ in first }
        }
    }
}
