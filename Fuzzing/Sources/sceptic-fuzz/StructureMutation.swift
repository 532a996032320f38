// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Changes one value somewhere in an encoding and writes the lengths around it anew.
///
/// Of a message that is damaged at random most are refused at the first length; these get inside.
struct StructureMutation: RandomNumberGenerator {
    /// One value: what was read of it, and how it is to be written.
    private struct Element {
        enum Content {
            case primitive([UInt8])
            /// `prefix` are the octets before the members: the unused bits of a BIT STRING.
            case constructed([Element], prefix: [UInt8])
        }

        enum Length {
            case shortest
            case long
            case indefinite
        }

        var tag: UInt8
        var content: Content
        var length = Length.shortest

        var count: Int {
            guard case .constructed(let members, _) = content else { return 1 }
            return members.reduce(1) { $0 + $1.count }
        }
    }

    private var state: UInt64

    init(seed: UInt32) { state = UInt64(seed) }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// The changed encoding; nil when the bytes are none.
    mutating func change(_ bytes: [UInt8]) -> [UInt8]? {
        guard var roots = Self.read(bytes[...], depth: 0), !roots.isEmpty else { return nil }
        let total = roots.reduce(0) { $0 + $1.count }
        let other = Self.element(Int.random(in: 0..<total, using: &self), in: roots)
        for _ in 0..<Int.random(in: 1...2, using: &self) {
            let total = roots.reduce(0) { $0 + $1.count }
            guard total > 0 else { break }
            var place = Int.random(in: 0..<total, using: &self)
            change(&roots, at: &place, other)
        }
        return roots.flatMap { Self.write($0) }
    }

    // MARK: - Changing

    /// Goes to the place in the order of the encoding and changes what is there.
    private mutating func change(_ elements: inout [Element], at place: inout Int, _ other: Element?) {
        for index in elements.indices {
            if place == 0 {
                place = -1
                apply(to: &elements, at: index, other)
                return
            }
            place -= 1
            guard case .constructed(var members, let prefix) = elements[index].content else { continue }
            change(&members, at: &place, other)
            elements[index].content = .constructed(members, prefix: prefix)
            if place < 0 { return }
        }
    }

    private mutating func apply(to elements: inout [Element], at index: Int, _ other: Element?) {
        switch Int.random(in: 0..<10, using: &self) {
        case 0: elements.remove(at: index)
        case 1: elements.insert(elements[index], at: index)
        case 2: elements.swapAt(index, Int.random(in: elements.indices, using: &self))
        case 3: if let other { elements[index] = other }
        case 4: if let other { elements.insert(other, at: index) }
        case 5: elements[index].tag = Self.tags.randomElement(using: &self) ?? 0x30
        case 6: elements[index].length = Bool.random(using: &self) ? .long : .indefinite
        case 7:
            let word = Self.words.randomElement(using: &self) ?? []
            if let element = Self.read(word[...], depth: 0)?.first { elements[index] = element }
        default:
            if case .primitive(let bytes) = elements[index].content {
                elements[index].content = .primitive(mutateBytes(bytes))
            } else {
                elements[index].content = .primitive(mutateBytes(Self.contents(of: elements[index])))
            }
        }
    }

    private static let tags: [UInt8] = [
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0C, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1C, 0x1E, 0x1F, 0x24, 0x30,
        0x31,
        0x80, 0x81, 0x82, 0x86, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xBF,
    ]

    /// Values that the readers look for.
    private static let words: [[UInt8]] = [
        "0500", "0101ff", "010100", "0201 00", "020180", "0204 7fffffff", "0400", "0300", "030100", "3000", "3100",
        "a000",
        "06092a864886f70d010101", "06092a864886f70d010107", "06092a864886f70d010108", "06092a864886f70d010109",
        "06092a864886f70d01010a", "06092a864886f70d01010b", "06072a8648ce3d0201", "06082a8648ce3d030107",
        "06082a8648ce3d040302", "06092a864886f70d010701", "06092a864886f70d010702", "06092a864886f70d010703",
        "06092a864886f70d010903", "06092a864886f70d010904", "06092a864886f70d010905", "06092a864886f70d010907",
        "06092a864886f70d01090e", "060a6086480186f845010902", "060a6086480186f845010905", "060a6086480186f845010907",
        "06092a864886f70d01050c", "060b2a864886f70d0109100309", "06082a864886f70d0207", "06082a864886f70d0209",
        "0609608648016503040201", "0609608648016503040102", "060960864801650304012a", "06082a864886f70d0307",
        "06052b0e030207", "06052b0e03021a", "06082a864886f70d0205", "0603551d0e", "0603551d0f", "0603551d11",
        "0603551d13",
        "0603551d14", "0603551d15", "0603551d1b", "0603551d1c", "0603551d1d", "0603551d1f", "0603551d2e", "0a0101",
        "170d3236303130313030303030305a", "180f39393939313233313233353935395a", "180f30303030303130313030303030305a",
        "300a0603551d1504030a0101", "300d06092a864886f70d0101010500", "1e020061", "1c0400000061", "1401ff", "0c02c3bc",
        "130131", "13023139", "a2030201 14", "a2030201 ff",
    ].map { hex in
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func element(_ number: Int, in elements: [Element]) -> Element? {
        var number = number
        for element in elements {
            if number == 0 { return element }
            if number < element.count, case .constructed(let members, _) = element.content {
                return Self.element(number - 1, in: members)
            }
            number -= element.count
        }
        return nil
    }

    // MARK: - Reading and writing

    /// Reads values that fill the bytes; nil when they don't.
    private static func read(_ bytes: ArraySlice<UInt8>, depth: Int) -> [Element]? {
        var rest = bytes
        var elements: [Element] = []
        while !rest.isEmpty {
            guard let element = readOne(&rest, depth: depth) else { return nil }
            elements.append(element)
        }
        return elements
    }

    private static func readOne(_ rest: inout ArraySlice<UInt8>, depth: Int) -> Element? {
        guard depth < 40, let tag = rest.popFirst(), let first = rest.popFirst() else { return nil }
        if first == 0x80 {
            var members: [Element] = []
            while !rest.starts(with: [0, 0]) {
                guard let member = readOne(&rest, depth: depth + 1) else { return nil }
                members.append(member)
            }
            rest = rest.dropFirst(2)
            return Element(tag: tag, content: .constructed(members, prefix: []), length: .indefinite)
        }
        var length = Int(first)
        if first > 0x80 {
            let digits = rest.prefix(Int(first & 0x7F))
            guard digits.count <= 3 else { return nil }
            rest = rest.dropFirst(digits.count)
            length = digits.reduce(0) { $0 << 8 | Int($1) }
        }
        let content = rest.prefix(length)
        guard content.count == length else { return nil }
        rest = rest.dropFirst(length)
        if tag & 0x20 != 0 {
            guard let members = read(content, depth: depth + 1) else { return nil }
            return Element(tag: tag, content: .constructed(members, prefix: []))
        }
        // Strings often hold encodings.
        let prefix = tag == 0x03 ? content.prefix(1) : []
        let inner = content.dropFirst(prefix.count)
        if tag == 0x04 || tag == 0x03 || tag == 0x80, inner.count > 1, inner.first.map({ $0 & 0x20 != 0 }) == true,
            let members = read(inner, depth: depth + 1)
        {
            return Element(tag: tag, content: .constructed(members, prefix: Array(prefix)))
        }
        return Element(tag: tag, content: .primitive(Array(content)))
    }

    private static func contents(of element: Element) -> [UInt8] {
        switch element.content {
        case .primitive(let bytes): bytes
        case .constructed(let members, let prefix): prefix + members.flatMap { write($0) }
        }
    }

    private static func write(_ element: Element) -> [UInt8] {
        let content = contents(of: element)
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (24 - 8 * $0)) }
        switch element.length {
        case .indefinite where element.tag & 0x20 != 0: return [element.tag, 0x80] + content + [0, 0]
        case .long: return [element.tag, 0x84] + octets + content
        default: break
        }
        guard content.count >= 0x80 else { return [element.tag, UInt8(content.count)] + content }
        let shortest = octets.drop { $0 == 0 }
        return [element.tag, 0x80 | UInt8(shortest.count)] + shortest + content
    }
}
