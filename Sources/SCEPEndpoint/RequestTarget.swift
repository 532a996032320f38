// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A request target, split at its first question mark.
struct RequestTarget {
    /// The path, still percent-encoded.
    let path: Substring
    /// What follows the question mark, still percent-encoded; empty if there is none.
    let query: Substring.UTF8View

    init(_ uri: String) {
        var rest = uri[...]
        // The absolute form, which proxies use: the scheme and the authority do not matter here.
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            let authority = rest[scheme.upperBound...]
            rest = authority.drop { $0 != "/" && $0 != "?" }
        }
        let bytes = rest.utf8
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        self.path = rest[..<mark]
        self.query = bytes[mark...].dropFirst()
    }

    /// The still percent-encoded value of the first parameter of that name, which is compared exactly.
    func parameter(_ name: StaticString) -> Substring.UTF8View? {
        let wanted = "\(name)".utf8
        for pair in query.split(separator: UInt8(ascii: "&"), maxSplits: 32, omittingEmptySubsequences: true) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            if pair[..<equals].elementsEqual(wanted) { return pair[equals...].dropFirst() }
        }
        return nil
    }
}

/// Percent-decoding (RFC 3986, section 2.1), where a percent sign without two digits after it stands for itself.
enum PercentDecoding {
    /// Decodes once; `+` stays what it is, because it is base64's here.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        // Up to two bytes that were read ahead of a percent sign's decision.
        var next = iterator.next()
        while let byte = next {
            next = iterator.next()
            guard byte == UInt8(ascii: "%"), let high = next, let highNibble = nibble(high) else {
                decoded.append(byte)
                continue
            }
            let low = iterator.next()
            if let low, let lowNibble = nibble(low) {
                decoded.append(highNibble << 4 | lowNibble)
                next = iterator.next()
            } else {
                decoded.append(byte)
                decoded.append(high)
                next = low
            }
        }
        return decoded
    }

    static func string(_ text: some Collection<UInt8>) -> String {
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
