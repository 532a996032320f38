// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1

/// What holds for distinguished names, of bytes and of text.
enum NameChecks {
    /// Reads a name from text; what was understood is understood the same again from what is written.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        guard let text = String(validating: input, as: UTF8.self), let name = try? Name(text) else { return false }
        try check(name)
        let again = try require("the encoding of a name can be read") { try Name(derEncoded: name.der) }
        try require(again == name, "reading a name's encoding gives the name")
        let written = name.description
        guard !isTooLong(name), !hasEmptyValue(written) else { return true }
        let reread = try require("the text of a name can be read: \(written)") { try Name(written) }
        try require(reread.isEquivalent(to: name), "the text of a name means the name: \(written)")
        try require(reread.description == written, "the text of a name does not change: \(written)")
        return true
    }

    /// What holds for a name, wherever it comes from.
    static func check(_ name: Name) throws(FuzzFinding) {
        let text = name.description
        try require(text.unicodeScalars.allSatisfy(isVisible), "a name's text can't forge a line of a log")
        try require(name.isEquivalent(to: name), "a name is equivalent to itself")
        try require(name.longestAttributeCharacterCount <= name.der.count, "no value is longer than the name")
        let again = try require("a name's encoding can be read") { try Name(derEncoded: name.der) }
        try require(again == name && again.isEmpty == name.isEmpty, "reading a name's encoding gives the name")
        // Text has no place for relative names without attributes, and does not keep what order a SET came in.
        if !isTooLong(name), !hasEmptySet(name), let reread = try? Name(text) {
            try require(reread.isEquivalent(to: name), "the text of a name means the name: \(text)")
        }
    }

    /// Whether there is a relative name without attributes, which an encoding can have and a text can't.
    private static func hasEmptySet(_ name: Name) -> Bool {
        guard let node = try? ASN1Parsing.parse(name.der[...], "Name"),
            var reader = try? NodeReader(node, .sequence, "Name")
        else { return false }
        while let set = reader.next() {
            if set.content.isEmpty { return true }
        }
        return false
    }

    /// Longer names are not spelled out.
    private static func isTooLong(_ name: Name) -> Bool { name.der.count > 4096 }

    /// Whether a value is empty, which an encoding can be and a text can't.
    private static func hasEmptyValue(_ text: String) -> Bool {
        text.hasSuffix("=") || text.contains("=,") || text.contains("=+")
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
