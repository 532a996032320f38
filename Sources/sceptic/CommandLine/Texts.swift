// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

internal import struct Foundation.Data
internal import struct Foundation.Date

/// Texts for people.
enum Texts {
    /// A moment, to the second, in UTC.
    static func moment(_ date: Date) -> String {
        date.formatted(.iso8601)
    }

    /// A fingerprint as people compare them: upper-case bytes with colons.
    static func fingerprint(_ bytes: [UInt8]) -> String {
        bytes.map { [$0].hexadecimal.uppercased() }.joined(separator: ":")
    }

    /// A digest in hexadecimal digits as people compare fingerprints.
    static func fingerprint(_ digits: String) -> String {
        var rest = Substring(digits.uppercased())
        var bytes: [Substring] = []
        while !rest.isEmpty {
            bytes.append(rest.prefix(2))
            rest = rest.dropFirst(2)
        }
        return bytes.joined(separator: ":")
    }

    /// PEM (RFC 7468) of what is in base64 without line ends.
    static func pem(_ base64: String, label: String) -> String {
        let base64 = Array(base64)
        var lines: [String] = []
        for start in stride(from: 0, to: base64.count, by: 64) {
            lines.append(String(base64.dropFirst(start).prefix(64)))
        }
        return "-----BEGIN \(label)-----\n" + lines.joined(separator: "\n") + "\n-----END \(label)-----"
    }
}
