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

    /// Base64 without line ends.
    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// PEM (RFC 7468).
    static func pem(_ der: [UInt8], label: String) -> String {
        let base64 = Array(Data(der).base64EncodedString())
        var lines: [String] = []
        for start in stride(from: 0, to: base64.count, by: 64) {
            lines.append(String(base64.dropFirst(start).prefix(64)))
        }
        return "-----BEGIN \(label)-----\n" + lines.joined(separator: "\n") + "\n-----END \(label)-----"
    }
}
