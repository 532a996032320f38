// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One attribute of a name as text.
public struct NameAttribute: Sendable, Hashable {
    /// The attribute type's object identifier, such as `2.5.4.3`.
    public let type: String
    /// The value.
    public let value: String
}

extension Name {
    /// The attributes whose values are text, in the order of the encoding.
    public var textAttributes: [NameAttribute] {
        attributes.joined().compactMap { attribute in
            attribute.text.map { NameAttribute(type: "\(attribute.type)", value: $0) }
        }
    }
}
