// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1

/// Reads the string types that clients use, and picks the one to write.
package enum CharacterString {
    /// The text of any string type that occurs in names, challenges and SCEP attributes (client-quirks K1).
    ///
    /// T61String is read as Latin-1, which is what its writers mean by it.
    package static func text(_ node: EncodedValue) -> String? {
        guard !node.isConstructed else { return nil }
        let bytes = node.content
        switch node.identifier {
        case .utf8String: return String(validating: bytes, as: UTF8.self)
        case .printableString, .ia5String, .visibleString, .numericString:
            return bytes.allSatisfy { $0 < 128 } ? String(decoding: bytes, as: UTF8.self) : nil
        case .teletexString: return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        case .bmpString: return utf16(bytes)
        case .universalString: return utf32(bytes)
        default: return nil
        }
    }

    /// Whether a text may stand in a PrintableString (X.680 §41.4).
    package static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: " '()+,-./:=?".utf8.contains(byte)
            }
        }
    }

    /// Appends a text as PrintableString if it fits, else as UTF8String.
    package static func append(_ text: String, to serializer: inout DEREncoder) {
        serializer.primitive(isPrintable(text) ? .printableString : .utf8String, text.utf8)
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count.isMultiple(of: 2) else { return nil }
        let evens = bytes.enumerated().filter { $0.offset.isMultiple(of: 2) }
        let odds = bytes.enumerated().filter { !$0.offset.isMultiple(of: 2) }
        return String(validating: zip(evens, odds).map { UInt16($0.element) << 8 | UInt16($1.element) }, as: UTF16.self)
    }

    private static func utf32(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count.isMultiple(of: 4) else { return nil }
        var units: [UInt32] = []
        var unit: UInt32 = 0
        for (offset, byte) in bytes.enumerated() {
            unit = unit << 8 | UInt32(byte)
            if offset % 4 == 3 {
                units.append(unit)
                unit = 0
            }
        }
        return String(validating: units, as: UTF32.self)
    }
}
