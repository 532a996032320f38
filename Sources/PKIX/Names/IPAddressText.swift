// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// IP addresses as people write them and as certificates hold them (RFC 5280 §4.2.1.6).
package enum IPAddressText {
    /// The four or sixteen octets of `192.0.2.1` or `2001:db8::1`; nil when it is no address.
    package static func octets(_ text: String) -> [UInt8]? {
        ipv4(text) ?? ipv6(text)
    }

    /// The address in full, such as `192.0.2.1` or `2001:db8:0:0:0:0:0:1`; nil when it is of another length.
    package static func text(_ octets: some Collection<UInt8>) -> String? {
        let octets = Array(octets)
        switch octets.count {
        case 4: return octets.map(String.init).joined(separator: ".")
        case 16:
            return stride(from: 0, to: 16, by: 2)
                .map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }
                .joined(separator: ":")
        default: return nil
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
