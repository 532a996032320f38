// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography

internal import struct Foundation.Date

/// Makes serial numbers: 16 octets, positive, with 72 random bits (RFC 5280 §4.1.2.2).
///
/// Before the random bits stands the time in milliseconds, so that the indexes on serial numbers grow at their end: a random
/// beginning costs each enrolment two more pages to write, 15 to 20 µs of its CPU time and more the larger the store is.
enum SerialNumber {
    private static let timeByteCount = 6
    private static let randomByteCount = 9

    static func make(at moment: Date, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        let milliseconds = UInt64(max(0, moment.timeIntervalSince1970 * 1000))
        let time = (0..<timeByteCount).map { index in
            UInt8(truncatingIfNeeded: milliseconds >> UInt64(8 * (timeByteCount - 1 - index)))
        }
        // The first octet is neither 0 nor above 127: the number is positive and has no octet to spare.
        return [0x40] + time + generator.bytes(randomByteCount)
    }
}
