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
    init(bigEndian bytes: some BidirectionalCollection<UInt8>) {
        var words: [UInt64] = []
        words.reserveCapacity(bytes.count / 8 + 1)
        var word: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes.reversed() {
            word |= UInt64(byte) << shift
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

    /// The whole part of the square root, by Newton's method with as many words as each step is right to.
    func squareRoot() -> Magnitude {
        guard !isZero else { return self }
        // An even number of words, about half of them.
        let dropped = words.count / 4 * 2
        let bits = (bitWidth + 1) / 2
        // Newton's method needs a first guess that is not below the root.
        var root =
            dropped == 0
            ? Magnitude(words: [1 << UInt64(bits % 64)]).appendingWords(bits / 64)
            : (droppingWords(dropped).squareRoot() + Magnitude(words: [1])).appendingWords(dropped / 2)
        // Each step doubles the number of digits that are right, so that this ends long before its bound.
        for _ in 0..<128 {
            let next = (root + quotient(root)).halved()
            guard next != root, root.subtracting(next) != nil else { break }
            root = next
        }
        return root
    }
}
