// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A request target, split at its first question mark.
struct RequestTarget {
    /// The path, still percent-encoded.
    let path: String
    /// What follows the question mark, still percent-encoded; empty if there is none.
    let query: ArraySlice<UInt8>

    init(_ uri: String) {
        let slash = UInt8(ascii: "/")
        let question = UInt8(ascii: "?")
        var rest = Array(uri.utf8)[...]
        // The absolute form, which proxies use: the scheme and the authority do not matter here.
        if rest.first != slash, let scheme = rest.prefix(16).firstRange(of: Array("://".utf8)) {
            rest = rest[scheme.upperBound...].drop { $0 != slash && $0 != question }
        }
        let mark = rest.firstIndex(of: question) ?? rest.endIndex
        self.path = String(decoding: rest[..<mark], as: UTF8.self)
        self.query = rest[mark...].dropFirst()
    }

    /// The still percent-encoded value of the first parameter of that name, which is compared exactly.
    func parameter(_ name: StaticString) -> ArraySlice<UInt8>? {
        let wanted = Array("\(name)=".utf8)
        var rest = query
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let pair = rest[..<end]
            if pair.starts(with: wanted) { return pair.dropFirst(wanted.count) }
            if pair.elementsEqual(wanted.dropLast()) { return [] }
            rest = rest[end...].dropFirst()
        }
        return nil
    }
}

/// Percent-decoding (RFC 3986, section 2.1), where a percent sign without two digits after it stands for itself.
enum PercentDecoding {
    /// Decodes once; `+` stays what it is, because it is base64's here.
    static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(UInt8(ascii: "%")) else { return Array(text) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "%"), text.endIndex - index >= 2,
                let high = nibble(text[index]), let low = nibble(text[index + 1])
            {
                decoded.append(high << 4 | low)
                index += 2
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    static func string(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: bytes(text), as: UTF8.self)
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
