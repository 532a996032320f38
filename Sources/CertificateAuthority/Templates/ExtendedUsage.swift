// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SwiftASN1

/// A purpose of extKeyUsage, by name or dotted number (RFC 5280 §4.2.1.12).
public struct ExtendedUsage: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The purpose's object identifier.
    public let oid: ASN1ObjectIdentifier

    /// TLS clients.
    public static let clientAuth = ExtendedUsage(oid: [1, 3, 6, 1, 5, 5, 7, 3, 2])

    private static let anyPurpose: ASN1ObjectIdentifier = [2, 5, 29, 37, 0]

    private static let names: [(name: String, oid: ASN1ObjectIdentifier)] = [
        ("clientAuth", clientAuth.oid), ("serverAuth", [1, 3, 6, 1, 5, 5, 7, 3, 1]),
        ("codeSigning", [1, 3, 6, 1, 5, 5, 7, 3, 3]), ("emailProtection", [1, 3, 6, 1, 5, 5, 7, 3, 4]),
        ("eapOverLAN", [1, 3, 6, 1, 5, 5, 7, 3, 14]), ("ipsecIKE", [1, 3, 6, 1, 5, 5, 7, 3, 17]),
        ("smartcardLogon", [1, 3, 6, 1, 4, 1, 311, 20, 2, 2]), ("anyExtendedKeyUsage", anyPurpose),
    ]

    /// Takes a purpose as it is.
    public init(oid: ASN1ObjectIdentifier) {
        self.oid = oid
    }

    /// Reads `clientAuth`, `serverAuth` and so on, or a dotted number.
    ///
    /// - Throws: `malformed`, also for anyExtendedKeyUsage.
    public init(_ text: String) throws(TemplateError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt32($0).map(UInt.init) }
        let dotted =
            parts.count >= 3 && parts.allSatisfy { $0 != nil } && !text.contains("+")
            ? try? ASN1ObjectIdentifier(elements: parts.compactMap(\.self)) : nil
        guard let oid = Self.names.first(where: { $0.name == text })?.oid ?? dotted else {
            let known = Self.names.filter { $0.oid != Self.anyPurpose }.map(\.name).joined(separator: ", ")
            throw .malformed("'\(text)' is no extended key usage: write \(known) or a dotted number")
        }
        guard oid != Self.anyPurpose else {
            throw .malformed("anyExtendedKeyUsage would make a certificate good for everything")
        }
        self.oid = oid
    }

    /// Reads a text.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try value.decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: error.sentence)
        }
    }

    /// Writes the name, or the dotted number.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(description)
    }

    /// The name, or the dotted number.
    public var description: String { Self.names.first { $0.oid == oid }?.name ?? "\(oid)" }
}
