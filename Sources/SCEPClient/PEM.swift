// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// The textual encoding of certificates and keys (RFC 7468).
public enum PEM: Sendable {
    /// The label of a certificate.
    public static let certificate = "CERTIFICATE"
    /// The label of a PKCS#8 private key.
    public static let privateKey = "PRIVATE KEY"

    /// Writes one block, which ends in a line feed.
    public static func encode(_ der: [UInt8], label: String) -> String {
        let base64 = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(base64)\n-----END \(label)-----\n"
    }

    /// Reads the blocks of a text, in order; text between them is passed over.
    ///
    /// - Returns: the label and the content of each block that is well-formed.
    public static func decode(_ text: String) -> [(label: String, der: [UInt8])] {
        var blocks: [(label: String, der: [UInt8])] = []
        var label: String?
        var base64 = ""
        for line in text.split(whereSeparator: \.isNewline).map({ $0.trimmingCharacters(in: .whitespaces) }) {
            if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----") {
                label = String(line.dropFirst(11).dropLast(5))
                base64 = ""
            } else if let open = label, line == "-----END \(open)-----" {
                if let data = Data(base64Encoded: base64) { blocks.append((open, Array(data))) }
                label = nil
            } else if label != nil {
                base64 += line
            }
        }
        return blocks
    }
}
