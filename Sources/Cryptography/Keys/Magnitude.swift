// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A natural number of any size, for the few questions that are asked of a peer's modulus.
///
/// Not for secrets: its time depends on the numbers.
struct Magnitude: Equatable, Sendable {
    /// The words, least significant first; the last one is not zero.
    private(set) var words: [UInt64]

    init(words: [UInt64]) {
        self.words = words
        trim()
    }

    /// Reads a big-endian number.
    init(bigEndian bytes: ArraySlice<UInt8>) {
        let bytes = bytes.span
        var words: [UInt64] = []
        words.reserveCapacity(bytes.count / 8 + 1)
        var word: UInt64 = 0
        var shift: UInt64 = 0
        for index in bytes.indices.reversed() {
            word |= UInt64(bytes[index]) << shift
            shift += 8
            if shift == 64 {
                words.append(word)
                (word, shift) = (0, 0)
            }
        }
        if shift > 0 { words.append(word) }
        self.init(words: words)
    }

    var isZero: Bool { words.isEmpty }
    var isEven: Bool { (words.first ?? 0) & 1 == 0 }
    var bitWidth: Int { words.count * 64 - (words.last?.leadingZeroBitCount ?? 0) }

    private mutating func trim() {
        while words.last == 0 { words.removeLast() }
    }

    /// The remainder by a divisor above zero.
    func remainder(_ divisor: UInt64) -> UInt64 {
        var remainder: UInt64 = 0
        for word in words.reversed() {
            // The remainder is below the divisor, so that the quotient fits.
            remainder = divisor.dividingFullWidth((remainder, word)).remainder
        }
        return remainder
    }

    func squared() -> Magnitude {
        let count = words.count
        var result = [UInt64](repeating: 0, count: 2 * count)
        for low in 0..<count {
            var carry: UInt64 = 0
            for high in 0..<count {
                let product = words[low].multipliedFullWidth(by: words[high])
                let (sum, first) = result[low + high].addingReportingOverflow(product.low)
                let (total, second) = sum.addingReportingOverflow(carry)
                result[low + high] = total
                // The product's high half is at most 2^64 - 2, and at most one of two carries meets that.
                carry = product.high &+ (first ? 1 : 0) &+ (second ? 1 : 0)
            }
            result[low + count] = carry
        }
        return Magnitude(words: result)
    }

    static func + (left: Magnitude, right: Magnitude) -> Magnitude {
        let (long, short) = left.words.count >= right.words.count ? (left, right) : (right, left)
        var result = long.words
        var carry = false
        for index in result.indices {
            if index >= short.words.count, !carry { break }
            let other = index < short.words.count ? short.words[index] : 0
            let (sum, first) = result[index].addingReportingOverflow(other)
            let (total, second) = sum.addingReportingOverflow(carry ? 1 : 0)
            result[index] = total
            carry = first || second
        }
        if carry { result.append(1) }
        return Magnitude(words: result)
    }

    /// The difference; nil when it is below zero.
    func subtracting(_ other: Magnitude) -> Magnitude? {
        guard words.count >= other.words.count else { return nil }
        var result = words
        var borrow = false
        for index in result.indices {
            let subtrahend = index < other.words.count ? other.words[index] : 0
            let (difference, first) = result[index].subtractingReportingOverflow(subtrahend)
            let (total, second) = difference.subtractingReportingOverflow(borrow ? 1 : 0)
            result[index] = total
            borrow = first || second
        }
        return borrow ? nil : Magnitude(words: result)
    }

    func halved() -> Magnitude {
        var result = words
        for index in result.indices {
            let above = index + 1 < words.count ? words[index + 1] : 0
            result[index] = words[index] >> 1 | above << 63
        }
        return Magnitude(words: result)
    }

    /// The number without its lowest words.
    func droppingWords(_ count: Int) -> Magnitude {
        Magnitude(words: Array(words.dropFirst(count)))
    }

    /// The number times 2^64 to a power.
    func appendingWords(_ count: Int) -> Magnitude {
        isZero ? self : Magnitude(words: [UInt64](repeating: 0, count: count) + words)
    }

    private func shiftedLeft(_ bits: UInt64) -> [UInt64] {
        guard bits > 0 else { return words + [0] }
        var result: [UInt64] = []
        result.reserveCapacity(words.count + 1)
        var carry: UInt64 = 0
        for word in words {
            result.append(word << bits | carry)
            carry = word >> (64 - bits)
        }
        result.append(carry)
        return result
    }

    /// The whole part of a division by a number above zero (Knuth, The Art of Computer Programming, 4.3.1 D).
    func quotient(_ divisor: Magnitude) -> Magnitude {
        guard let top = divisor.words.last else { return Magnitude(words: []) }
        let count = divisor.words.count
        guard words.count >= count else { return Magnitude(words: []) }
        let shift = UInt64(top.leadingZeroBitCount)
        var rest = shiftedLeft(shift)
        let normal = Array(divisor.shiftedLeft(shift).prefix(count))
        let first = normal[count - 1]
        let second = count > 1 ? normal[count - 2] : 0
        var quotient = [UInt64](repeating: 0, count: words.count - count + 1)
        for position in quotient.indices.reversed() {
            var digit = Self.digit(rest, position + count, first, second)
            if Self.subtract(normal, times: digit, from: &rest, at: position) {
                digit &-= 1
                Self.add(normal, to: &rest, at: position)
            }
            quotient[position] = digit
        }
        return Magnitude(words: quotient)
    }

    /// The next digit of a quotient, or one more.
    private static func digit(_ rest: [UInt64], _ top: Int, _ first: UInt64, _ second: UInt64) -> UInt64 {
        let (high, low) = (rest[top], rest[top - 1])
        let third = top > 1 ? rest[top - 2] : 0
        var digit = UInt64.max
        var remainder: UInt64
        if high >= first {
            let (sum, overflow) = low.addingReportingOverflow(first)
            if overflow { return digit }
            remainder = sum
        } else {
            (digit, remainder) = first.dividingFullWidth((high, low))
        }
        while true {
            let product = digit.multipliedFullWidth(by: second)
            guard product.high > remainder || (product.high == remainder && product.low > third) else { return digit }
            digit &-= 1
            let (sum, overflow) = remainder.addingReportingOverflow(first)
            if overflow { return digit }
            remainder = sum
        }
    }

    /// Subtracts a multiple; whether that was too much.
    private static func subtract(
        _ number: [UInt64],
        times digit: UInt64,
        from rest: inout [UInt64],
        at position: Int
    ) -> Bool {
        var carry: UInt64 = 0
        var borrow: UInt64 = 0
        for index in number.indices {
            let product = number[index].multipliedFullWidth(by: digit)
            let (low, overflow) = product.low.addingReportingOverflow(carry)
            carry = product.high &+ (overflow ? 1 : 0)
            let (difference, first) = rest[position + index].subtractingReportingOverflow(low)
            let (total, second) = difference.subtractingReportingOverflow(borrow)
            rest[position + index] = total
            borrow = first || second ? 1 : 0
        }
        let top = position + number.count
        let (difference, first) = rest[top].subtractingReportingOverflow(carry)
        let (total, second) = difference.subtractingReportingOverflow(borrow)
        rest[top] = total
        return first || second
    }

    private static func add(_ number: [UInt64], to rest: inout [UInt64], at position: Int) {
        var carry = false
        for index in number.indices {
            let (sum, first) = rest[position + index].addingReportingOverflow(number[index])
            let (total, second) = sum.addingReportingOverflow(carry ? 1 : 0)
            rest[position + index] = total
            carry = first || second
        }
        rest[position + number.count] &+= carry ? 1 : 0
    }

    /// Whether the number is below another one.
    private func isBelow(_ other: Magnitude) -> Bool {
        guard words.count == other.words.count else { return words.count < other.words.count }
        for index in words.indices.reversed() where words[index] != other.words[index] {
            return words[index] < other.words[index]
        }
        return false
    }

    /// The whole part of the square root, and its square, by Newton's method.
    func squareRoot() -> (root: Magnitude, square: Magnitude) {
        guard !isZero else { return (self, self) }
        // From above, each step comes nearer without going below the root: the first one whose square fits is it.
        var root = words.count <= 2 ? rootFromAbove() : step(guess())
        while true {
            let square = root.squared()
            guard isBelow(square) else { return (root, square) }
            root = step(root)
        }
    }

    private func step(_ root: Magnitude) -> Magnitude { (root + quotient(root)).halved() }

    /// A number above the root that has about half of its digits.
    private func guess() -> Magnitude {
        // An even number of words, about half of them.
        let dropped = max(2, words.count / 4 * 2)
        return droppingWords(dropped).rootFromAbove().appendingWords(dropped / 2)
    }

    /// A number above the root that has nearly all of its digits.
    private func rootFromAbove() -> Magnitude {
        let one = Magnitude(words: [1])
        guard !isZero else { return one }
        guard words.count <= 2 else { return step(guess()) + one }
        let number = UInt128(words.first ?? 0) | UInt128(words.dropFirst().first ?? 0) << 64
        var root = UInt128(1) << UInt128((bitWidth + 1) / 2)
        while true {
            let next = (root + number / root) / 2
            guard next < root else {
                return Magnitude(words: [UInt64(truncatingIfNeeded: root), UInt64(root >> 64)]) + one
            }
            root = next
        }
    }
}
