// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension String {
    /// The text with U+FFFD for whatever would steer a terminal or break a line, as strangers write it into their requests.
    var showable: String {
        // Nearly all of it is plain ASCII, and there is much of it on the way of each request.
        let bytes = utf8.span
        var isPlain = true
        for index in bytes.indices { isPlain = isPlain && (0x20..<0x7F).contains(bytes[index]) }
        if isPlain { return self }
        let scalars = unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
