// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import SwiftASN1

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

/// Appends whole nodes with their length written first.
///
/// swift-asn1's own functions write a node's content, then make room for its length by moving the content byte by byte, once for
/// each level of nesting: 45 µs of an enrolment's 330 outside libcrypto. Here content is made apart and copied once a level.
extension DER.Serializer {
    /// Appends a constructed node.
    package mutating func constructed(
        _ identifier: ASN1Identifier,
        _ body: (inout DER.Serializer) throws -> Void
    ) rethrows {
        var content = DER.Serializer()
        try body(&content)
        header(identifier, 0x20, content.serializedBytes.count)
        serializeRawBytes(content.serializedBytes)
    }

    /// Appends a primitive node.
    package mutating func primitive(_ identifier: ASN1Identifier, _ content: some Collection<UInt8>) {
        header(identifier, 0, content.count)
        serializeRawBytes(content)
    }

    /// Appends a SEQUENCE.
    package mutating func sequence(_ body: (inout DER.Serializer) throws -> Void) rethrows {
        try constructed(.sequence, body)
    }

    /// Appends an OCTET STRING.
    package mutating func octetString(_ bytes: some Collection<UInt8>, _ identifier: ASN1Identifier = .octetString) {
        primitive(identifier, bytes)
    }

    /// Appends a BIT STRING of whole bytes.
    package mutating func bitString(_ bytes: some Collection<UInt8>) {
        header(.bitString, 0, bytes.count + 1)
        serializeRawBytes(CollectionOfOne(0))
        serializeRawBytes(bytes)
    }

    /// Appends an INTEGER by its content octets.
    package mutating func integer(_ contentOctets: some Collection<UInt8>) {
        primitive(.integer, contentOctets)
    }

    /// Appends a small INTEGER.
    package mutating func integer(_ value: UInt8) {
        integer(value < 128 ? [value] : [0, value])
    }

    /// Appends a SET OF whose members are encoded already, in DER order (X.690 §11.6).
    package mutating func sortedSet(_ members: [[UInt8]], _ identifier: ASN1Identifier = .set) {
        constructed(identifier) { set in
            for member in members.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                set.serializeRawBytes(member)
            }
        }
    }

    /// Appends tag and length.
    ///
    /// Tags above 30, which nothing here writes, would need more than one byte.
    private mutating func header(_ identifier: ASN1Identifier, _ form: UInt8, _ length: Int) {
        let tagClass: UInt8 =
            switch identifier.tagClass {
            case .universal: 0x00
            case .application: 0x40
            case .contextSpecific: 0x80
            case .private: 0xC0
            }
        let tag = tagClass | form | UInt8(truncatingIfNeeded: identifier.tagNumber & 0x1F)
        if length < 0x80 {
            serializeRawBytes([tag, UInt8(length)])
        } else {
            let octets = withoutLeadingZeros(UInt32(clamping: length))
            serializeRawBytes([tag, 0x80 | UInt8(octets.count)] + octets)
        }
    }

    private func withoutLeadingZeros(_ length: UInt32) -> [UInt8] {
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
        return Array(octets.drop { $0 == 0 })
    }
}
