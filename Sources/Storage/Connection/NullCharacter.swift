// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension String {
    /// The text with U+2400, the picture of U+0000, for each U+0000, which clients may send and PostgreSQL's texts can't hold.
    var withoutNull: String {
        guard utf8.contains(0) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{2400}" : $0 }))
    }
}
