// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto

/// Random numbers from libcrypto's generator, which each thread has for itself and which needs no system call for each number.
///
/// `SystemRandomNumberGenerator` makes one for every 8 bytes: fourteen an enrolment.
public struct SecureRandom: RandomNumberGenerator, Sendable {
    /// Makes a generator; all of them draw from the same source.
    public init() {}

    /// Eight random bytes as a number.
    public mutating func next() -> UInt64 {
        var number: UInt64 = 0
        let worked = unsafe withUnsafeMutableBytes(of: &number) { bytes in
            unsafe RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count))
        }
        guard worked == 1 else {
            // libcrypto could not be seeded; the kernel's generator does not fail.
            ERR_clear_error()
            var system = SystemRandomNumberGenerator()
            return system.next()
        }
        return number
    }
}
