// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// IP addresses between text and octets.
enum IPAddressText {
    /// The text of 4 or 16 octets; groups of IPv6 are not shortened to `::`, so that there is one text for each address.
    static func text(_ octets: [UInt8]) -> String {
        guard octets.count == 16 else { return octets.map(String.init).joined(separator: ".") }
        var groups: [String] = []
        var rest = octets[...]
        while let high = rest.popFirst(), let low = rest.popFirst() {
            groups.append(String(UInt16(high) << 8 | UInt16(low), radix: 16))
        }
        return groups.joined(separator: ":")
    }

    /// The octets of `192.0.2.1` or `2001:db8::1`.
    static func octets(_ text: String) -> [UInt8]? { ipv4(text) ?? ipv6(text) }

    private static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt8(part) : nil
        }
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
            guard (1...4).contains(part.count), part.allSatisfy({ $0.isASCII && $0.isHexDigit }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            octets += [UInt8(truncatingIfNeeded: group >> 8), UInt8(truncatingIfNeeded: group)]
        }
        return octets
    }
}
