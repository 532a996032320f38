// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1
public import X509

extension GeneralName {
    /// Reads `dns:a.example`, `email:a@b.example`, `uri:https://a.example/` or `ip:192.0.2.1`, `ip:2001:db8::1`.
    ///
    /// - Throws: `malformed`, with a sentence.
    public init(written text: String) throws(PKIXError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = parts.first, let value = parts.dropFirst().first, !value.isEmpty,
            value.utf8.allSatisfy({ (33...126).contains($0) })
        else {
            throw .malformed(
                "'\(text)' is no alternative name; write dns:NAME, email:ADDRESS, uri:URI or ip:ADDRESS"
            )
        }
        switch kind.lowercased() {
        case "dns": self = .dnsName(value)
        case "email":
            guard value.contains("@") else { throw .malformed("'\(value)' is no mail address") }
            self = .rfc822Name(value)
        case "uri":
            guard value.contains(":") else { throw .malformed("'\(value)' is no absolute URI") }
            self = .uniformResourceIdentifier(value)
        case "ip":
            guard let octets = IPAddressText.octets(value) else {
                throw .malformed("'\(value)' is no IP address")
            }
            self = .ipAddress(ASN1OctetString(contentBytes: octets[...]))
        default:
            throw .malformed("'\(kind)' is no kind of alternative name; there are dns, email, uri and ip")
        }
    }
}
