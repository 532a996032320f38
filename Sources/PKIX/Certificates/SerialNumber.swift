// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A certificate's serial number, whatever form somebody wrote it in (RFC 5280 §4.1.2.2).
///
/// Programs leave out the octet that says that a number is positive, or write zeros to spare: numbers that are the same are equal here.
public struct SerialNumber: Sendable, Hashable {
    /// The content octets of the INTEGER, as short as DER has them; never negative.
    public let octets: [UInt8]

    /// Takes the octets of a number, most significant first, with or without zeros before it.
    ///
    /// A leading bit of 1 is one of the number, not its sign: serial numbers are positive.
    public init(_ octets: some Sequence<UInt8>) {
        let number = Array(octets.drop { $0 == 0 })
        self.octets = (number.first ?? 0x80) < 0x80 ? number : [0] + number
    }

    /// Reads hexadecimal digits, as programs print them: with `0x` before them, with colons or white space between them.
    ///
    /// - Parameter text: the digits; nil is the answer to anything else, and to more than 128 digits, which are no serial number.
    public init?(hexadecimal text: String) {
        var digits = text.filter { $0 != ":" && !$0.isWhitespace }[...]
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") { digits = digits.dropFirst(2) }
        guard !digits.isEmpty, digits.utf8.count <= 128, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            return nil
        }
        let even = Array(digits.count.isMultiple(of: 2) ? String(digits) : "0" + digits)
        self.init(
            stride(from: 0, to: even.count, by: 2).compactMap { index in
                UInt8(String(even.dropFirst(index).prefix(2)), radix: 16)
            }
        )
    }
}
