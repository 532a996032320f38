// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import SwiftASN1

/// Reads the members of a constructed value one after the other.
///
/// Members that are left over are no error unless `end()` is called: what a peer adds is tolerated where the caller says so.
package struct NodeReader {
    private var rest: ArraySlice<UInt8>
    private let structure: String

    /// Opens a constructed value.
    ///
    /// - Parameters:
    ///   - node: the value.
    ///   - identifier: the tag it must have.
    ///   - structure: the structure's name, for errors.
    /// - Throws: `malformed` when the tag or form is another.
    package init(_ node: EncodedValue, _ identifier: ASN1Identifier, _ structure: String) throws(PKIXError) {
        guard node.identifier == identifier, node.isConstructed else {
            throw .malformed("\(structure): unexpected tag or form")
        }
        self.rest = node.content
        self.structure = structure
    }

    /// Takes the next member, whatever it is.
    package mutating func next() -> EncodedValue? {
        guard let node = EncodedValue(firstOf: rest) else { return nil }
        rest = rest[node.encodedBytes.endIndex...]
        return node
    }

    /// Takes the next member, which must have a tag.
    package mutating func next(_ identifier: ASN1Identifier, _ member: String) throws(PKIXError) -> EncodedValue {
        guard let node = nextIf(identifier) else { throw .malformed("\(structure): \(member) is missing") }
        return node
    }

    /// Takes the next member if it has a tag.
    package mutating func nextIf(_ identifier: ASN1Identifier) -> EncodedValue? {
        guard let node = EncodedValue(firstOf: rest), node.identifier == identifier else { return nil }
        rest = rest[node.encodedBytes.endIndex...]
        return node
    }

    /// Requires that nothing is left.
    package mutating func end() throws(PKIXError) {
        guard rest.isEmpty else { throw .malformed("\(structure): something follows its end") }
    }
}

extension ASN1Identifier {
    /// A context-specific tag.
    package static func context(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension EncodedValue {
    /// The content octets of a primitive value.
    package func primitive(_ what: String) throws(PKIXError) -> ArraySlice<UInt8> {
        guard !isConstructed else { throw .malformed("\(what): not primitive") }
        return content
    }

    /// The octets of an OCTET STRING, with the segments of a constructed one put together (X.690 §8.7).
    package func octets(
        _ what: String,
        tag identifier: ASN1Identifier = .octetString
    ) throws(PKIXError) -> ArraySlice<UInt8> {
        if !isConstructed, self.identifier == identifier { return content }
        guard let node = try? BER.parse(encodedBytes),
            let string = try? ASN1OctetString(berEncoded: node, withIdentifier: identifier)
        else { throw .malformed("\(what): not an OCTET STRING") }
        return string.bytes
    }

    /// The value of a BIT STRING whose bits fill whole bytes.
    package func bits(_ what: String) throws(PKIXError) -> ArraySlice<UInt8> {
        guard identifier == .bitString, !isConstructed, content.first == 0 else {
            throw .malformed("\(what): not a BIT STRING of whole bytes")
        }
        return content.dropFirst()
    }

    /// The value of an OBJECT IDENTIFIER.
    package func objectIdentifier(_ what: String) throws(PKIXError) -> ASN1ObjectIdentifier {
        guard identifier == .objectIdentifier, !isConstructed, let oid = KnownObjectIdentifiers.read(self) else {
            throw .malformed("\(what): not an OBJECT IDENTIFIER")
        }
        return oid
    }

    /// Whether this is an OBJECT IDENTIFIER that can be read.
    var isObjectIdentifier: Bool {
        guard identifier == .objectIdentifier, !isConstructed else { return false }
        let content = content
        let octets = content.span
        var offset = 0
        while offset < octets.count {
            guard ValueHeader.number(octets, &offset, octets.count) != nil else { return false }
        }
        return offset > 0
    }
}

/// The one door through which bytes become values.
package enum ASN1Parsing {
    /// The most values that one message may hold; real ones have a few hundred.
    ///
    /// Each takes about a hundred bytes of memory and can be written in two: an unlimited reader would turn a body of one MiB into
    /// fifty.
    package static let maximumValueCount = 65_536

    /// Parses BER, of which DER is a part.
    ///
    /// Nesting deeper than 50 levels is refused, so that recursion stays bounded.
    package static func parse(_ bytes: ArraySlice<UInt8>, _ structure: String) throws(PKIXError) -> EncodedValue {
        guard !holdsTooManyValues(bytes) else {
            throw .malformed("\(structure): more than \(maximumValueCount) values")
        }
        let span = bytes.span
        guard ValueHeader.check(span, at: 0, upTo: span.count, depth: 1) == span.count,
            let value = EncodedValue(firstOf: bytes)
        else { throw .malformed("\(structure): not well-formed BER") }
        return value
    }

    /// Counts headers without looking at what they belong to; what is not well-formed is left for the parser to find.
    private static func holdsTooManyValues(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count > 2 * maximumValueCount else { return false }
        var rest = bytes
        var count = 0
        while let identifier = rest.popFirst() {
            count += 1
            guard count <= maximumValueCount else { return true }
            if identifier & 0x1F == 0x1F { rest = rest.drop { $0 & 0x80 != 0 }.dropFirst() }
            guard let first = rest.popFirst() else { return false }
            var length = Int(first)
            if first > 0x80 {
                let digits = rest.prefix(Int(first & 0x7F))
                rest = rest.dropFirst(digits.count)
                // The parser reads lengths of up to eight bytes, needed or not, that fit a signed number.
                length = digits.reduce(0) { $0 << 8 | Int($1) }
                guard digits.count <= 8, length >= 0 else { return false }
            }
            let isConstructed = identifier & 0x20 != 0
            if !isConstructed { rest = rest.dropFirst(length) }
        }
        return false
    }

    /// Whether all lengths are definite and as short as they can be, and no string is in segments (X.690 §10.1, §10.2).
    ///
    /// Looks at headers alone, in a fraction of the time of parsing. What is not well-formed gives false.
    package static func hasDistinguishedLengths(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let header = bytes[offset...].prefix(6)
            guard let identifier = header.first, let first = header.dropFirst().first, identifier & 0x1F != 0x1F else {
                return false
            }
            var length = Int(first)
            var headerByteCount = 2
            if first >= 0x80 {
                let digits = header.dropFirst(2).prefix(Int(first & 0x7F))
                guard (1...3).contains(digits.count), digits.count == Int(first & 0x7F), digits.first != 0 else {
                    return false
                }
                length = digits.reduce(0) { $0 << 8 | Int($1) }
                headerByteCount += digits.count
                guard length >= 0x80 else { return false }
            }
            let isConstructed = identifier & 0x20 != 0
            guard length <= bytes.count - offset - headerByteCount else { return false }
            // Of the universal types only SEQUENCE and SET are constructed in DER.
            if isConstructed, identifier & 0xC0 == 0, identifier != 0x30, identifier != 0x31 { return false }
            offset += headerByteCount + (isConstructed ? 0 : length)
        }
        return true
    }

    /// Takes NUL bytes and line ends off that follow a definite-length value; some senders pad (client-quirks D11).
    package static func withoutTrailingPadding(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        guard let length = bytes.dropFirst().first, length != 0x80 else { return bytes[...] }
        var total = 2 + Int(length)
        if length > 0x80 {
            let count = Int(length & 0x7F)
            guard count <= 4, bytes.count >= 2 + count else { return bytes[...] }
            total = 2 + count + bytes.dropFirst(2).prefix(count).reduce(0) { $0 << 8 | Int($1) }
        }
        guard total < bytes.count, bytes.dropFirst(total).allSatisfy({ $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
            return bytes[...]
        }
        return bytes.prefix(total)
    }
}
