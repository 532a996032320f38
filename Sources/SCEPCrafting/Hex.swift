// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension [UInt8] {
    /// Reads hexadecimal digits; anything else, such as spaces, is passed over.
    package init(hex: String) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in hex {
            guard let digit = character.hexDigitValue.map({ UInt8($0) }) else { continue }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        self = bytes
    }

    /// Lower-case hexadecimal digits.
    package var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whether some bytes occur in these.
    package func contains(run: [UInt8]) -> Bool {
        guard let first = run.first, run.count <= count else { return run.isEmpty }
        for start in 0...(count - run.count)
        where self[start] == first && self[start..<(start + run.count)].elementsEqual(run) {
            return true
        }
        return false
    }
}
