// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import SwiftASN1

/// One BER value of well-formed bytes, with its header read and its members not yet (X.690 §8.1).
///
/// swift-asn1 makes a list of all values of a message and walks through it again for each level of nesting. This looks at a header
/// when somebody asks for the value, and takes half of the instructions.
package struct EncodedValue: Sendable, Hashable {
    /// The tag.
    package let identifier: ASN1Identifier
    /// Whether it is made up of other values.
    package let isConstructed: Bool
    /// The whole encoding.
    package let encodedBytes: ArraySlice<UInt8>
    private let headerByteCount: Int
    /// Whether two octets mark the end of the content.
    private let isIndefinite: Bool

    /// The content octets.
    package var content: ArraySlice<UInt8> {
        encodedBytes.dropFirst(headerByteCount).dropLast(isIndefinite ? 2 : 0)
    }

    /// Reads the first value of some bytes.
    ///
    /// - Returns: nil when there is none.
    init?(firstOf bytes: ArraySlice<UInt8>) {
        let span = bytes.span
        guard let header = ValueHeader(span, at: 0, upTo: span.count),
            let end = header.end(in: span, upTo: span.count, depth: 1)
        else { return nil }
        self.identifier = header.identifier
        self.isConstructed = header.isConstructed
        self.encodedBytes = bytes.prefix(end)
        self.headerByteCount = header.contentStart
        self.isIndefinite = header.contentByteCount == nil
    }
}

/// The identifier and length octets of a BER value.
struct ValueHeader {
    /// How deep values may be nested; swift-asn1 has the same limit.
    private static let maximumDepth = 50

    let identifier: ASN1Identifier
    let isConstructed: Bool
    /// Where the content begins.
    let contentStart: Int
    /// The length of the content; nil when it is indefinite.
    let contentByteCount: Int?

    /// Reads a header.
    ///
    /// - Returns: nil when it is cut off or against the rules (X.690 §8.1.2, §8.1.3).
    init?(_ bytes: borrowing Span<UInt8>, at start: Int, upTo limit: Int) {
        var offset = start
        guard let leading = Self.byte(bytes, &offset, limit) else { return nil }
        let tagClass: ASN1Identifier.TagClass =
            switch leading >> 6 {
            case 0: .universal
            case 1: .application
            case 2: .contextSpecific
            default: .private
            }
        var tagNumber = UInt(leading & 0x1F)
        if tagNumber == 0x1F {
            // A tag number up to 30 has to be in the first octet (X.690 §8.1.2.2).
            guard let long = Self.number(bytes, &offset, limit), long >= 0x1F else { return nil }
            tagNumber = long
        }
        // [UNIVERSAL 0] marks the end of an indefinite length, and is no value.
        guard tagClass != .universal || tagNumber != 0, let first = Self.byte(bytes, &offset, limit) else { return nil }
        var length: Int?
        switch first {
        case 0..<0x80:
            length = Int(first)
        case 0x80:
            break
        default:
            guard let long = Self.longLength(bytes, &offset, limit, byteCount: first & 0x7F) else { return nil }
            length = long
        }
        self.identifier = ASN1Identifier(tagWithNumber: tagNumber, tagClass: tagClass)
        self.isConstructed = leading & 0x20 != 0
        self.contentStart = offset
        self.contentByteCount = length
        // Only what is made up of values can tell where it ends.
        guard length != nil || isConstructed else { return nil }
    }

    /// Where the value ends, its end-of-contents octets included.
    ///
    /// - Returns: nil when that lies beyond the limit, or a member of a value of indefinite length is not well-formed.
    func end(in bytes: borrowing Span<UInt8>, upTo limit: Int, depth: Int) -> Int? {
        if let contentByteCount {
            return contentByteCount <= limit - contentStart ? contentStart + contentByteCount : nil
        }
        var offset = contentStart
        while true {
            guard limit - offset >= 2 else { return nil }
            if bytes[offset] == 0, bytes[offset + 1] == 0 { return offset + 2 }
            guard let next = Self.check(bytes, at: offset, upTo: limit, depth: depth + 1) else { return nil }
            offset = next
        }
    }

    /// Checks a value and all that is in it.
    ///
    /// - Returns: where it ends; nil when it is not well-formed or nested too deeply.
    static func check(_ bytes: borrowing Span<UInt8>, at start: Int, upTo limit: Int, depth: Int) -> Int? {
        guard depth <= maximumDepth, let header = ValueHeader(bytes, at: start, upTo: limit),
            let end = header.end(in: bytes, upTo: limit, depth: depth)
        else { return nil }
        // The members of a value of indefinite length have been checked on the way to its end.
        guard header.isConstructed, header.contentByteCount != nil else { return end }
        var offset = header.contentStart
        while offset < end {
            guard let next = check(bytes, at: offset, upTo: end, depth: depth + 1) else { return nil }
            offset = next
        }
        return end
    }

    private static func byte(_ bytes: borrowing Span<UInt8>, _ offset: inout Int, _ limit: Int) -> UInt8? {
        guard offset < limit else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// A number in groups of seven bits, as tags and OBJECT IDENTIFIERs have them (X.690 §8.1.2.4, §8.19.2), in as few octets as
    /// it needs, up to nine, which fit a machine word.
    static func number(_ bytes: borrowing Span<UInt8>, _ offset: inout Int, _ limit: Int) -> UInt? {
        var number: UInt = 0
        for count in 0..<9 {
            guard let byte = byte(bytes, &offset, limit), count > 0 || byte != 0x80 else { return nil }
            number = number << 7 | UInt(byte & 0x7F)
            if byte < 0x80 { return number }
        }
        return nil
    }

    /// A length of up to eight octets, needed or not.
    private static func longLength(
        _ bytes: borrowing Span<UInt8>,
        _ offset: inout Int,
        _ limit: Int,
        byteCount: UInt8
    ) -> Int? {
        guard byteCount <= 8 else { return nil }
        var length: UInt = 0
        for _ in 0..<byteCount {
            guard let byte = byte(bytes, &offset, limit) else { return nil }
            length = length << 8 | UInt(byte)
        }
        return Int(exactly: length)
    }
}
