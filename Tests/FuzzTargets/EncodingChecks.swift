// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1

/// What holds for encodings, whatever they encode.
enum EncodingChecks {
    /// What is said of the lengths is what writing the values anew shows.
    static func check(_ bytes: [UInt8]) throws(FuzzFinding) {
        // swift-asn1 and this project's reader accept the same bytes, up to the latter's limit on their number.
        let read = try? ASN1Parsing.parse(bytes[...], "input")
        guard let node = try? BER.parse(bytes) else {
            return try require(read == nil, "swift-asn1 refuses what is read here")
        }
        try require(
            read.map { Array($0.encodedBytes) == Array(node.encodedBytes) }
                ?? (bytes.count > ASN1Parsing.maximumValueCount),
            "what swift-asn1 reads is read here, as far as it goes"
        )
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
