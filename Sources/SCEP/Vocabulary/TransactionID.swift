// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SwiftASN1

/// The client's name for one operation, opaque to the server (RFC 8894 §3.2.1.1).
public struct TransactionID: Sendable, Hashable, CustomStringConvertible {
    /// The most bytes that are read: the longest seen in the field has 78.
    public static let maximumByteCount = 255

    /// The characters.
    public let text: String

    /// Takes a text of 1 to 255 bytes of printable ASCII, the alphabet that PrintableString and the clients that stretch it use.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumByteCount,
            text.utf8.allSatisfy({ (32...126).contains($0) })
        else { return nil }
        self.text = text
    }

    /// The text; it holds printable characters only.
    public var description: String { text }
}

/// A senderNonce or recipientNonce (RFC 8894 §3.2.1.5).
public struct Nonce: Sendable, Hashable {
    /// What one of ours has.
    public static let byteCount = 16
    /// What is accepted: old iOS sends 8 bytes (client-quirks E11).
    static let acceptedByteCounts = 1...64

    /// The bytes.
    public let bytes: [UInt8]

    /// Makes a fresh one of 16 bytes.
    public init(using generator: inout some RandomNumberGenerator) {
        self.bytes = generator.bytes(Self.byteCount)
    }

    init?(received bytes: ArraySlice<UInt8>) {
        guard Self.acceptedByteCounts.contains(bytes.count) else { return nil }
        self.bytes = Array(bytes)
    }
}
