// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEPCrafting

/// Rewrites BER as it may come from a server with definite lengths and strings in one piece, for the strict reader.
///
/// What is inside an OCTET STRING is left as it is.
enum DefiniteForm {
    /// What is wrong with an encoding.
    struct Defect: Error {}

    /// The deepest nesting that is followed: replies have a dozen levels.
    private static let maximumDepth = 40

    /// Reads one value and passes over what follows it.
    static func of(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...]
        return try value(&rest, depth: 0)
    }

    private static func value(_ rest: inout ArraySlice<UInt8>, depth: Int) throws -> [UInt8] {
        guard depth < maximumDepth, let tag = rest.popFirst(), tag & 0x1F != 0x1F, let first = rest.popFirst() else {
            throw Defect()
        }
        guard first != 0x80 else {
            guard tag & 0x20 != 0 else { throw Defect() }
            var members: [[UInt8]] = []
            while !rest.starts(with: [0, 0]) { members.append(try value(&rest, depth: depth + 1)) }
            rest = rest.dropFirst(2)
            return joined(tag, members)
        }
        var length = Int(first)
        if first > 0x80 {
            let digits = rest.prefix(Int(first & 0x7F))
            guard digits.count == Int(first & 0x7F), digits.count <= 4 else { throw Defect() }
            length = digits.reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(digits.count)
        }
        var content = rest.prefix(length)
        guard content.count == length else { throw Defect() }
        rest = rest.dropFirst(length)
        guard tag & 0x20 != 0 else { return TLV.encode(tag, Array(content)) }
        var members: [[UInt8]] = []
        while !content.isEmpty { members.append(try value(&content, depth: depth + 1)) }
        return joined(tag, members)
    }

    private static func joined(_ tag: UInt8, _ members: [[UInt8]]) -> [UInt8] {
        guard tag == 0x24 else { return TLV.encode(tag, members.flatMap(\.self)) }
        return TLV.octetString(members.flatMap { (try? DERElement($0))?.content ?? [] })
    }
}
