// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1
public import X509

/// A subject alternative name that a client asks for (RFC 5280 §4.2.1.6).
public struct RequestedName: Sendable, Hashable {
    /// The name.
    public let name: GeneralName

    /// Takes a name as it is.
    public init(_ name: GeneralName) {
        self.name = name
    }

    /// Reads `dns:a.example`, `email:a@b.example`, `uri:https://a.example/` or `ip:192.0.2.1`, `ip:2001:db8::1`.
    ///
    /// - Throws: `invalidInput`.
    public init(_ text: String) throws(SCEPClientError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = parts.first, let value = parts.dropFirst().first, !value.isEmpty,
            value.utf8.allSatisfy({ (33...126).contains($0) })
        else {
            throw .invalidInput(
                "'\(text)' is no alternative name; write dns:NAME, email:ADDRESS, uri:URI or ip:ADDRESS"
            )
        }
        switch kind.lowercased() {
        case "dns": self.name = .dnsName(value)
        case "email":
            guard value.contains("@") else { throw .invalidInput("'\(value)' is no mail address") }
            self.name = .rfc822Name(value)
        case "uri":
            guard value.contains(":") else { throw .invalidInput("'\(value)' is no absolute URI") }
            self.name = .uniformResourceIdentifier(value)
        case "ip":
            guard let octets = Self.ipv4(value) ?? Self.ipv6(value) else {
                throw .invalidInput("'\(value)' is no IP address")
            }
            self.name = .ipAddress(ASN1OctetString(contentBytes: octets[...]))
        default:
            throw .invalidInput("'\(kind)' is no kind of alternative name; there are dns, email, uri and ip")
        }
    }

    /// The extension that asks for some names.
    ///
    /// - Returns: nil when there are none.
    static func `extension`(_ names: [RequestedName]) throws(SCEPClientError) -> Certificate.Extension? {
        guard !names.isEmpty else { return nil }
        do {
            return try Certificate.Extension(SubjectAlternativeNames(names.map(\.name)), critical: false)
        } catch {
            throw .invalidInput("an alternative name can't be encoded")
        }
    }

    private static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part in part.allSatisfy(\.isNumber) ? UInt8(part) : nil }
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    /// Eight groups of four digits, of which one run of zeros may be left out as `::` (RFC 4291 §2.2).
    private static func ipv6(_ text: String) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let all = groups(text)
            return all?.count == 16 ? all : nil
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: some StringProtocol) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var octets: [UInt8] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(part.count), part.allSatisfy(\.isHexDigit), let group = UInt16(part, radix: 16)
            else {
                return nil
            }
            octets += [UInt8(truncatingIfNeeded: group >> 8), UInt8(truncatingIfNeeded: group)]
        }
        return octets
    }
}
