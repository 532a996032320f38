// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import struct Foundation.Data
internal import struct Foundation.URL

/// Which keys a type asked for while it was read, by path: what it did not ask for it does not know.
///
/// It is used by one task, and no longer than it takes to read a document.
final class AskedKeys {
    private(set) var asked: [String: Set<String>] = [:]
    private var complete: Set<String> = []

    func ask(_ key: any CodingKey, at path: [any CodingKey]) {
        asked[path.written, default: []].insert(key.stringValue)
    }

    /// A dictionary takes whatever key there is.
    func askAll(at path: [any CodingKey]) { complete.insert(path.written) }

    /// The keys that were asked for at a path; nil if any are taken, or nothing was read there.
    func known(at path: [any CodingKey]) -> Set<String>? {
        complete.contains(path.written) ? nil : asked[path.written]
    }
}

/// Reads any Codable settings from a document.
///
/// A text field takes any word as it was written, so that nobody has to know which words YAML reads as numbers or truth values.
struct SettingsDecoder: Decoder {
    let node: SettingsNode
    let codingPath: [any CodingKey]
    let asked: AskedKeys
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        switch node {
        case .map: break
        case _ where node.isNothing: break
        default: throw mismatch("names with values, such as 'name: value'")
        }
        return KeyedDecodingContainer(Keyed<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let list, _) = node else { throw mismatch("a list, such as [first, second]") }
        return Unkeyed(decoder: self, list: list)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(decoder: self) }

    func child(_ node: SettingsNode, _ key: any CodingKey) -> SettingsDecoder {
        SettingsDecoder(node: node, codingPath: codingPath + [key], asked: asked)
    }

    func mismatch(_ wanted: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath, debugDescription: "this has to be \(wanted)"))
    }

    /// The value of a type.
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let scalar = try scalar(type) { return scalar }
        do {
            return try Value(from: self)
        } catch DecodingError.dataCorrupted(let context) where context.codingPath.count == codingPath.count {
            // What the standard library says of an unknown case is for programmers.
            guard let choices = Self.choices(type), case .scalar(let text, _, _) = node else {
                throw DecodingError.dataCorrupted(context)
            }
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath,
                    debugDescription: "'\(text)' is none of \(choices.joined(separator: ", "))"
                        + (text.nearest(among: choices).map { "; did you mean \($0)?" } ?? "")
                )
            )
        }
    }

    private static func choices(_ type: any Decodable.Type) -> [String]? {
        func all<Choice: CaseIterable & RawRepresentable>(_ type: Choice.Type) -> [String] {
            type.allCases.compactMap { $0.rawValue as? String }
        }
        return (type as? any (CaseIterable & RawRepresentable).Type).map { all($0) }
    }

    private func scalar<Value>(_ type: Value.Type) throws -> Value? {
        switch type {
        case is String.Type: return try text() as? Value
        case is URL.Type:
            guard let url = URL(string: try text()) else { throw mismatch("a URL") }
            return url as? Value
        case is Data.Type:
            guard let data = Data(base64Encoded: try text()) else { throw mismatch("base64") }
            return data as? Value
        case is Bool.Type:
            switch try word("true or false") {
            case "true", "yes": return true as? Value
            case "false", "no": return false as? Value
            default: throw mismatch("true or false")
            }
        case is Double.Type:
            guard let number = Double(try word("a number")), number.isFinite else { throw mismatch("a number") }
            return number as? Value
        default:
            func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
                guard let number = Integer(try word("a whole number")) else { throw mismatch("a whole number") }
                return number
            }
            return try (type as? any FixedWidthInteger.Type).map { try integer($0) } as? Value
        }
    }

    private func text() throws -> String {
        guard case .scalar(let text, _, _) = node, !node.isNothing else { throw mismatch("a text") }
        return text
    }

    private func word(_ wanted: String) throws -> String {
        guard case .scalar(let text, isPlain: true, _) = node else { throw mismatch(wanted) }
        return text
    }
}

extension SettingsDecoder {
    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let decoder: SettingsDecoder
        var codingPath: [any CodingKey] { decoder.codingPath }

        var allKeys: [Key] {
            decoder.asked.askAll(at: codingPath)
            guard case .map(let members, _) = decoder.node else { return [] }
            return members.compactMap { Key(stringValue: $0.key) }
        }

        func contains(_ key: Key) -> Bool {
            decoder.asked.ask(key, at: codingPath)
            return decoder.node.child(key) != nil
        }

        func decodeNil(forKey key: Key) throws -> Bool { try child(key).node.isNothing }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try child(key).value(type)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type,
            forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try child(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try child(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder { throw decoder.mismatch("without a class") }
        func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }

        private func child(_ key: Key) throws -> SettingsDecoder {
            decoder.asked.ask(key, at: codingPath)
            guard let (_, node) = decoder.node.child(key) else {
                throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: ""))
            }
            return decoder.child(node, key)
        }
    }

    private struct Index: CodingKey {
        let intValue: Int?
        var stringValue: String { intValue.map { "\($0)" } ?? "" }
        init(intValue: Int) { self.intValue = intValue }
        init?(stringValue: String) { return nil }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let decoder: SettingsDecoder
        let list: [SettingsNode]
        private(set) var currentIndex = 0
        var codingPath: [any CodingKey] { decoder.codingPath }
        var count: Int? { list.count }
        var isAtEnd: Bool { currentIndex >= list.count }

        init(decoder: SettingsDecoder, list: [SettingsNode]) {
            self.decoder = decoder
            self.list = list
        }

        mutating func decodeNil() throws -> Bool {
            guard try peek().node.isNothing else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let value = try peek().value(type)
            currentIndex += 1
            return value
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> { try superDecoder().container(keyedBy: type) }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try superDecoder().unkeyedContainer()
        }

        mutating func superDecoder() throws -> any Decoder {
            defer { currentIndex += 1 }
            return try peek()
        }

        private func peek() throws -> SettingsDecoder {
            guard let node = list.dropFirst(currentIndex).first else { throw decoder.mismatch("a longer list") }
            return decoder.child(node, Index(intValue: currentIndex))
        }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: SettingsDecoder
        var codingPath: [any CodingKey] { decoder.codingPath }

        func decodeNil() -> Bool { decoder.node.isNothing }
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.value(type) }
    }
}

extension [any CodingKey] {
    /// The path as people write it.
    var written: String {
        reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
    }
}

extension String {
    /// What somebody may have meant who wrote this: nearly the same word.
    func nearest(among words: some Sequence<String>) -> String? {
        let limit = count <= 4 ? 1 : 2
        return words.map { (word: $0, distance: distance(to: $0)) }.filter { $0.distance <= limit }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }

    /// How many letters differ, are missing or are too many, without regard to case.
    private func distance(to other: String) -> Int {
        let (own, others) = (Array(lowercased().unicodeScalars.prefix(64)), Array(other.lowercased().unicodeScalars))
        var row = Array(0...others.count)
        for (index, scalar) in own.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, candidate) in others.enumerated() {
                let substituted = diagonal + (scalar == candidate ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(substituted, diagonal + 1, row[column] + 1)
            }
        }
        return row[others.count]
    }
}
