// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension String {
    /// The text with U+FFFD for whatever would steer a terminal or break a line, as strangers write it into their requests.
    var showable: String {
        // Nearly all of it is plain ASCII.
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
        let scalars = unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
