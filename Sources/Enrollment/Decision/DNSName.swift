// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The syntax of DNS names in certificates (RFC 1034 §3.5, RFC 1123 §2.1, RFC 5280 §4.2.1.6).
enum DNSName {
    /// Whether a name is one of letters, digits and hyphens in labels; the first label may be `*`.
    static func isValid(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        var labels = name.split(separator: ".", omittingEmptySubsequences: false)[...]
        if labels.first == "*", labels.count > 2 { labels = labels.dropFirst() }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy(isLetterDigitOrHyphen)
        }
    }

    private static func isLetterDigitOrHyphen(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
