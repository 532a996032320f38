// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What is known to be wrong with an RSA public key: that others can compute its private key, or forge with it.
public enum RSAKeyWeakness: Sendable, Hashable {
    /// The public exponent is even, or below the smallest that is accepted.
    case exponent
    /// A small prime divides the modulus.
    case smallFactor(UInt64)
    /// The key has the structure of those that the library of CVE-2017-15361 (ROCA) made.
    case roca
    /// The primes are so close to each other that Fermat's method finds them at once.
    case closePrimes

    /// Looks for weaknesses in a modulus and an exponent, big-endian, and takes the first; nil when there is none.
    ///
    /// This tells nothing of keys that share a prime with another key, and can't prove that a key is strong.
    ///
    /// - Parameters:
    ///   - modulus: the modulus; its length should be bounded by the caller, since the time grows with its square.
    ///   - exponent: the public exponent.
    ///   - smallestExponent: the smallest exponent that is accepted.
    public init?(
        modulus: ArraySlice<UInt8>,
        exponent: ArraySlice<UInt8>,
        smallestExponent: UInt64
    ) {
        let exponent = Magnitude(bigEndian: exponent)
        let isTooSmall = Magnitude(words: [smallestExponent]).subtracting(exponent).map { !$0.isZero } ?? false
        if exponent.isEven || isTooSmall {
            self = .exponent
            return
        }
        let modulus = Magnitude(bigEndian: modulus)
        if modulus.isEven {
            self = .smallFactor(2)
            return
        }
        var couldBeROCA = true
        for group in SmallPrimes.groups {
            let remainder = modulus.remainder(group.product)
            for prime in group.primes {
                let residue = remainder % prime.value
                if residue == 0 {
                    self = .smallFactor(prime.value)
                    return
                }
                if couldBeROCA, let powers = prime.powersOf65537 { couldBeROCA = powers.contains(residue) }
            }
        }
        if couldBeROCA {
            self = .roca
            return
        }
        guard CloseFactors.areFound(modulus) else { return nil }
        self = .closePrimes
    }
}

/// The odd primes below 752, which NIST SP 800-89 §5.3.3 has a modulus tried by.
private enum SmallPrimes {
    struct Prime: Sendable {
        var value: UInt64
        /// What 65537 generates modulo the prime; nil for the primes that ROCA's moduli say nothing of.
        var powersOf65537: Bits?
    }

    /// A set of numbers below 256.
    struct Bits: Sendable {
        private var words: SIMD4<UInt64> = .zero

        mutating func insert(_ number: UInt64) { words[Int(number / 64 % 4)] |= 1 << (number % 64) }
        func contains(_ number: UInt64) -> Bool {
            number < 256 && words[Int(number / 64 % 4)] >> (number % 64) & 1 == 1
        }
    }

    /// Primes with their product, which fits into a word: one long division serves them all.
    struct Group: Sendable {
        var product: UInt64 = 1
        var primes: [Prime] = []
    }

    static let groups: [Group] = {
        var groups: [Group] = []
        var group = Group()
        for value in stride(from: UInt64(3), to: 752, by: 2) where isPrime(value) {
            let (product, overflow) = group.product.multipliedReportingOverflow(by: value)
            if overflow {
                groups.append(group)
                group = Group()
            }
            group.product = overflow ? value : product
            group.primes.append(Prime(value: value, powersOf65537: powers(modulo: value)))
        }
        return groups + [group]
    }()

    private static func isPrime(_ value: UInt64) -> Bool {
        var divisor: UInt64 = 3
        while divisor * divisor <= value {
            if value % divisor == 0 { return false }
            divisor += 2
        }
        return true
    }

    /// What the library's moduli can be modulo a prime.
    ///
    /// Its primes are powers of 65537 modulo the product of the first primes, and so are their products (Nemec and others, The Return
    /// of Coppersmith's Attack, ACM CCS 2017). The shortest keys, of 512 bits, have the primes up to 167; 65537 generates all residues
    /// modulo some of them, which then tell nothing.
    private static func powers(modulo prime: UInt64) -> Bits? {
        guard prime <= 167 else { return nil }
        var bits = Bits()
        var power: UInt64 = 1
        for _ in 0..<prime {
            bits.insert(power)
            power = power * 65537 % prime
        }
        return bits
    }
}

/// Fermat's method (CVE-2022-26320): n = a² - b² with a just above the root of n, if the factors are close.
private enum CloseFactors {
    /// Real keys of broken generators were found in one round; a hundred cost microseconds.
    private static let roundCount = 100
    /// The least common multiple of small numbers that have few squares.
    private static let filter: UInt64 = 3 * 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23 * 29 * 31

    private static let squares: [(modulus: UInt64, residues: UInt64)] = [9, 5, 7, 11, 13, 17, 19, 23, 29, 31].map {
        modulus in
        (modulus, (0..<modulus).reduce(0) { $0 | 1 << ($1 * $1 % modulus) })
    }
    /// The squares modulo 64.
    private static let squaresOf64: UInt64 = (0..<64).reduce(0) { $0 | 1 << ($1 * $1 % 64) }

    /// Whether the method finds two factors soon.
    static func areFound(_ number: Magnitude) -> Bool {
        let (below, square) = number.squareRoot()
        let isExact = square == number
        // The square of the next number is 2n + 1 more.
        let root = isExact ? below : below + Magnitude(words: [1])
        let next = isExact ? square : square + below + root
        guard let first = next.subtracting(number) else { return false }
        // The same numbers modulo 2^64 and modulo the filter say nearly always that a difference is no square.
        let rootByFilter = root.remainder(filter)
        var low = first.words.first ?? 0
        var rest = first.remainder(filter)
        var lowStep = ((root.words.first ?? 0) &<< 1) &+ 1
        var step = (rootByFilter * 2 + 1) % filter
        for round in 0..<roundCount {
            if isPerhapsSquare(low, rest), isSquare(root + Magnitude(words: [UInt64(round)]), number) { return true }
            low &+= lowStep
            lowStep &+= 2
            // Both are below the filter, so that a subtraction does.
            rest = rest + step < filter ? rest + step : rest + step - filter
            step = step + 2 < filter ? step + 2 : step + 2 - filter
        }
        return false
    }

    private static func isPerhapsSquare(_ low: UInt64, _ rest: UInt64) -> Bool {
        squaresOf64 >> (low % 64) & 1 == 1
            && squares.allSatisfy { $0.residues >> (rest % $0.modulus) & 1 == 1 }
    }

    /// Whether a number's square exceeds another number by a square.
    private static func isSquare(_ root: Magnitude, _ number: Magnitude) -> Bool {
        guard let difference = root.squared().subtracting(number) else { return false }
        return difference.squareRoot().square == difference
    }
}
