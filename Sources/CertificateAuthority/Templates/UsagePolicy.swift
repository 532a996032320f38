// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import SwiftASN1
internal import X509

/// What a certified key may be used for.
public struct UsagePolicy: Sendable, Hashable, Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case keyUsages, extendedKeyUsages, requestedUsages, allowedExtendedKeyUsages
    }

    /// What becomes of the usages that a request asks for.
    public enum Requested: String, Sendable, Hashable, Codable, CaseIterable {
        /// They don't matter.
        case ignore
        /// Those that are allowed are granted.
        case grant
        /// A request that asks for others than the template's is refused.
        case refuse
    }

    /// The key usages; nil for digitalSignature, with keyEncipherment for RSA keys.
    public var keyUsages: Set<KeyUsageBit>?
    /// The extended key usages that every certificate has, in this order.
    public var extendedKeyUsages: [ExtendedUsage] = [.clientAuth]
    /// What becomes of the usages that a request asks for.
    public var requested: Requested = .ignore
    /// The extended key usages that requests get when they ask for them.
    public var allowedExtendedKeyUsages: [ExtendedUsage] = []

    /// The usual usages: digitalSignature, keyEncipherment for RSA keys, and clientAuth.
    public init() {}

    /// Reads what is there.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.keyUsages = try values.decodeIfPresent(Set<KeyUsageBit>.self, forKey: .keyUsages)
        self.extendedKeyUsages =
            try values.decodeIfPresent([ExtendedUsage].self, forKey: .extendedKeyUsages) ?? [.clientAuth]
        self.requested = try values.decodeIfPresent(Requested.self, forKey: .requestedUsages) ?? .ignore
        self.allowedExtendedKeyUsages =
            try values.decodeIfPresent([ExtendedUsage].self, forKey: .allowedExtendedKeyUsages) ?? []
    }

    /// Writes what is not as usual.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(keyUsages?.sorted(), forKey: .keyUsages)
        if extendedKeyUsages != [.clientAuth] { try values.encode(extendedKeyUsages, forKey: .extendedKeyUsages) }
        if requested != .ignore { try values.encode(requested, forKey: .requestedUsages) }
        if !allowedExtendedKeyUsages.isEmpty {
            try values.encode(allowedExtendedKeyUsages, forKey: .allowedExtendedKeyUsages)
        }
    }

    /// Whether all certificates get the usual usages, whatever they ask for.
    public var isUsual: Bool { keyUsages == nil && extendedKeyUsages == [.clientAuth] && requested != .grant }

    /// The key usages that a key of some type gets when nothing is asked for.
    public func keyUsages(for key: KeyAlgorithm) -> Set<KeyUsageBit> {
        let usual: Set<KeyUsageBit> = [.digitalSignature, .keyEncipherment]
        return (keyUsages ?? usual).intersection(KeyUsageBit.possible(for: key))
    }

    /// What a certificate gets.
    ///
    /// - Parameters:
    ///   - wishes: what the request asks for, and the certificate that it renews has.
    ///   - key: the type of the key.
    /// - Returns: the usages; the key usages are empty if none of the template's fits the key.
    public func granted(_ wishes: RequestedUsages, key: KeyAlgorithm) -> GrantedUsages {
        let own = keyUsages(for: key)
        guard requested == .grant else { return GrantedUsages(keyUsages: own, extended: extendedKeyUsages) }
        let fewer = own.intersection(wishes.keyUsages ?? own)
        let more = wishes.extended.filter { wish in
            allowedExtendedKeyUsages.contains(wish) && !extendedKeyUsages.contains(wish)
        }
        return GrantedUsages(keyUsages: fewer.isEmpty ? own : fewer, extended: extendedKeyUsages + more)
    }
}

/// The usages of one certificate.
public struct GrantedUsages: Sendable, Hashable {
    /// The bits of keyUsage.
    public var keyUsages: Set<KeyUsageBit>
    /// The purposes of extKeyUsage.
    public var extended: [ExtendedUsage]

    func extensions() throws -> [Certificate.Extension] {
        let usage = KeyUsage(
            digitalSignature: keyUsages.contains(.digitalSignature),
            nonRepudiation: keyUsages.contains(.nonRepudiation),
            keyEncipherment: keyUsages.contains(.keyEncipherment),
            dataEncipherment: keyUsages.contains(.dataEncipherment),
            keyAgreement: keyUsages.contains(.keyAgreement)
        )
        return [
            try Certificate.Extension(usage, critical: true),
            try Certificate.Extension(
                ExtendedKeyUsage(extended.map { ExtendedKeyUsage.Usage(oid: $0.oid) }),
                critical: false
            ),
        ]
    }
}

/// A bit of keyUsage that an end entity's certificate may have (RFC 5280 §4.2.1.3).
public enum KeyUsageBit: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// digitalSignature.
    case digitalSignature
    /// nonRepudiation, also called contentCommitment.
    case nonRepudiation
    /// keyEncipherment.
    case keyEncipherment
    /// dataEncipherment.
    case dataEncipherment
    /// keyAgreement.
    case keyAgreement

    /// Reads a name, and refuses those that belong to CAs.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try value.decode(String.self)
        guard let bit = Self(rawValue: text) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            let isAuthoritys = ["keyCertSign", "cRLSign", "crlSign"].contains(text)
            throw DecodingError.dataCorruptedError(
                in: value,
                debugDescription: isAuthoritys
                    ? "keyUsages: \(text) belongs to CAs" : "keyUsages: '\(text)' is none of \(known)"
            )
        }
        self = bit
    }

    /// Orders bits as they are encoded.
    public static func < (left: KeyUsageBit, right: KeyUsageBit) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }

    /// What a key of some type can do: RSA keys agree on nothing (RFC 3279 §2.3.1), EC keys encipher nothing (RFC 8813 §3).
    static func possible(for key: KeyAlgorithm) -> Set<KeyUsageBit> {
        switch key {
        case .rsa: [.digitalSignature, .nonRepudiation, .keyEncipherment, .dataEncipherment]
        case .ec: [.digitalSignature, .nonRepudiation, .keyAgreement]
        }
    }
}
