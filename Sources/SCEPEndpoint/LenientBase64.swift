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
    static func decode(_ text: [UInt8], space: Space) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count / 4 * 3 + 3)
        let values = space == .plus ? valuesWithSpaceAsPlus : plainValues
        var accumulator: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text {
            let value = values[Int(byte)]
            guard value < foreign else {
                if byte == UInt8(ascii: "=") {
                    padding += 1
                    if padding > 2 { return nil }
                } else if value == foreign {
                    return nil
                }
                continue
            }
            if padding > 0 {
                // A space at the end is layout in any case; a digit after the padding is an error.
                if byte == UInt8(ascii: " ") { continue }
                return nil
            }
            accumulator = accumulator << 6 | UInt32(value)
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
    static func decodeText(_ body: [UInt8]) -> [UInt8]? {
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

    /// Marks in the tables below what has no place in base64, and above it what is skipped.
    private static let foreign: UInt8 = 64
    private static let layout: UInt8 = 65

    /// The value of each byte as a digit of either alphabet.
    private static let plainValues: [UInt8] = {
        var values = [UInt8](repeating: foreign, count: 256)
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, digit) in digits.utf8.enumerated() { values[Int(digit)] = UInt8(value) }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        for byte in "\r\n\t =".utf8 { values[Int(byte)] = layout }
        return values
    }()

    private static let valuesWithSpaceAsPlus: [UInt8] = {
        var values = plainValues
        values[Int(UInt8(ascii: " "))] = 62
        return values
    }()
}
