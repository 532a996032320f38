// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto
internal import Synchronization

/// Random numbers from libcrypto's generator, drawn in blocks.
///
/// `SystemRandomNumberGenerator` makes a system call for every 8 bytes, and libcrypto takes 7,000 instructions for a draw however
/// short it is: fourteen of them an enrolment.
public struct SecureRandom: RandomNumberGenerator, Sendable {
    /// Random numbers that nobody has got yet.
    private struct Reserve {
        static let wordCount = 64
        var words: [UInt64] = []

        /// Takes one out, so that nobody gets it again, and leaves nothing of it: it may become a key.
        mutating func take() -> UInt64? {
            if words.isEmpty { words = SecureRandom.draw(Self.wordCount) }
            guard let word = words.last else { return nil }
            words[words.endIndex - 1] = 0
            words.removeLast()
            return word
        }
    }

    // Shared by all: a reserve in each generator would give the same numbers again when the generator is copied.
    private static let reserve = Mutex(Reserve())

    /// Makes a generator; all of them draw from the same source.
    public init() {}

    /// Eight random bytes as a number.
    public mutating func next() -> UInt64 {
        if let word = Self.reserve.withLock({ $0.take() }) { return word }
        // libcrypto could not be seeded; the kernel's generator does not fail.
        var system = SystemRandomNumberGenerator()
        return system.next()
    }

    private static func draw(_ wordCount: Int) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: wordCount)
        let worked = unsafe words.withUnsafeMutableBytes { bytes in
            unsafe RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count))
        }
        guard worked == 1 else {
            ERR_clear_error()
            return []
        }
        return words
    }
}
