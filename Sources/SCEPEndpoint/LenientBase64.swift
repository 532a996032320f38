// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Base64 (RFC 4648, section 4) as SCEP clients and the proxies before them mangle it.
enum LenientBase64 {
    /// What a space stands for.
    enum Space {
        /// A plus sign that some query parser decoded too eagerly.
        case plus
        /// Nothing: layout in a text.
        case layout
    }

    /// Decodes, or gives nil if a foreign byte, misplaced padding or a lone last digit stands in the way.
    ///
    /// Accepted besides the standard alphabet: that of base64url, line breaks and tabs anywhere, missing padding.
    static func decode(_ text: some Collection<UInt8>, space: Space) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count / 4 * 3 + 3)
        var accumulator: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text {
            guard let value = value(of: byte, space: space) else {
                if byte == UInt8(ascii: "=") {
                    padding += 1
                    if padding > 2 { return nil }
                } else if !isLayout(byte, space: space) {
                    return nil
                }
                continue
            }
            if padding > 0 {
                // A space at the end is layout in any case; a digit after the padding is an error.
                if byte == UInt8(ascii: " ") { continue }
                return nil
            }
            accumulator = accumulator << 6 | value
            digits += 1
            if digits == 4 {
                decoded.append(UInt8(truncatingIfNeeded: accumulator >> 16))
                decoded.append(UInt8(truncatingIfNeeded: accumulator >> 8))
                decoded.append(UInt8(truncatingIfNeeded: accumulator))
                digits = 0
            }
        }
        switch digits {
        case 0:
            break
        case 2:
            decoded.append(UInt8(truncatingIfNeeded: accumulator >> 4))
        case 3:
            decoded.append(UInt8(truncatingIfNeeded: accumulator >> 10))
            decoded.append(UInt8(truncatingIfNeeded: accumulator >> 2))
        default:
            return nil
        }
        return decoded
    }

    /// Decodes a body that is text rather than DER, with or without PEM's boundary lines; nil if it is neither.
    static func decodeText(_ body: some Collection<UInt8>) -> [UInt8]? {
        let lines = body.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        let dash = UInt8(ascii: "-")
        var text: [UInt8] = []
        text.reserveCapacity(body.count)
        for line in lines where !line.starts(with: [dash, dash, dash, dash, dash]) {
            text.append(contentsOf: line)
        }
        guard let decoded = decode(text, space: .layout), !decoded.isEmpty else { return nil }
        return decoded
    }

    private static func isLayout(_ byte: UInt8, space: Space) -> Bool {
        switch byte {
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: "\t"): true
        case UInt8(ascii: " "): space == .layout
        default: false
        }
    }

    private static func value(of byte: UInt8, space: Space) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        case UInt8(ascii: " ") where space == .plus: 62
        default: nil
        }
    }
}
