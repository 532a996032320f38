// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Something that is listed.
public protocol ListedDocument: AdminDocument {}

/// A part of a list, found by the key of what came before it: a list that grows meanwhile skips nothing and repeats nothing.
public struct Page<Item: ListedDocument>: AdminDocument {
    /// What is in it.
    public var items: [Item]
    /// What to name as `after` to get what follows; nil at the end.
    public var next: String?

    /// Puts a page together.
    public init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }

    /// What its JSON looks like.
    public static var schema: ObjectSchema {
        ObjectSchema(
            Item.schema.name.map { $0 + "Page" },
            .required("items", .list(of: .object(Item.schema)), "What is in this part of the list."),
            .optional("next", .text, "What to name as 'after' to get what follows; missing at the end.")
        )
    }
}

extension ObjectSchema.Property {
    /// Where a page begins.
    static let after = Self.optional(
        "after",
        .identifier,
        "Begin behind this: the 'next' of the page before."
    )
    /// How long a page is.
    static let limit = Self.optional("limit", .integer(1...1000), "How many at most; 100 if it is left out.")
}
