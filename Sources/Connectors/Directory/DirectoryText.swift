// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

/// Puts the values of a request into filters and names, so that each stays a single value (RFC 4515 §3, RFC 4514 §2.4).
enum DirectoryText {
    /// The most bytes of a value: no attribute that names somebody is longer.
    static let maximumValueByteCount = 256

    /// Why a template can't be filled in.
    struct Unfit: Error, Hashable {
        /// The reason for administrators.
        var sentence: String
    }

    /// A filter with values in it.
    static func filter(
        _ template: DirectoryTemplate,
        _ values: RequestValues,
        challenge: String
    ) throws(Unfit) -> String {
        try fill(template, values, challenge: challenge, escape: escapedForFilter)
    }

    /// A distinguished name with values in it.
    static func name(_ template: DirectoryTemplate, _ values: RequestValues) throws(Unfit) -> String {
        try fill(template, values, challenge: nil, escape: escapedForName)
    }

    private static func fill(
        _ template: DirectoryTemplate,
        _ values: RequestValues,
        challenge: String?,
        escape: (String) -> String
    ) throws(Unfit) -> String {
        var text = ""
        for part in template.parts {
            switch part {
            case .literal(let literal): text += literal
            case .challenge:
                guard let challenge else { throw Unfit(sentence: "the challenge has no place here") }
                text += escape(challenge)
            case .value(let path):
                let found = values.texts[path] ?? []
                // Which of several would be meant, two readers of the request might see differently.
                guard let value = found.first, found.count == 1 else {
                    throw Unfit(sentence: "the request has \(found.isEmpty ? "no" : "more than one") \(path)")
                }
                guard (1...maximumValueByteCount).contains(value.utf8.count) else {
                    throw Unfit(sentence: "\(path) is empty or has more than \(maximumValueByteCount) bytes")
                }
                text += escape(value)
            }
        }
        return text
    }

    /// A value as an assertion value: whatever is no plain letter is written in hexadecimal, which is allowed for every byte.
    static func escapedForFilter(_ value: String) -> String { escaped(value) }

    /// A value as an attribute value of a distinguished name: a pair of hexadecimal digits is allowed for every byte here, too.
    static func escapedForName(_ value: String) -> String { escaped(value) }

    private static func escaped(_ value: String) -> String {
        var text: [UInt8] = []
        for byte in value.utf8 {
            if isPlain(byte) {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "\\"))
                text += [byte].hexadecimal.utf8
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "@"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
