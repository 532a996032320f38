// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
internal import SwiftASN1
internal import X509

/// The usages that a request asks for.
public struct RequestedUsages: Sendable, Hashable {
    /// The key usages; nil when it says nothing of them.
    public var keyUsages: Set<KeyUsageBit>?
    /// The extended key usages, anyExtendedKeyUsage among them.
    public var extended: [ExtendedUsage] = []

    /// Nothing.
    public init() {}

    /// Those of them that a certificate does not get, for people.
    public func beyond(_ granted: GrantedUsages) -> [String] {
        (keyUsages ?? []).subtracting(granted.keyUsages).sorted().map(\.rawValue)
            + extended.filter { !granted.extended.contains($0) }.map(\.description)
    }
}

/// What a request asks for by extensions beside its names.
public struct RequestWishes: Sendable, Hashable {
    /// The usages that a template could grant.
    public private(set) var usages = RequestedUsages()
    /// What no template grants, for people.
    public private(set) var ungrantable: [String] = []

    private static let names: [ASN1ObjectIdentifier: String] = [
        [1, 3, 6, 1, 4, 1, 311, 25, 2]: "the SID of an account",
        [1, 3, 6, 1, 4, 1, 311, 21, 10]: "application policies",
        [1, 3, 6, 1, 4, 1, 311, 20, 2]: "a template's name", [1, 3, 6, 1, 4, 1, 311, 21, 7]: "a template",
        [2, 5, 29, 30]: "nameConstraints", [2, 5, 29, 32]: "certificatePolicies", [2, 5, 29, 36]: "policyConstraints",
    ]

    /// Reads the extensions of a request.
    public init(_ request: CertificationRequest) {
        for wish in request.requestedExtensions {
            switch wish.oid {
            // The names have rules of their own, and the key identifier is made here whatever anybody asks.
            case .PKIX.subjectAltName, .PKIX.subjectKeyIdentifier: continue
            case .PKIX.basicConstraints:
                if (try? BasicConstraints(wish)) != .notCertificateAuthority {
                    ungrantable.append("basicConstraints of a CA")
                }
            case .PKIX.keyUsage: read(keyUsage: wish)
            case .PKIX.extendedKeyUsage: read(extendedKeyUsage: wish)
            default:
                ungrantable.append(Self.names[wish.oid].map { "\($0) (\(wish.oid))" } ?? "\(wish.oid)")
            }
        }
    }

    private mutating func read(keyUsage wish: Certificate.Extension) {
        guard let usage = try? KeyUsage(wish) else { return ungrantable.append("an unreadable keyUsage") }
        if usage.keyCertSign { ungrantable.append("keyUsage keyCertSign") }
        if usage.cRLSign { ungrantable.append("keyUsage cRLSign") }
        usages.keyUsages = KeyUsageBit.bits(of: usage)
    }

    private mutating func read(extendedKeyUsage wish: Certificate.Extension) {
        guard let usage = try? ExtendedKeyUsage(wish) else { return ungrantable.append("an unreadable extKeyUsage") }
        usages.extended = usage.map { ExtendedUsage(oid: ASN1ObjectIdentifier($0)) }
    }

    /// Adds what the certificate has that is renewed: a renewal must not lose what its holder was granted (client-quirks J11).
    public mutating func add(_ renewed: EncodedCertificate) {
        if usages.keyUsages == nil { usages.keyUsages = renewed.keyUsage.map(KeyUsageBit.bits) }
        let held = renewed.extension(.PKIX.extendedKeyUsage).flatMap { try? ExtendedKeyUsage($0) } ?? ExtendedKeyUsage()
        for usage in held.map({ ExtendedUsage(oid: ASN1ObjectIdentifier($0)) }) where !usages.extended.contains(usage) {
            usages.extended.append(usage)
        }
    }
}

extension KeyUsageBit {
    static func bits(of usage: KeyUsage) -> Set<KeyUsageBit> {
        let bits: [(KeyUsageBit, Bool)] = [
            (.digitalSignature, usage.digitalSignature), (.nonRepudiation, usage.nonRepudiation),
            (.keyEncipherment, usage.keyEncipherment), (.dataEncipherment, usage.dataEncipherment),
            (.keyAgreement, usage.keyAgreement),
        ]
        return Set(bits.filter(\.1).map(\.0))
    }
}
