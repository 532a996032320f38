// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
public import StrictJSON

extension SettingsNode {
    /// The same settings as they came in JSON, which has no lines.
    init(json value: JSONValue) {
        switch value {
        case .null: self = .scalar("null", isPlain: true, line: 0)
        case .boolean(let truth): self = .scalar(truth ? "true" : "false", isPlain: true, line: 0)
        case .number(let digits):
            // 3.0 and 3e0 are whole.
            let whole = Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
            self = .scalar(whole.map(String.init) ?? digits, isPlain: true, line: 0)
        case .string(let text): self = .scalar(text, isPlain: false, line: 0)
        case .array(let elements): self = .list(elements.map { Self(json: $0) }, line: 0)
        case .object(let members):
            self = .map(
                members.sorted { $0.key < $1.key }.map { Member(key: $0.key, line: 0, value: Self(json: $0.value)) },
                line: 0
            )
        }
    }
}

extension ProfileSettings {
    /// Reads the settings of an input.
    ///
    /// - Throws: `ProblemDetails` that names the place.
    public init(members: [String: JSONValue]) throws {
        let node = SettingsNode(json: .object(members))
        do {
            self = try Self(from: SettingsDecoder(node: node, codingPath: [], asked: AskedKeys()))
        } catch DecodingError.keyNotFound(let key, let context) {
            throw Self.problem(context.codingPath, "'\(key.stringValue)' is missing")
        } catch DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context)
        {
            throw Self.problem(context.codingPath, context.debugDescription)
        }
    }

    private static func problem(_ path: [any CodingKey], _ sentence: String) -> ProblemDetails {
        let pointer = path.map { key in
            let text = key.intValue.map(String.init) ?? key.stringValue
            return "/" + text.replacing("~", with: "~0").replacing("/", with: "~1")
        }
        .joined()
        let place = path.isEmpty ? "" : " at \(path.written)"
        return ProblemDetails(
            .invalidValue,
            "The settings are wrong\(place): \(sentence)\(sentence.hasSuffix("?") ? "" : ".")",
            violations: [.init(pointer: pointer, sentence: sentence)]
        )
    }
}

extension SettingsValue {
    /// The settings as documents have them.
    var json: JSONValue {
        switch self {
        case .none: .null
        case .boolean(let truth): .boolean(truth)
        case .integer(let number): .integer(number)
        case .number(let number): .number("\(number)")
        case .text(let text): .string(text)
        case .list(let list): .array(list.map(\.json))
        case .object(let object): .object(object.mapValues(\.json))
        }
    }
}

extension JSONValue {
    /// This value with a change made to it (RFC 7396): objects are merged, null takes a member away, all else replaces.
    func changed(by change: JSONValue) -> JSONValue {
        guard case .object(let changes) = change else { return change }
        var members: [String: JSONValue] = if case .object(let members) = self { members } else { [:] }
        for (name, value) in changes {
            members[name] = value == .null ? nil : (members[name] ?? .null).changed(by: value)
        }
        return .object(members)
    }

    /// The change that makes this value another one (RFC 7396).
    func change(to other: JSONValue) -> JSONValue {
        guard case .object(let old) = self, case .object(let new) = other else { return other }
        var changes: [String: JSONValue] = [:]
        for name in Set(old.keys).union(new.keys) where old[name] != new[name] {
            changes[name] = new[name].map { (old[name] ?? .null).change(to: $0) } ?? .null
        }
        return .object(changes)
    }
}
