// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import struct Foundation.Data

/// Messages in URLs.
enum Base64 {
    /// RFC 4648 §4.
    static func plain(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// The same in lines of 64, as PEM has them.
    static func lines(_ bytes: [UInt8]) -> String {
        String(
            decoding: Data(bytes).base64EncodedData(options: [.lineLength64Characters, .endLineWithLineFeed]),
            as: UTF8.self
        ) + "\n"
    }

    /// The same with `+`, `/` and `=` percent-escaped.
    static func escaped(_ bytes: [UInt8]) -> String {
        plain(bytes).map { character in
            switch character {
            case "+": "%2B"
            case "/": "%2F"
            case "=": "%3D"
            default: String(character)
            }
        }.joined()
    }
}
