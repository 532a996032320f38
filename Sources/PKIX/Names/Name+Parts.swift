// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1

extension Name {
    /// One attribute as rules look at it.
    package struct Part: Sendable, Hashable {
        /// The keyword of its type, such as `CN`, or the type's number.
        package var keyword: String
        /// Its value; nil when it is of a type that holds no text.
        package var text: String?
    }

    /// The attributes, in the order of the encoding.
    package var parts: [Part] {
        attributes.joined().map { Part(keyword: Self.keyword($0.type), text: $0.text) }
    }

    /// The keyword of an attribute type as `parts` writes it, from one in whatever letter case; nil when there is no such type.
    package static func keyword(matching text: String) -> String? {
        type(of: text).map(keyword)
    }

    private static func keyword(_ type: ASN1ObjectIdentifier) -> String { keyword(of: type) ?? "\(type)" }
}
