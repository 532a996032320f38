// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SwiftASN1
internal import X509

/// Something whole by which a certificate is found at once, however many there are.
public enum CertificateTerm: Sendable, Hashable {
    /// SHA-256 of the certificate.
    case fingerprint([UInt8])
    /// SHA-256 of its SubjectPublicKeyInfo.
    case publicKey([UInt8])
    /// Its subject as text (RFC 4514), made comparable.
    case subject(String)
    /// One of its alternative names, such as `dns:a.example`, made comparable.
    case name(String)

    /// Reads a subject as somebody types it.
    ///
    /// - Throws: `PKIXError` when it is none.
    public init(subject text: String) throws {
        self = .subject(Self.comparable(try Name(text).description))
    }

    /// Reads an alternative name as somebody types it: `dns:a.example`, `ip:2001:db8::1`, `upn:a@b.example`.
    ///
    /// - Returns: nil when it is none.
    public init?(name text: String) {
        guard let colon = text.firstIndex(of: ":"), let kind = NameKind(rawValue: text[..<colon].lowercased()) else {
            return nil
        }
        var value = String(text[text.index(after: colon)...])
        if kind == .ip {
            // There are several ways to write an address of version 6.
            guard let name = try? GeneralName(written: text), let address = NameKind.text(of: name) else { return nil }
            value = address
        }
        self = .name(Self.comparable(value, kind))
    }

    /// All terms by which a certificate is found.
    public static func all(of certificate: CertificateRecord) -> [CertificateTerm] {
        var terms: [CertificateTerm] = [
            .fingerprint(DigestAlgorithm.sha256.digest(certificate.der)), .publicKey(certificate.publicKeyDigest),
            .subject(comparable(certificate.subject)),
        ]
        let names = (try? EncodedCertificate(derEncoded: certificate.der))?.subjectAlternativeNames
        for name in names ?? SubjectAlternativeNames() {
            guard let kind = NameKind(of: name), let text = NameKind.text(of: name) else { continue }
            let term = CertificateTerm.name(comparable(text, kind))
            if !terms.contains(term) { terms.append(term) }
        }
        return terms
    }

    /// The first 64 bits of a digest, under which the term is kept.
    ///
    /// Different terms may share a number: whoever finds something by it looks at the term itself.
    public var number: Int64 {
        let digest =
            switch self {
            case .fingerprint(let digest), .publicKey(let digest): digest
            case .subject(let text): DigestAlgorithm.sha256.digest(Array("subject\0\(text)".utf8))
            case .name(let text): DigestAlgorithm.sha256.digest(Array("name\0\(text)".utf8))
            }
        return Int64(bitPattern: digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Names of subjects are compared in whatever case (RFC 5280 §7.1).
    public static func comparable(_ subject: String) -> String { subject.lowercased() }

    /// An alternative name with its case undone where it is compared in whatever case (RFC 5280 §7.2, §7.4, §7.5).
    private static func comparable(_ value: String, _ kind: NameKind) -> String {
        let parts: (kept: Substring, folded: Substring)? =
            switch kind {
            case .dns, .ip, .upn: nil
            // The mailbox is the recipient's own affair.
            case .email: value.lastIndex(of: "@").map { (value[..<$0], value[$0...]) }
            // Scheme and host don't mind; the path does.
            case .uri: split(uri: value).map { (kept: $0.path, folded: $0.start) }
            }
        guard let parts else { return "\(kind.rawValue):\(value.lowercased())" }
        let folded = parts.folded.lowercased()
        return "\(kind.rawValue):" + (kind == .uri ? folded + parts.kept : parts.kept + folded)
    }

    private static func split(uri: String) -> (start: Substring, path: Substring)? {
        guard let colon = uri.firstIndex(of: ":") else { return nil }
        let rest = uri[uri.index(after: colon)...]
        guard rest.hasPrefix("//") else { return (uri[...colon], rest) }
        let end = rest.dropFirst(2).firstIndex { "/?#".contains($0) } ?? uri.endIndex
        return (uri[..<end], uri[end...])
    }
}
