// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PKIX
import SCEPCrafting
import SwiftASN1
import TestSupport
import Testing

/// Values against swift-asn1's nodes: both have to see the same in the same bytes.
@Suite struct EncodedValueTests {
    /// Whether two readings are of the same tags, forms and bytes, all the way down.
    private static func areEqual(_ value: EncodedValue, _ node: ASN1Node) -> Bool {
        guard value.identifier == node.identifier, value.encodedBytes == node.encodedBytes else { return false }
        switch node.content {
        case .primitive(let bytes):
            return !value.isConstructed && value.content == bytes
        case .constructed(let members):
            guard value.isConstructed, var reader = try? NodeReader(value, value.identifier, "value") else {
                return false
            }
            for member in members {
                guard let read = reader.next(), areEqual(read, member) else { return false }
            }
            return reader.next() == nil
        }
    }

    /// Compares both readings, and says whether there is one.
    private static func compare(_ bytes: [UInt8]) -> Bool {
        let node = try? BER.parse(bytes)
        let value = try? ASN1Parsing.parse(bytes[...], "value")
        guard let node, let value else {
            #expect(node == nil && value == nil, "one of both reads \(bytes)")
            return false
        }
        #expect(areEqual(value, node), "they differ on \(bytes)")
        return true
    }

    /// A random value in random forms: definite and indefinite lengths, needlessly long ones, long tags.
    private static func make(depth: Int, using generator: inout SeededGenerator) -> [UInt8] {
        let isConstructed = depth < 6 && Bool.random(using: &generator)
        var tag = [UInt8.random(in: 0...7, using: &generator) << 5 | UInt8.random(in: 1...30, using: &generator)]
        if Int.random(in: 0..<8, using: &generator) == 0 {
            tag = [tag[0] | 0x1F, 0x81, UInt8.random(in: 0...0x7F, using: &generator)]
        }
        tag[0] = isConstructed ? tag[0] | 0x20 : tag[0] & ~0x20
        let content =
            isConstructed
            ? (0..<Int.random(in: 0...4, using: &generator)).flatMap { _ in make(depth: depth + 1, using: &generator) }
            : (0..<Int.random(in: 0...140, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0 where isConstructed:
            return tag + [0x80] + content + [0, 0]
        case 1:
            return tag + [0x84, 0, 0, UInt8(content.count >> 8 & 0xFF), UInt8(content.count & 0xFF)] + content
        default:
            return tag + TLV.encode(0x30, content).dropFirst()
        }
    }

    @Test func randomValuesReadAsSwiftASN1ReadsThem() {
        var generator = SeededGenerator()
        var readable = 0
        for _ in 0..<2_000 {
            let bytes = Self.make(depth: 0, using: &generator)
            guard bytes.count < 60_000 else { continue }
            if Self.compare(bytes) { readable += 1 }
            _ = Self.compare(Mutation.flip(bytes, using: &generator).bytes)
            _ = Self.compare(Array(bytes.dropLast(Int.random(in: 1...3, using: &generator))))
            _ = Self.compare(bytes + [0, 0])
        }
        #expect(readable > 1_000)
    }

    @Test func everyHeaderOfThreeBytesReadsAsSwiftASN1ReadsIt() {
        var readable = 0
        for tag: UInt8 in [0x00, 0x02, 0x1F, 0x20, 0x30, 0x3F, 0x80, 0xA0, 0xBF, 0xDF] {
            for first in UInt8.min ... .max {
                for second: UInt8 in [0x00, 0x01, 0x1E, 0x1F, 0x7F, 0x80, 0x81, 0xFF] {
                    for tail in [
                        [], [0], [0, 0], [1, 0x61, 0, 0], [0x7F, 0x01, 0x61], [UInt8](repeating: 0, count: 31),
                    ]
                    where Self.compare([tag, first, second] + tail) {
                        readable += 1
                    }
                }
            }
        }
        #expect(readable > 50)
    }

    @Test(arguments: [49, 50, 51, 52])
    func nestingEndsWhereSwiftASN1EndsIt(depth: Int) {
        var definite: [UInt8] = [0x05, 0x00]
        for _ in 1..<depth { definite = TLV.encode(0x30, definite) }
        let indefinite =
            (1..<depth).flatMap { _ in [0x30, 0x80] as [UInt8] } + [0x05, 0x00]
            + [UInt8](repeating: 0, count: 2 * (depth - 1))
        #expect(Self.compare(definite) == (depth <= 50))
        #expect(Self.compare(indefinite) == (depth <= 50))
    }

    @Test func objectIdentifiersReadAsSwiftASN1ReadsThemTheFirstTimeAndTheSecond() throws {
        var generator = SeededGenerator()
        var readable = 0
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...18, using: &generator)
            let content = (0..<count).map { _ -> UInt8 in
                [0x00, 0x01, 0x2A, 0x7F, 0x80, 0x81, 0x86, 0xFF].randomElement(using: &generator) ?? 0
            }
            let bytes = TLV.encode(0x06, content)
            let expected = try? ASN1ObjectIdentifier(berEncoded: bytes)
            let value = try ASN1Parsing.parse(bytes[...], "value")
            for _ in 0..<2 { #expect((try? value.objectIdentifier("value")) == expected, "\(content)") }
            let name = TLV.sequence(TLV.encode(0x31, TLV.sequence(bytes, TLV.encode(0x0C, [0x61]))))
            #expect(((try? Name(derEncoded: name)) != nil) == (expected != nil), "\(content)")
            if expected != nil { readable += 1 }
        }
        #expect(readable > 500)
    }
}
