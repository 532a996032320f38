// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import StrictJSON
internal import SwiftASN1
internal import X509

/// What a token names is not to be understood, or may not be.
struct UnusableToken: Error, Hashable {
    var reason: ReasonCode
    var detail: String
}

/// What the claims of a verified token say.
struct TokenClaims: Sendable {
    /// The longest time for which a token may be good, in seconds: its id is kept until then.
    private static let maximumLifetime: Double = 366 * 86_400
    /// How much the clocks of who made it and of this server may differ, in seconds.
    private static let clockSkew: Double = 60
    /// The claims that are no attributes.
    private static let ownClaims: Set<String> = [
        "exp", "nbf", "iat", "jti", "iss", "aud", "scep_subject", "sans", "key_type", "ra_profile",
    ]

    /// The one-time id.
    var id: String
    /// Until when the token is good.
    var expires: Date
    var issuer: String?
    var boundTo: BoundIdentity?
    var raProfile: String?
    var attributes: ChallengeAttributes

    /// Understands claims.
    init(_ claims: [String: JSONValue], _ settings: TokenSourceSettings, now: Date) throws(UnusableToken) {
        guard let end = claims["exp"]?.number else { throw Self.unusable("it has no 'exp'") }
        guard end < now.timeIntervalSince1970 + Self.maximumLifetime else {
            throw Self.unusable("its 'exp' is more than a year ahead")
        }
        guard end > now.timeIntervalSince1970 else {
            throw UnusableToken(reason: .challengeExpired, detail: "by 'exp'")
        }
        if let start = claims["nbf"] {
            guard let seconds = start.number, seconds <= now.timeIntervalSince1970 + Self.clockSkew else {
                throw Self.unusable("it is not good yet, by 'nbf'")
            }
        }
        guard let id = claims["jti"]?.text, (1...1024).contains(id.utf8.count) else {
            throw Self.unusable("it has no 'jti' of 1 to 1024 bytes")
        }
        self.id = id
        self.expires = Date(timeIntervalSince1970: end)
        self.issuer = claims["iss"]?.text
        if let wanted = settings.issuer, issuer != wanted { throw Self.unusable("its 'iss' is another") }
        if let wanted = settings.audience {
            guard Self.audience(claims["aud"]).contains(wanted) else {
                throw Self.unusable("its 'aud' does not name '\(wanted)'")
            }
        } else if claims["aud"] != nil {
            // Whoever is not named has to refuse it (RFC 7519 §4.1.3): it is for somebody else, such as a web application.
            throw Self.unusable("it has an 'aud', and the source has no 'audience'")
        }
        self.raProfile = try Self.text("ra_profile", claims)
        self.boundTo = try Self.binding(claims, settings)
        self.attributes = ChallengeAttributes(
            .object(claims.filter { !Self.ownClaims.contains($0.key) }),
            under: "token"
        )
    }

    private static func unusable(_ detail: String) -> UnusableToken {
        UnusableToken(reason: .challengeUnknown, detail: detail)
    }

    private static func audience(_ claim: JSONValue?) -> [String] {
        switch claim {
        case .string(let text): [text]
        case .array(let members): members.compactMap(\.text)
        default: []
        }
    }

    /// A claim that is a text if it is there: what should bind must not be skipped because it is of another type.
    private static func text(_ name: String, _ claims: [String: JSONValue]) throws(UnusableToken) -> String? {
        guard let claim = claims[name] else { return nil }
        guard let text = claim.text, !text.isEmpty else { throw unusable("its '\(name)' is no text") }
        return text
    }

    private static func binding(
        _ claims: [String: JSONValue],
        _ settings: TokenSourceSettings
    ) throws(UnusableToken) -> BoundIdentity? {
        var subject = try text("scep_subject", claims)
        if subject == nil, settings.sub == .bound, let sub = try text("sub", claims) {
            subject = sub.contains("=") ? sub : "CN=\(escaped(sub))"
        }
        var name: Name?
        if let subject {
            guard let read = try? Name(subject), !read.isEmpty else { throw unusable("its subject can't be read") }
            name = read
        }
        var key: String?
        if let text = try text("key_type", claims) {
            guard let known = keyType(text) else { throw unusable("its 'key_type' is not known") }
            key = known
        }
        let binding: BoundIdentity?
        do {
            binding = try BoundIdentity(subject: name, names: try names(claims["sans"]), key: nil)
        } catch let error as UnusableToken {
            throw error
        } catch {
            throw unusable("its 'sans' can't be encoded")
        }
        return BoundIdentity(subject: binding?.subject, names: binding?.names, keyType: key)
    }

    private static func names(_ claim: JSONValue?) throws(UnusableToken) -> [GeneralName]? {
        guard let claim else { return nil }
        guard case .array(let members) = claim, members.count <= 64 else { throw unusable("its 'sans' is no list") }
        var names: [GeneralName] = []
        for member in members {
            guard let name = member.text.flatMap(generalName) else {
                throw unusable("its 'sans' are not of the form dns:NAME, email:ADDRESS, uri:URI or ip:ADDRESS")
            }
            names.append(name)
        }
        return names
    }

    private static func generalName(_ text: String) -> GeneralName? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = parts.first, let value = parts.dropFirst().first, !value.isEmpty,
            value.utf8.allSatisfy({ (33...126).contains($0) })
        else { return nil }
        switch kind {
        case "dns": return .dnsName(value)
        case "email": return .rfc822Name(value)
        case "uri": return .uniformResourceIdentifier(value)
        case "ip":
            return IPAddressText.octets(value).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        default: return nil
        }
    }

    /// The type of key as traces name it, from that or from the command line's word: `RSA-2048`, `rsa2048`, `EC P-256`, `p256`.
    private static func keyType(_ text: String) -> String? {
        let word = text.lowercased().filter { $0 != "-" && $0 != " " }
        if word.hasPrefix("rsa"), let bits = Int(word.dropFirst(3)), (1024...16_384).contains(bits) {
            return KeyAlgorithm.rsa(bits: bits).description
        }
        return NamedCurve.allCases.first { curve in
            let name = curve.rawValue.lowercased().filter { $0 != "-" }
            return word == name || word == "ec" + name
        }.map { KeyAlgorithm.ec($0).description }
    }

    /// A value for a name's text, with everything escaped that means something there (RFC 4514 §2.4).
    private static func escaped(_ value: String) -> String {
        value.utf8.reduce(into: "") { text, byte in
            let isPlain =
                byte.isLetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            text += isPlain ? String(Unicode.Scalar(byte)) : "\\" + [byte].hexadecimal
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
