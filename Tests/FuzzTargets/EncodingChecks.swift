// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1

/// What holds for encodings, whatever they encode.
enum EncodingChecks {
    /// Both readers see the same, and what is said of the lengths is what writing the values anew shows.
    static func check(_ bytes: [UInt8]) throws(FuzzFinding) {
        let parsed = try? BER.parse(bytes)
        guard let value = try? ASN1Parsing.parse(bytes[...], "input") else {
            // Only the number of values, which takes as many pairs of octets, is limited here and not there.
            let isLimited = bytes.count > 2 * ASN1Parsing.maximumValueCount
            return try require(parsed == nil || isLimited, "what swift-asn1 reads is read here")
        }
        guard let node = parsed else { throw FuzzFinding(description: "what is read here swift-asn1 reads") }
        try require(areEqual(value, node), "both readers see the same values")
        let anew = encoding(of: node)
        let isDistinguished = ASN1Parsing.hasDistinguishedLengths(bytes)
        try require(!isDistinguished || anew == bytes, "what has the lengths of DER is not changed by writing it anew")
        try require(
            isDistinguished || anew != bytes || !isOrdinary(node),
            "what is not changed by writing it anew has the lengths of DER"
        )
        try checkRewritten(anew)
    }

    /// What was written anew is DER, and stays.
    static func checkRewritten(_ bytes: [UInt8]) throws(FuzzFinding) {
        let node = try require("what was written can be read") { try BER.parse(bytes) }
        try require(encoding(of: node) == bytes, "what was written anew does not change again")
    }

    /// Whether two readings are of the same tags, forms and bytes, all the way down.
    private static func areEqual(_ value: EncodedValue, _ node: ASN1Node) -> Bool {
        guard value.identifier == node.identifier, value.encodedBytes == node.encodedBytes else { return false }
        guard case .constructed(let members) = node.content else {
            return !value.isConstructed && (try? value.primitive("value")) == contentOctets(of: node)
        }
        guard var reader = try? NodeReader(value, value.identifier, "value") else { return false }
        for member in members {
            guard let read = reader.next(), areEqual(read, member) else { return false }
        }
        return reader.next() == nil
    }

    private static func contentOctets(of node: ASN1Node) -> ArraySlice<UInt8>? {
        guard case .primitive(let octets) = node.content else { return nil }
        return octets
    }

    /// The encoding as swift-asn1 writes it.
    static func encoding(of node: ASN1Node) -> [UInt8] {
        var serializer = DER.Serializer()
        serializer.serialize(node)
        return serializer.serializedBytes
    }

    /// Whether nothing in it is outside what `hasDistinguishedLengths` accepts besides lengths: tags of more than one octet, strings
    /// in segments, lengths of more than three octets.
    private static func isOrdinary(_ node: ASN1Node) -> Bool {
        guard node.identifier.tagNumber < 31, node.encodedBytes.count < 1 << 24 else { return false }
        guard case .constructed(let members) = node.content else { return true }
        let isSegmented =
            node.identifier.tagClass == .universal && node.identifier != .sequence && node.identifier != .set
        // Nesting is bounded by swift-asn1.
        return !isSegmented && members.allSatisfy(isOrdinary)
    }
}
