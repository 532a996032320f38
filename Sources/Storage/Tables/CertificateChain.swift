// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// Certificates in one blob: each with its length before it, four bytes, most significant first.
enum CertificateChain {
    static func encode(_ chain: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for certificate in chain {
            let length = UInt32(clamping: certificate.count)
            bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
            bytes += certificate
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) throws(StoreError) -> [[UInt8]] {
        var chain: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 4, rest.count - 4 >= length else {
                throw .corrupted("A certificate chain can't be read.")
            }
            chain.append(Array(rest.dropFirst(4).prefix(length)))
            rest = rest.dropFirst(4 + length)
        }
        return chain
    }
}
