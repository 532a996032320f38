// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1
public import X509

/// An alternative name that certificates get, such as `dns:${csr.subject.CN}.example.com`.
///
/// A placeholder with several values makes a name for each. A line that comes out empty makes none.
public struct NameTemplate: Sendable, Hashable, Codable {
    /// The kind of name.
    public let kind: NameKind
    let template: TextTemplate

    /// Reads `dns:`, `email:`, `uri:`, `ip:` or `upn:`, with what follows.
    ///
    /// - Throws: `malformed`, also when a requester could choose an account.
    public init(_ text: String) throws(TemplateError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let kind = NameKind(rawValue: parts[0]), !parts[1].isEmpty else {
            throw .malformed("'\(text)' is no name: write dns:…, email:…, uri:…, ip:… or upn:…")
        }
        self.kind = kind
        self.template = try TextTemplate(parts[1])
        let isRequesters = template.paths.contains(where: \.isRequesters)
        if isRequesters, kind == .upn || isIdentifier {
            throw .malformed(
                "'\(text)' would let whoever asks choose an account: take it from elsewhere than the request"
            )
        }
    }

    /// Reads a text.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try value.decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "names: \(error.sentence)")
        }
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(text)
    }

    /// The line.
    public var text: String { "\(kind.rawValue):\(template.text)" }

    /// Whether it writes the SID of an account.
    private var isIdentifier: Bool {
        kind == .uri && template.literalPrefix.lowercased().hasPrefix(NameKind.identifierPrefix)
    }

    /// Whether a name is of the kind that this line writes.
    func writes(_ name: GeneralName) -> Bool {
        guard NameKind(of: name) == kind else { return false }
        if case .uniformResourceIdentifier(let uri) = name {
            return uri.lowercased().hasPrefix(NameKind.identifierPrefix) == isIdentifier
        }
        return true
    }

    /// The names of a request's certificate.
    ///
    /// - Throws: `missing`, `ambiguous`, `unfit`.
    public func fill(_ values: TemplateValues) throws(TemplateError) -> [GeneralName] {
        var names: [GeneralName] = []
        let texts = try template.fill(values) { (value) throws(TemplateError) in try fit(value) }
        for text in texts where !text.isEmpty {
            names.append(try name(text))
        }
        return names
    }

    /// A value as it may stand in a name of this kind with something around it.
    private func fit(_ value: String) throws(TemplateError) -> String {
        switch kind {
        case .dns:
            // Who asks for the name '*' would get a certificate for everybody's.
            guard !value.contains("*") else {
                throw .unfit("'\(value)' has an asterisk, which only a template may write")
            }
            return value
        case .uri where template.pieces.count > 1: return Self.percentEncoded(value)
        case .uri, .email, .ip, .upn: return value
        }
    }

    private func name(_ text: String) throws(TemplateError) -> GeneralName {
        switch kind {
        case .dns:
            guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .unfit("'\(text)' is no DNS name") }
            return .dnsName(text)
        case .email:
            guard Self.isAddress(text) else { throw .unfit("'\(text)' is no mail address") }
            return .rfc822Name(text)
        case .uri:
            guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), Self.hasScheme(text) else {
                throw .unfit("'\(text)' is no absolute URI")
            }
            guard isIdentifier || !text.lowercased().hasPrefix(NameKind.identifierPrefix) else {
                throw .unfit("'\(text)' names an account, which only a template may write")
            }
            return .uniformResourceIdentifier(text)
        case .ip:
            guard let octets = IPAddressText.octets(text) else { throw .unfit("'\(text)' is no IP address") }
            return .ipAddress(ASN1OctetString(contentBytes: octets[...]))
        case .upn:
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !text.contains(" "),
                text.unicodeScalars.count <= 1024, !text.hasInvisibleCharacters,
                let value = try? ASN1Any(erasing: ASN1UTF8String(text))
            else { throw .unfit("'\(text)' is no user principal name") }
            return .otherName(GeneralName.OtherName(typeID: NameKind.userPrincipalName, value: value))
        }
    }

    /// One address without comments, quotes or a second at sign (RFC 5321 §4.1.2, as RFC 5280 §4.2.1.6 has it).
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 254 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-/=?^_`{|}~.@".utf8.contains($0) }
            && (parts.last ?? "").utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }
    }

    private static func hasScheme(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), let first = text.utf8.first, text.last != ":" else { return false }
        return isAlphanumeric(first) && !(0x30...0x39).contains(first)
            && text[..<colon].utf8.allSatisfy { isAlphanumeric($0) || "+-.".utf8.contains($0) }
    }

    /// RFC 3986 §2.3: what may stand everywhere in a URI, and nothing else.
    private static func percentEncoded(_ value: String) -> String {
        var text = ""
        for byte in value.utf8 {
            if isAlphanumeric(byte) || "-._~".utf8.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) && byte < 0x80
    }
}
