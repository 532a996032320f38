// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One encoded value, located in the bytes that it is part of.
struct LocatedElement: Sendable, Hashable {
    /// The identifier octet.
    var tag: UInt8
    /// Identifier, length and content.
    var encoding: Range<Int>
    /// The content alone.
    var content: Range<Int>
}

/// Walks over values that lie side by side, one at a time, and builds nothing of them.
///
/// `ASN1Parsing` makes a node of each value, about a hundred bytes of memory, and therefore refuses more than 65,536 of them, which a
/// large CRL exceeds. Here the memory stays the same whatever the count, and a caller bounds the bytes. What is walked has to have
/// definite lengths and tags of one octet, as DER's are that PKIX uses.
struct ElementWalker {
    /// 0x30, the identifier octet of a SEQUENCE.
    static let sequence: UInt8 = 0x30
    /// 0x02, the identifier octet of an INTEGER.
    static let integer: UInt8 = 0x02
    /// 0x03, the identifier octet of a BIT STRING.
    static let bitString: UInt8 = 0x03
    /// 0xA0, the identifier octet of an EXPLICIT [0].
    static let explicit0: UInt8 = 0xA0
    /// The identifier octets of UTCTime and GeneralizedTime.
    static let times: Set<UInt8> = [0x17, 0x18]

    private let bytes: [UInt8]
    private var offset: Int
    private let end: Int
    private let structure: String

    /// Starts at the beginning of a part of the bytes.
    init(_ bytes: [UInt8], _ range: Range<Int>, _ structure: String) {
        self.bytes = bytes
        let part = range.clamped(to: bytes.indices)
        self.offset = part.lowerBound
        self.end = part.upperBound
        self.structure = structure
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { offset >= end }

    /// Takes the next value.
    ///
    /// - Returns: nil at the end.
    /// - Throws: `malformed` when it is cut off, or its tag or length is not of one of the forms above.
    mutating func next() throws(PKIXError) -> LocatedElement? {
        guard offset < end else { return nil }
        guard let element = locate() else { throw .malformed("\(structure): not well-formed DER") }
        offset = element.encoding.upperBound
        return element
    }

    /// Takes the next value, which must have one of some identifier octets.
    mutating func next(_ tags: Set<UInt8>, _ member: String) throws(PKIXError) -> LocatedElement {
        guard let element = try next(), tags.contains(element.tag) else {
            throw .malformed("\(structure): \(member) is missing")
        }
        return element
    }

    /// Takes the next value if it has one of some identifier octets.
    mutating func nextIf(_ tags: Set<UInt8>) throws(PKIXError) -> LocatedElement? {
        guard offset < end, tags.contains(bytes[offset]) else { return nil }
        return try next()
    }

    /// Requires that nothing is left.
    func requireEnd() throws(PKIXError) {
        guard isAtEnd else { throw .malformed("\(structure): something follows its end") }
    }

    /// Every subscript and every sum below stays in bounds: `end` is at most the count of the bytes, a header at most six bytes long.
    private func locate() -> LocatedElement? {
        let tag = bytes[offset]
        guard end - offset >= 2, tag & 0x1F != 0x1F else { return nil }
        var length = Int(bytes[offset + 1])
        var start = offset + 2
        if length >= 0x80 {
            let count = length & 0x7F
            // Four bytes of length name more than any limit lets through.
            guard (1...4).contains(count), end - start >= count else { return nil }
            length = 0
            for index in start..<start + count { length = length << 8 | Int(bytes[index]) }
            start += count
        }
        guard length <= end - start else { return nil }
        return LocatedElement(tag: tag, encoding: offset..<start + length, content: start..<start + length)
    }
}
