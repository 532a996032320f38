// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import SwiftASN1

/// Reads the members of a constructed ASN.1 node one after the other.
///
/// Members that are left over are no error unless `end()` is called: what a peer adds is tolerated where the caller says so.
package struct NodeReader {
    private var iterator: ASN1NodeCollection.Iterator
    private var upcoming: ASN1Node?
    private let structure: String

    /// Opens a constructed node.
    ///
    /// - Parameters:
    ///   - node: the node.
    ///   - identifier: the tag it must have.
    ///   - structure: the structure's name, for errors.
    /// - Throws: `malformed` when the tag or form is another.
    package init(_ node: ASN1Node, _ identifier: ASN1Identifier, _ structure: String) throws(PKIXError) {
        guard node.identifier == identifier, case .constructed(let members) = node.content else {
            throw .malformed("\(structure): unexpected tag or form")
        }
        self.iterator = members.makeIterator()
        self.upcoming = iterator.next()
        self.structure = structure
    }

    /// Takes the next member, whatever it is.
    package mutating func next() -> ASN1Node? {
        defer { upcoming = iterator.next() }
        return upcoming
    }

    /// Takes the next member, which must have a tag.
    package mutating func next(_ identifier: ASN1Identifier, _ member: String) throws(PKIXError) -> ASN1Node {
        guard let node = upcoming, node.identifier == identifier else {
            throw .malformed("\(structure): \(member) is missing")
        }
        upcoming = iterator.next()
        return node
    }

    /// Takes the next member if it has a tag.
    package mutating func nextIf(_ identifier: ASN1Identifier) -> ASN1Node? {
        guard let node = upcoming, node.identifier == identifier else { return nil }
        upcoming = iterator.next()
        return node
    }

    /// Requires that nothing is left.
    package mutating func end() throws(PKIXError) {
        guard upcoming == nil else { throw .malformed("\(structure): something follows its end") }
    }
}

extension ASN1Identifier {
    /// A context-specific tag.
    package static func context(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension ASN1Node {
    /// The content octets of a primitive node.
    package func primitive(_ what: String) throws(PKIXError) -> ArraySlice<UInt8> {
        guard case .primitive(let bytes) = content else { throw .malformed("\(what): not primitive") }
        return bytes
    }

    /// The octets of an OCTET STRING, with the segments of a constructed one put together (X.690 §8.7).
    package func octets(
        _ what: String,
        tag identifier: ASN1Identifier = .octetString
    ) throws(PKIXError) -> ArraySlice<UInt8> {
        guard let string = try? ASN1OctetString(berEncoded: self, withIdentifier: identifier) else {
            throw .malformed("\(what): not an OCTET STRING")
        }
        return string.bytes
    }

    /// The value of a BIT STRING whose bits fill whole bytes.
    package func bits(_ what: String) throws(PKIXError) -> ArraySlice<UInt8> {
        guard let string = try? ASN1BitString(berEncoded: self), string.paddingBits == 0 else {
            throw .malformed("\(what): not a BIT STRING of whole bytes")
        }
        return string.bytes
    }

    /// The value of an OBJECT IDENTIFIER.
    package func objectIdentifier(_ what: String) throws(PKIXError) -> ASN1ObjectIdentifier {
        guard let oid = try? ASN1ObjectIdentifier(derEncoded: self) else {
            throw .malformed("\(what): not an OBJECT IDENTIFIER")
        }
        return oid
    }

    /// The value of an INTEGER from 0 to 255; nil for any other.
    package var smallInteger: Int? {
        guard identifier == .integer, case .primitive(let bytes) = content, bytes.count == 1, let value = bytes.first,
            value < 128
        else { return nil }
        return Int(value)
    }
}

/// The one door through which bytes become nodes.
package enum ASN1Parsing {
    /// Parses BER, of which DER is a part.
    ///
    /// Nesting deeper than swift-asn1's limit (50 levels) is refused, so that recursion stays bounded.
    package static func parse(_ bytes: ArraySlice<UInt8>, _ structure: String) throws(PKIXError) -> ASN1Node {
        do {
            return try BER.parse(bytes)
        } catch {
            throw .malformed("\(structure): not well-formed BER")
        }
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

/// Runs an encoding and gives its bytes.
///
/// - Throws: `unencodable`, with the structure's name.
package func encode(
    _ structure: String,
    _ body: (inout DER.Serializer) throws -> Void
) throws(PKIXError) -> [UInt8] {
    var serializer = DER.Serializer()
    do {
        try body(&serializer)
    } catch {
        throw .unencodable(structure)
    }
    return serializer.serializedBytes
}

extension DER.Serializer {
    /// Appends a SEQUENCE.
    package mutating func sequence(_ body: (inout DER.Serializer) throws -> Void) rethrows {
        try appendConstructedNode(identifier: .sequence, body)
    }

    /// Appends an OCTET STRING.
    package mutating func octetString(_ bytes: some Sequence<UInt8>, _ identifier: ASN1Identifier = .octetString) {
        appendPrimitiveNode(identifier: identifier) { $0.append(contentsOf: bytes) }
    }

    /// Appends a BIT STRING of whole bytes.
    package mutating func bitString(_ bytes: some Sequence<UInt8>) {
        appendPrimitiveNode(identifier: .bitString) { content in
            content.append(0)
            content.append(contentsOf: bytes)
        }
    }

    /// Appends an INTEGER by its content octets.
    package mutating func integer(_ contentOctets: some Sequence<UInt8>) {
        appendPrimitiveNode(identifier: .integer) { $0.append(contentsOf: contentOctets) }
    }

    /// Appends a small INTEGER.
    package mutating func integer(_ value: UInt8) {
        integer(value < 128 ? [value] : [0, value])
    }

    /// Appends a NULL.
    package mutating func null() {
        appendPrimitiveNode(identifier: .null) { _ in }
    }

    /// Appends a SET OF whose members are encoded already, in DER order (X.690 §11.6).
    package mutating func sortedSet(_ members: [[UInt8]], _ identifier: ASN1Identifier = .set) {
        appendConstructedNode(identifier: identifier) { set in
            for member in members.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                set.serializeRawBytes(member)
            }
        }
    }
}
