// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension JSONValue {
    /// Makes a number of a whole one.
    public static func integer(_ value: Int) -> JSONValue { .number(String(value)) }

    /// The value on one line, the same each time: members are in the order of their names' code points.
    public var written: String {
        var text = ""
        write(into: &text, indentation: nil)
        return text
    }

    /// The value for people, a member or an element on each line.
    public var laidOut: String {
        var text = ""
        write(into: &text, indentation: 0)
        return text
    }

    private func write(into text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let truth): text += truth ? "true" : "false"
        case .number(let digits): text += digits
        case .string(let string): Self.write(string, into: &text)
        case .array(let elements):
            Self.write(elements, "[", "]", into: &text, indentation) { element, text, indentation in
                element.write(into: &text, indentation: indentation)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
            Self.write(sorted, "{", "}", into: &text, indentation) { member, text, indentation in
                Self.write(member.key, into: &text)
                text += indentation == nil ? ":" : ": "
                member.value.write(into: &text, indentation: indentation)
            }
        }
    }

    private static func write<Part>(
        _ parts: [Part],
        _ opening: String,
        _ closing: String,
        into text: inout String,
        _ indentation: Int?,
        _ writePart: (Part, inout String, Int?) -> Void
    ) {
        text += opening
        let inner = indentation.map { $0 + 2 }
        for (index, part) in parts.enumerated() {
            if index > 0 { text += "," }
            if let inner { text += "\n" + String(repeating: " ", count: inner) }
            writePart(part, &text, inner)
        }
        if let indentation, !parts.isEmpty { text += "\n" + String(repeating: " ", count: indentation) }
        text += closing
    }

    private static func write(_ string: String, into text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // Beside what has to be escaped: what line-oriented readers take for the end of a line.
            case _ where scalar.value < 0x20 || scalar.value == 0x7F || (0x2028...0x2029).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
