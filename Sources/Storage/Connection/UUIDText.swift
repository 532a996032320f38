// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import struct Foundation.UUID

extension UUID {
    /// The text as it is stored: lower-case, so that texts sort as the ids do.
    var lowercaseText: String {
        unsafe String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            unsafe withUnsafeBytes(of: uuid) { bytes in
                for index in 0..<16 {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        unsafe text[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    unsafe text[position] = Self.digit(bytes[index] >> 4)
                    unsafe text[position + 1] = Self.digit(bytes[index] & 0xF)
                    position += 2
                }
            }
            return position
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
