// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1

/// What holds for encodings, whatever they encode.
enum EncodingChecks {
    /// What is said of the lengths is what writing the values anew shows.
    static func check(_ bytes: [UInt8]) throws(FuzzFinding) {
        guard let node = try? ASN1Parsing.parse(bytes[...], "input") else { return }
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
        let node = try require("what was written can be read") { try ASN1Parsing.parse(bytes[...], "rewritten") }
        try require(encoding(of: node) == bytes, "what was written anew does not change again")
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
