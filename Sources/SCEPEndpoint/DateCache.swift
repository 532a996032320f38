// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The Date field's value, formatted once a second.
struct DateCache {
    private var second: Int64 = -1
    private var text = ""

    /// The current time as HTTP writes it.
    mutating func now() -> String {
        let current = Int64(time(nil))
        if current != second {
            second = current
            text = HTTPDate.format(current)
        }
        return text
    }
}
