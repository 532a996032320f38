// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import struct Foundation.UUID
import typealias Foundation.uuid_t

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

    /// Reads the text as it is stored; nil when it is any other.
    init?(storedText text: String) {
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        var rest = text.utf8.makeIterator()
        let isRead = unsafe withUnsafeMutableBytes(of: &bytes) { bytes in
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    guard rest.next() == UInt8(ascii: "-") else { return false }
                }
                guard let high = Self.value(rest.next()), let low = Self.value(rest.next()) else { return false }
                unsafe bytes[index] = high << 4 | low
            }
            return rest.next() == nil
        }
        guard isRead else { return nil }
        self.init(uuid: bytes)
    }

    private static func value(_ digit: UInt8?) -> UInt8? {
        switch digit {
        case .some(let digit) where UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit: digit - UInt8(ascii: "0")
        case .some(let digit) where UInt8(ascii: "a")...UInt8(ascii: "f") ~= digit: digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
