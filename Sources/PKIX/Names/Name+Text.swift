// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1

extension Name: CustomStringConvertible {
    /// The name as text, the most specific part first (RFC 4514 §2).
    public var description: String {
        attributes.reversed().map { members in
            members.map { attribute in
                let type = Self.keyword(of: attribute.type) ?? "\(attribute.type)"
                let value = attribute.text.map(Self.escape) ?? "#" + Self.hexadecimal(attribute.encodedValue)
                return "\(type)=\(value)"
            }
            .joined(separator: "+")
        }
        .joined(separator: ",")
    }

    /// Reads a name from text such as `CN=device-1,O=Example` (RFC 4514 §3), the most specific part first.
    ///
    /// - Throws: `malformed` with a reason for people.
    public init(_ text: String) throws(PKIXError) {
        var names: [[(ASN1ObjectIdentifier, String)]] = []
        for part in try Self.split(text, at: ",") where !part.allSatisfy({ $0 == " " }) {
            var members: [(ASN1ObjectIdentifier, String)] = []
            for pair in try Self.split(part, at: "+") {
                guard let equals = pair.firstIndex(of: "=") else {
                    throw .malformed("'\(pair)' is not of the form TYPE=VALUE")
                }
                let keyword = pair[..<equals].filter { $0 != " " }
                guard let type = Self.type(of: String(keyword)) else {
                    throw .malformed("'\(keyword)' is not a known attribute type")
                }
                members.append((type, try Self.unescape(pair[pair.index(after: equals)...])))
            }
            names.append(members)
        }
        try self.init(relativeNames: names.reversed())
    }

    private init(relativeNames: [[(ASN1ObjectIdentifier, String)]]) throws(PKIXError) {
        self.init(
            uncheckedDER: try encode("Name") { serializer in
                try serializer.sequence { sequence in
                    for members in relativeNames {
                        let encoded = try members.map { try Self.encodedAttribute($0.0, $0.1) }
                        sequence.sortedSet(encoded)
                    }
                }
            }
        )
    }

    private static func encodedAttribute(_ type: ASN1ObjectIdentifier, _ value: String) throws(PKIXError) -> [UInt8] {
        try encode("AttributeTypeAndValue") { serializer in
            try serializer.sequence { pair in
                try pair.serialize(type)
                switch type {
                case [2, 5, 4, 6], [2, 5, 4, 5]:
                    // countryName and serialNumber are PrintableString (RFC 5280 appendix A.1).
                    CharacterString.append(value, to: &pair)
                case [0, 9, 2342, 19_200_300, 100, 1, 25], [1, 2, 840, 113549, 1, 9, 1]:
                    pair.appendPrimitiveNode(identifier: .ia5String) { $0.append(contentsOf: value.utf8) }
                default:
                    pair.appendPrimitiveNode(identifier: .utf8String) { $0.append(contentsOf: value.utf8) }
                }
            }
        }
    }

    private static let keywords: [(String, ASN1ObjectIdentifier)] = [
        ("CN", [2, 5, 4, 3]), ("SN", [2, 5, 4, 4]), ("serialNumber", [2, 5, 4, 5]), ("C", [2, 5, 4, 6]),
        ("L", [2, 5, 4, 7]), ("ST", [2, 5, 4, 8]), ("STREET", [2, 5, 4, 9]), ("O", [2, 5, 4, 10]),
        ("OU", [2, 5, 4, 11]), ("title", [2, 5, 4, 12]), ("GN", [2, 5, 4, 42]),
        ("DC", [0, 9, 2342, 19_200_300, 100, 1, 25]), ("UID", [0, 9, 2342, 19_200_300, 100, 1, 1]),
        ("emailAddress", [1, 2, 840, 113549, 1, 9, 1]), ("unstructuredName", [1, 2, 840, 113549, 1, 9, 2]),
    ]

    private static func keyword(of type: ASN1ObjectIdentifier) -> String? {
        keywords.first { $0.1 == type }?.0
    }

    private static func type(of keyword: String) -> ASN1ObjectIdentifier? {
        if let known = keywords.first(where: { $0.0.lowercased() == keyword.lowercased() }) { return known.1 }
        let parts = keyword.split(separator: ".").map { UInt($0) }
        guard parts.count >= 2, parts.allSatisfy({ $0 != nil }) else { return nil }
        let oid = try? ASN1ObjectIdentifier(elements: parts.compactMap(\.self))
        return oid
    }

    /// Splits at a separator that no backslash stands before.
    private static func split(_ text: String, at separator: Character) throws(PKIXError) -> [String] {
        var parts: [String] = [""]
        var isEscaped = false
        for character in text {
            if character == separator, !isEscaped {
                parts.append("")
            } else {
                parts.append((parts.popLast() ?? "") + String(character))
            }
            isEscaped = character == "\\" && !isEscaped
        }
        guard !isEscaped else { throw .malformed("a name ends in a lone backslash") }
        return parts
    }

    private static func unescape(_ value: Substring) throws(PKIXError) -> String {
        var bytes: [UInt8] = []
        var rest = value.drop { $0 == " " }
        while let character = rest.popFirst() {
            guard character == "\\" else {
                bytes.append(contentsOf: character.utf8)
                continue
            }
            if rest.count >= 2, let byte = UInt8(rest.prefix(2), radix: 16) {
                bytes.append(byte)
                rest = rest.dropFirst(2)
            } else if let escaped = rest.popFirst() {
                bytes.append(contentsOf: escaped.utf8)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty else {
            throw .malformed("a name has an empty value, or one that is not UTF-8")
        }
        return text
    }

    /// Escapes what RFC 4514 §2.4 says, and control characters, so that a name can't forge lines of a log.
    private static func escape(_ value: String) -> String {
        var escaped = ""
        for (offset, scalar) in value.unicodeScalars.enumerated() {
            let isEdge = offset == 0 || offset == value.unicodeScalars.count - 1
            if ",+\"\\<>;=".unicodeScalars.contains(scalar) || (scalar == " " && isEdge) || (scalar == "#" && offset == 0) {
                escaped += "\\"
                escaped.unicodeScalars.append(scalar)
            } else if scalar.value < 32 || (127..<160).contains(scalar.value) {
                for byte in String(scalar).utf8 { escaped += "\\" + hexadecimal([byte]) }
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
