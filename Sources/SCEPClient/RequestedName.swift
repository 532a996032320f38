// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
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
            guard let octets = IPAddressText.octets(value) else {
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
}
