// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import PKIX
internal import SwiftASN1
internal import X509

/// The rules that an end entity's certificate must keep before it is signed.
///
/// Each has a stable code.
public enum CertificateLint: Sendable {
    private struct Rule: Sendable {
        var code: String
        var isKept: @Sendable (TBSCertificate) -> Bool
    }

    private static let rules: [Rule] = [
        // RFC 5280 §4.1.2.2: positive, at most 20 octets; the baseline's 64 bits of randomness.
        Rule(code: "serial.form") {
            (8...20).contains($0.serialNumber.count) && ($0.serialNumber.first ?? 0x80) < 0x80
        },
        Rule(code: "serial.minimal") { body in
            let octets = body.serialNumber.prefix(2)
            return octets.first != 0 || (octets.last ?? 0) >= 0x80
        },
        // RFC 5280 §4.1.2.5.
        Rule(code: "validity.order") { $0.notBefore < $0.notAfter },
        // RFC 5280 §4.1.2.6: without a subject the alternative names carry the identity, and are critical.
        Rule(code: "subject.present") { body in
            !body.subject.isEmpty || body.extensions.contains { $0.oid == .PKIX.subjectAltName && $0.critical }
        },
        // RFC 5280 §4.2: no extension twice.
        Rule(code: "extensions.unique") { Set($0.extensions.map(\.oid)).count == $0.extensions.count },
        // RFC 5280 §4.2.1.9: an end entity is no CA.
        Rule(code: "basicConstraints.endEntity") { body in
            let value = body.extensions.first { $0.oid == .PKIX.basicConstraints }
            return value.flatMap { try? BasicConstraints($0) } == .notCertificateAuthority
        },
        // RFC 5280 §4.2.1.3: keyCertSign and cRLSign belong to CAs.
        Rule(code: "keyUsage.endEntity") { body in
            guard let value = body.extensions.first(where: { $0.oid == .PKIX.keyUsage }), value.critical,
                let usage = try? KeyUsage(value)
            else { return false }
            return !usage.keyCertSign && !usage.cRLSign
        },
        // RFC 5280 §4.2.1.12: without purposes, or with anyExtendedKeyUsage, a certificate would be good for everything.
        Rule(code: "extKeyUsage.endEntity") { body in
            guard let value = body.extensions.first(where: { $0.oid == .PKIX.extendedKeyUsage }),
                let usages = try? ExtendedKeyUsage(value)
            else { return false }
            return !usages.isEmpty && !usages.contains(.any)
        },
        // RFC 5280 §4.2.1.1 and §4.2.1.2.
        Rule(code: "keyIdentifiers.present") { body in
            body.extensions.contains { $0.oid == .PKIX.authorityKeyIdentifier }
                && body.extensions.contains { $0.oid == .PKIX.subjectKeyIdentifier }
        },
    ]

    /// The codes of the rules that a certificate breaks; empty when it may be signed.
    public static func violations(_ certificate: TBSCertificate) -> [String] {
        rules.filter { !$0.isKept(certificate) }.map(\.code)
    }
}
