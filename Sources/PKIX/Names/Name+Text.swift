// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import SwiftASN1

extension Name: CustomStringConvertible {
    /// The longest encoding that is spelled out as text; names in the field have some hundred bytes.
    private static let maximumSpelledByteCount = 4096

    /// The name as text, the most specific part first (RFC 4514 §2).
    public var description: String {
        // A stranger's name of a megabyte is not worth the time to spell it out.
        guard der.count <= Self.maximumSpelledByteCount else { return "(a name of \(der.count) bytes)" }
        return attributes.reversed().map { members in
            members.map { attribute in
                let type = Self.keyword(of: attribute.type)
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
        var names: [[[UInt8]]] = []
        for pairs in try Self.pairs(text) {
            var members: [[UInt8]] = []
            for (type, value) in pairs {
                // RFC 4514 §2.4: a number sign begins an encoded value.
                let encoded = value.first == "#" ? try Self.encodedValue(value.dropFirst()) : nil
                members.append(
                    try Self.encodedAttribute(type, text: encoded == nil ? try Self.unescape(value) : "", encoded)
                )
            }
            names.append(members)
        }
        try self.init(encodedMembers: names)
    }

    /// Makes a name of texts, the most specific relative name first; a text is a value as it stands, without escapes.
    ///
    /// - Throws: `malformed` when a text is empty or its attribute type can't hold it.
    package init(relativeNames: [[(type: ASN1ObjectIdentifier, text: String)]]) throws(PKIXError) {
        var names: [[[UInt8]]] = []
        for pairs in relativeNames {
            var members: [[UInt8]] = []
            for (type, text) in pairs {
                guard !text.isEmpty else { throw .malformed("a name has an empty value") }
                members.append(try Self.encodedAttribute(type, text: text, nil))
            }
            names.append(members)
        }
        try self.init(encodedMembers: names)
    }

    /// Reads the attributes of a name's text (RFC 4514 §3), the most specific first, with their escapes undone.
    ///
    /// - Throws: `malformed` with a reason for people, also for values in the form `#04024869`.
    package static func texts(
        of text: String
    ) throws(PKIXError) -> [[(type: ASN1ObjectIdentifier, text: String)]] {
        var names: [[(type: ASN1ObjectIdentifier, text: String)]] = []
        for pairs in try pairs(text) {
            var members: [(type: ASN1ObjectIdentifier, text: String)] = []
            for (type, value) in pairs {
                guard value.first != "#" else { throw .malformed("'\(string(value))' is an encoded value") }
                members.append((type, try unescape(value)))
            }
            names.append(members)
        }
        return names
    }

    private init(encodedMembers names: [[[UInt8]]]) throws(PKIXError) {
        try self.init(
            derEncoded: try encode("Name") { serializer in
                serializer.sequence { sequence in
                    for members in names.reversed() { sequence.sortedSet(members) }
                }
            }
        )
    }

    /// The types with their values as they are written, by relative name.
    private static func pairs(
        _ text: String
    ) throws(PKIXError) -> [[(type: ASN1ObjectIdentifier, value: ArraySlice<Unicode.Scalar>)]] {
        var names: [[(type: ASN1ObjectIdentifier, value: ArraySlice<Unicode.Scalar>)]] = []
        for part in try split(Array(text.unicodeScalars)[...], at: ",") where !part.allSatisfy({ $0 == " " }) {
            var members: [(type: ASN1ObjectIdentifier, value: ArraySlice<Unicode.Scalar>)] = []
            for pair in try split(part, at: "+") {
                guard let equals = pair.firstIndex(of: "=") else {
                    throw .malformed("'\(string(pair))' is not of the form TYPE=VALUE")
                }
                let keyword = string(pair[..<equals].filter { $0 != " " })
                guard let type = type(of: keyword) else {
                    throw .malformed("'\(keyword)' is not a known attribute type")
                }
                members.append((type, pair[pair.index(after: equals)...].drop { $0 == " " }))
            }
            names.append(members)
        }
        return names
    }

    private static func encodedAttribute(
        _ type: ASN1ObjectIdentifier,
        text value: String,
        _ encoded: [UInt8]?
    ) throws(PKIXError) -> [UInt8] {
        let isIA5 = type == [0, 9, 2342, 19_200_300, 100, 1, 25] || type == [1, 2, 840, 113549, 1, 9, 1]
        guard !isIA5 || value.utf8.allSatisfy({ $0 < 128 }) else {
            throw .malformed("'\(value)' has letters outside ASCII, which this attribute type can't hold")
        }
        return try encode("AttributeTypeAndValue") { serializer in
            try serializer.sequence { pair in
                try pair.serialize(type)
                if let encoded {
                    pair.serializeRawBytes(encoded)
                } else if type == [2, 5, 4, 6] || type == [2, 5, 4, 5] {
                    // countryName and serialNumber are PrintableString (RFC 5280 appendix A.1).
                    CharacterString.append(value, to: &pair)
                } else {
                    pair.primitive(isIA5 ? .ia5String : .utf8String, value.utf8)
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

    /// The keyword of an attribute type, such as `CN`, or its number when it has none here.
    package static func keyword(of type: ASN1ObjectIdentifier) -> String {
        keywords.first { $0.1 == type }?.0 ?? "\(type)"
    }

    /// The attribute type of a keyword in any letter case, or of a dotted number.
    package static func type(of keyword: String) -> ASN1ObjectIdentifier? {
        if let known = keywords.first(where: { $0.0.lowercased() == keyword.lowercased() }) { return known.1 }
        // 32 bits are more than any real component has, and leave room for the arithmetic of the encoding.
        let parts = keyword.split(separator: ".", omittingEmptySubsequences: false).map { UInt32($0).map { UInt($0) } }
        guard parts.count >= 2, parts.allSatisfy({ $0 != nil }), !keyword.contains("+") else { return nil }
        let oid = try? ASN1ObjectIdentifier(elements: parts.compactMap(\.self))
        return oid
    }

    /// Splits at a separator that no backslash stands before.
    private static func split(
        _ text: ArraySlice<Unicode.Scalar>,
        at separator: Unicode.Scalar
    ) throws(PKIXError) -> [ArraySlice<Unicode.Scalar>] {
        var parts: [ArraySlice<Unicode.Scalar>] = []
        var start = text.startIndex
        var isEscaped = false
        for index in text.indices {
            if text[index] == separator, !isEscaped {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
            isEscaped = text[index] == "\\" && !isEscaped
        }
        guard !isEscaped else { throw .malformed("a name ends in a lone backslash") }
        return parts + [text[start...]]
    }

    private static func unescape(_ text: ArraySlice<Unicode.Scalar>) throws(PKIXError) -> String {
        var bytes: [UInt8] = []
        // Spaces at the end count only when they are escaped.
        var length = 0
        var rest = text
        while let scalar = rest.popFirst() {
            if scalar == "\\", let byte = hexadecimal(rest.prefix(2)) {
                bytes.append(byte)
                rest = rest.dropFirst(2)
                length = bytes.count
            } else if scalar == "\\", let escaped = rest.popFirst() {
                bytes.append(contentsOf: String(escaped).utf8)
                length = bytes.count
            } else {
                bytes.append(contentsOf: String(scalar).utf8)
                if scalar != " " { length = bytes.count }
            }
        }
        guard let text = String(validating: bytes.prefix(length), as: UTF8.self), !text.isEmpty else {
            throw .malformed("a name has an empty value, or one that is not UTF-8")
        }
        return text
    }

    /// The bytes of `#04024869`: a whole encoded value.
    private static func encodedValue(_ digits: ArraySlice<Unicode.Scalar>) throws(PKIXError) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = digits
        while let byte = hexadecimal(rest.prefix(2)) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        guard rest.allSatisfy({ $0 == " " }), (try? DER.parse(bytes)) != nil else {
            throw .malformed("'#\(string(digits))' is no encoded value")
        }
        return bytes
    }

    /// The value of two hexadecimal digits; nil for anything else.
    private static func hexadecimal(_ digits: ArraySlice<Unicode.Scalar>) -> UInt8? {
        let values = digits.compactMap { Character($0).hexDigitValue }
        guard let high = values.first, let low = values.last, values.count == 2, digits.allSatisfy(\.isASCII) else {
            return nil
        }
        return UInt8(truncatingIfNeeded: high << 4 | low)
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    /// Escapes what RFC 4514 §2.4 says, and what can't be seen or changes how its surroundings are seen: a name can't forge or
    /// turn around lines of a log.
    private static func escape(_ value: String) -> String {
        // Most names are letters, digits, dots and hyphens, and are told several times for each request.
        if value.utf8.allSatisfy(isPlain) { return value }
        var escaped = ""
        let scalars = Array(value.unicodeScalars)
        for (offset, scalar) in scalars.enumerated() {
            let isEdge = offset == 0 || offset == scalars.count - 1
            if ",+\"\\<>;=".unicodeScalars.contains(scalar) || (scalar == " " && isEdge)
                || (scalar == "#" && offset == 0)
            {
                escaped += "\\"
                escaped.unicodeScalars.append(scalar)
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for byte in String(scalar).utf8 { escaped += "\\" + hexadecimal([byte]) }
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
