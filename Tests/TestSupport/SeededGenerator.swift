// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// A repeatable source of randomness (SplitMix64), for tests that try many cases.
///
/// The seed is printed, so that a failure can be repeated by setting `SCEPTIC_TEST_SEED`.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// Where the sequence began.
    package let seed: UInt64
    private var state: UInt64

    /// Starts at a seed, silently.
    package init(seed: UInt64) {
        self.seed = seed
        self.state = seed
    }

    /// Starts at the seed of the environment, or at a new one, and prints it.
    package init(for test: String = #function) {
        let given = ProcessInfo.processInfo.environment["SCEPTIC_TEST_SEED"].flatMap { UInt64($0) }
        self.init(seed: given ?? UInt64.random(in: .min ... .max))
        print("\(test): SCEPTIC_TEST_SEED=\(seed)")
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Bytes that were damaged, and how.
package struct Mutation: Sendable, CustomStringConvertible {
    /// The damaged bytes.
    package let bytes: [UInt8]
    /// What was done, for the message of a failing test.
    package let description: String

    /// Flips bits of one byte.
    package static func flip(_ bytes: [UInt8], using generator: inout SeededGenerator) -> Mutation {
        guard let index = bytes.indices.randomElement(using: &generator) else { return Mutation(bytes, "empty") }
        let mask = UInt8.random(in: 1...255, using: &generator)
        return Mutation(
            bytes.enumerated().map { $0.offset == index ? $0.element ^ mask : $0.element },
            "byte \(index) ^ \(mask)"
        )
    }

    /// Cuts bytes off the end.
    package static func truncate(_ bytes: [UInt8], using generator: inout SeededGenerator) -> Mutation {
        let length = Int.random(in: 0..<max(1, bytes.count), using: &generator)
        return Mutation(Array(bytes.prefix(length)), "first \(length) bytes")
    }

    /// Takes bytes out of the middle, or puts some in.
    package static func splice(_ bytes: [UInt8], using generator: inout SeededGenerator) -> Mutation {
        let index = Int.random(in: 0...bytes.count, using: &generator)
        if Bool.random(using: &generator) {
            let length = Int.random(in: 1...8, using: &generator)
            return Mutation(
                Array(bytes.prefix(index) + bytes.dropFirst(index + length)),
                "without \(length) at \(index)"
            )
        }
        let added = (0..<Int.random(in: 1...8, using: &generator)).map { _ in
            UInt8.random(in: .min ... .max, using: &generator)
        }
        return Mutation(Array(bytes.prefix(index) + added + bytes.dropFirst(index)), "\(added) put in at \(index)")
    }

    private init(_ bytes: [UInt8], _ description: String) {
        self.bytes = bytes
        self.description = description
    }
}
