// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SwiftASN1

/// Runs an encoding and gives its bytes.
///
/// - Throws: `unencodable`, with the structure's name.
package func encode(
    _ structure: String,
    _ body: (inout DEREncoder) throws -> Void
) throws(PKIXError) -> [UInt8] {
    var encoder = DEREncoder()
    do {
        try body(&encoder)
    } catch {
        throw .unencodable(structure)
    }
    return encoder.serializedBytes
}

/// Writes DER (X.690 §10) into one buffer.
///
/// swift-asn1's serialiser moves a node's content byte by byte to make room for its length, once for each level of nesting, which
/// was 45 µs of an enrolment's 330 outside libcrypto. Here the length is put in by one move of a block.
public struct DEREncoder: Sendable {
    /// What was written so far.
    public private(set) var serializedBytes: [UInt8] = []

    /// Makes an empty encoder, with room for the most messages.
    public init() {
        serializedBytes.reserveCapacity(2048)
    }

    /// Appends a constructed node.
    public mutating func constructed(
        _ identifier: ASN1Identifier,
        _ body: (inout DEREncoder) throws -> Void
    ) rethrows {
        serializedBytes.append(Self.tag(identifier) | 0x20)
        serializedBytes.append(0)
        let start = serializedBytes.count
        try body(&self)
        let length = serializedBytes.count - start
        if length < 0x80 {
            serializedBytes[start - 1] = UInt8(truncatingIfNeeded: length)
        } else {
            let octets = Self.lengthOctets(length)
            serializedBytes[start - 1] = 0x80 | UInt8(truncatingIfNeeded: octets.count)
            serializedBytes.insert(contentsOf: octets, at: start)
        }
    }

    /// Appends a primitive node.
    public mutating func primitive(_ identifier: ASN1Identifier, _ content: [UInt8]) {
        header(identifier, content.count)
        serializedBytes.append(contentsOf: content)
    }

    /// Appends a primitive node.
    public mutating func primitive(_ identifier: ASN1Identifier, _ content: ArraySlice<UInt8>) {
        header(identifier, content.count)
        serializedBytes.append(contentsOf: content)
    }

    /// Appends a primitive node with the text's UTF-8 as content.
    public mutating func primitive(_ identifier: ASN1Identifier, _ content: String.UTF8View) {
        header(identifier, content.count)
        serializedBytes.append(contentsOf: content)
    }

    /// Appends what is encoded already.
    public mutating func serializeRawBytes(_ bytes: [UInt8]) {
        serializedBytes.append(contentsOf: bytes)
    }

    /// Appends what is encoded already.
    public mutating func serializeRawBytes(_ bytes: ArraySlice<UInt8>) {
        serializedBytes.append(contentsOf: bytes)
    }

    /// Appends a value that swift-asn1 encodes.
    public mutating func serialize(_ value: some DERSerializable) throws {
        var serializer = DER.Serializer()
        try serializer.serialize(value)
        serializedBytes.append(contentsOf: serializer.serializedBytes)
    }

    /// Appends what somebody else encoded, as DER: as it is if its lengths are those of DER, else written anew.
    package mutating func serializeAsDER(_ bytes: [UInt8]) throws {
        guard !ASN1Parsing.hasDistinguishedLengths(bytes) else { return serializeRawBytes(bytes) }
        var serializer = DER.Serializer()
        serializer.serialize(try BER.parse(bytes))
        serializedBytes.append(contentsOf: serializer.serializedBytes)
    }

    /// Appends a SEQUENCE.
    public mutating func sequence(_ body: (inout DEREncoder) throws -> Void) rethrows {
        try constructed(.sequence, body)
    }

    /// Appends an OCTET STRING.
    public mutating func octetString(_ bytes: [UInt8], _ identifier: ASN1Identifier = .octetString) {
        primitive(identifier, bytes)
    }

    /// Appends an OCTET STRING.
    public mutating func octetString(_ bytes: ArraySlice<UInt8>, _ identifier: ASN1Identifier = .octetString) {
        primitive(identifier, bytes)
    }

    /// Appends a BIT STRING of whole bytes.
    public mutating func bitString(_ bytes: [UInt8]) {
        header(.bitString, bytes.count + 1)
        serializedBytes.append(0)
        serializedBytes.append(contentsOf: bytes)
    }

    /// Appends an INTEGER by its content octets.
    public mutating func integer(_ contentOctets: [UInt8]) {
        primitive(.integer, contentOctets)
    }

    /// Appends a small INTEGER.
    public mutating func integer(_ value: UInt8) {
        integer(value < 128 ? [value] : [0, value])
    }

    /// Appends a SET OF whose members are encoded already, in DER order (X.690 §11.6).
    public mutating func sortedSet(_ members: [[UInt8]], _ identifier: ASN1Identifier = .set) {
        constructed(identifier) { set in
            for member in members.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                set.serializeRawBytes(member)
            }
        }
    }

    private mutating func header(_ identifier: ASN1Identifier, _ length: Int) {
        serializedBytes.append(Self.tag(identifier))
        if length < 0x80 {
            serializedBytes.append(UInt8(truncatingIfNeeded: length))
        } else {
            let octets = Self.lengthOctets(length)
            serializedBytes.append(0x80 | UInt8(truncatingIfNeeded: octets.count))
            serializedBytes.append(contentsOf: octets)
        }
    }

    /// The tag of a primitive node; tags above 30, which nothing here writes, would need more than one byte.
    private static func tag(_ identifier: ASN1Identifier) -> UInt8 {
        let tagClass: UInt8 =
            switch identifier.tagClass {
            case .universal: 0x00
            case .application: 0x40
            case .contextSpecific: 0x80
            case .private: 0xC0
            }
        return tagClass | UInt8(truncatingIfNeeded: identifier.tagNumber & 0x1F)
    }

    /// The octets of a long length, as few as it needs, up to four.
    private static func lengthOctets(_ count: Int) -> some Collection<UInt8> {
        let octetCount = (UInt32.bitWidth - UInt32(clamping: count).leadingZeroBitCount + 7) / 8
        return (0..<octetCount).lazy.map { UInt8(truncatingIfNeeded: count >> (8 * (octetCount - 1 - $0))) }
    }
}
