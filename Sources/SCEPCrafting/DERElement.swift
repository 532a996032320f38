// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One value of a DER encoding, read by a small strict reader that shares nothing with the reader of the library.
package struct DERElement: Sendable, Equatable {
    /// What is wrong with an encoding.
    package enum Defect: Error, Sendable {
        case truncated
        case indefiniteLength
        case longLength
        case trailingBytes
        case missing
    }

    /// The identifier octet.
    package let tag: UInt8
    /// The content octets.
    package let content: [UInt8]
    /// The whole encoding.
    package let encoded: [UInt8]

    /// Reads one value that fills the bytes.
    package init(_ bytes: [UInt8]) throws {
        let (element, rest) = try Self.first(bytes[...])
        guard rest.isEmpty else { throw Defect.trailingBytes }
        self = element
    }

    private init(tag: UInt8, content: [UInt8], encoded: [UInt8]) {
        self.tag = tag
        self.content = content
        self.encoded = encoded
    }

    /// The members of a constructed value; none for a primitive one.
    package var members: [DERElement] {
        get throws {
            guard tag & 0x20 != 0 else { return [] }
            var members: [DERElement] = []
            var rest = content[...]
            while !rest.isEmpty {
                let (element, after) = try Self.first(rest)
                members.append(element)
                rest = after
            }
            return members
        }
    }

    /// The member at a path of indices.
    package func at(_ path: Int...) throws -> DERElement {
        var element = self
        for index in path {
            let members = try element.members
            guard members.indices.contains(index) else { throw Defect.missing }
            element = members[index]
        }
        return element
    }

    /// The text of a string.
    package var text: String { String(decoding: content, as: UTF8.self) }

    /// Whether this and all inside is DER with respect to lengths.
    package var isWellFormed: Bool {
        guard let members = try? members else { return false }
        return members.allSatisfy(\.isWellFormed)
    }

    private static func first(_ bytes: ArraySlice<UInt8>) throws -> (DERElement, ArraySlice<UInt8>) {
        guard let tag = bytes.first, let short = bytes.dropFirst().first else { throw Defect.truncated }
        var header = 2
        var length = Int(short)
        if short == 0x80 { throw Defect.indefiniteLength }
        if short > 0x80 {
            let count = Int(short & 0x7F)
            let digits = bytes.dropFirst(2).prefix(count)
            guard digits.count == count else { throw Defect.truncated }
            guard count <= 4, digits.first != 0 else { throw Defect.longLength }
            length = digits.reduce(0) { $0 << 8 | Int($1) }
            guard length >= 128 else { throw Defect.longLength }
            header += count
        }
        let content = bytes.dropFirst(header).prefix(length)
        guard content.count == length else { throw Defect.truncated }
        let encoded = Array(bytes.prefix(header + length))
        return (DERElement(tag: tag, content: Array(content), encoded: encoded), bytes.dropFirst(header + length))
    }
}
