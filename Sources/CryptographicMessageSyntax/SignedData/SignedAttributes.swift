// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
public import SwiftASN1

/// The signed attributes of a signer, with the bytes that the signature covers (RFC 5652 §5.3).
public struct SignedAttributes: Sendable, Hashable {
    /// One attribute.
    private struct Attribute: Sendable, Hashable {
        var type: ASN1ObjectIdentifier
        var values: [EncodedValue]
    }

    private let attributes: [Attribute]
    /// The bytes as they came, under the SET tag: what was signed, unless the sender wrote BER.
    package let received: [UInt8]

    init(_ node: EncodedValue, limits: CMSLimits) throws {
        var attributes: [Attribute] = []
        var reader = try NodeReader(node, .context(0), "signedAttrs")
        while let member = reader.next() {
            guard attributes.count < limits.attributes else { throw CMSError.limitExceeded("signed attributes") }
            var fields = try NodeReader(member, .sequence, "Attribute")
            let type = try fields.next(.objectIdentifier, "attrType").objectIdentifier("attrType")
            var values: [EncodedValue] = []
            var set = try NodeReader(try fields.next(.set, "attrValues"), .set, "attrValues")
            while let value = set.next() { values.append(value) }
            attributes.append(Attribute(type: type, values: values))
        }
        self.attributes = attributes
        self.received = [0x31] + node.encodedBytes.dropFirst()
    }

    /// The same attributes as DER, which is what a sender of BER has to have signed (RFC 5652 §5.4).
    package func distinguished() throws -> [UInt8] {
        var encoded: [[UInt8]] = []
        var reader = try NodeReader(try ASN1Parsing.parse(received[...], "signedAttrs"), .set, "signedAttrs")
        while let member = reader.next() {
            encoded.append(try encode("Attribute") { try $0.serializeAsDER(Array(member.encodedBytes)) })
        }
        return try encode("signedAttrs") { $0.sortedSet(encoded) }
    }

    /// The one value of an attribute.
    ///
    /// - Returns: nil when the attribute is absent.
    /// - Throws: `malformed` when it occurs twice, or has no value or several: a reader that took the first and one that took
    ///   the last would see different messages.
    package func value(_ type: ASN1ObjectIdentifier) throws(CMSError) -> EncodedValue? {
        let found = attributes.filter { $0.type == type }
        guard let attribute = found.first else { return nil }
        guard found.count == 1 else { throw .malformed("attribute \(type): occurs twice") }
        guard attribute.values.count == 1 else { throw .malformed("attribute \(type): not exactly one value") }
        return attribute.values.first
    }

    /// An attribute that occurs more than once, if any: such a message is not valid (RFC 5652 §11), though the other attributes
    /// can be read, so that it can be answered.
    var duplicate: ASN1ObjectIdentifier? {
        var seen: Set<ASN1ObjectIdentifier> = []
        return types.first { !seen.insert($0).inserted }
    }

    /// The types of all attributes, in the order in which they came.
    public var types: [ASN1ObjectIdentifier] { attributes.map(\.type) }
}

/// A signed attribute with one value, to be written.
public struct AttributeToSign: Sendable, Hashable {
    let der: [UInt8]

    /// Makes an attribute.
    ///
    /// - Parameters:
    ///   - type: its type.
    ///   - value: writes its one value.
    /// - Throws: `unencodable`.
    public init(
        _ type: ASN1ObjectIdentifier,
        value: (inout DEREncoder) throws -> Void
    ) throws(CMSError) {
        self.der = try mapping {
            try encode("Attribute") { serializer in
                try serializer.sequence { fields in
                    try fields.serialize(type)
                    try fields.constructed(.set, value)
                }
            }
        }
    }
}
