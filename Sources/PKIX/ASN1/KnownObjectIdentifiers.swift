// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1
internal import Synchronization

/// Object identifiers that were read before.
///
/// swift-asn1 takes 2,900 instructions to make one, and an enrolment reads twenty, always the same.
enum KnownObjectIdentifiers {
    /// More than occur in the field; what comes when it is full is made anew each time.
    private static let capacity = 256
    private static let known = Mutex<[UInt128: ASN1ObjectIdentifier]>([:])

    /// The object identifier that a value holds; nil when it can't be read.
    static func read(_ value: EncodedValue) -> ASN1ObjectIdentifier? {
        guard let key = key(value.content) else { return make(value) }
        if let oid = known.withLock({ $0[key] }) { return oid }
        guard let oid = make(value) else { return nil }
        known.withLock { known in
            if known.count < capacity { known[key] = oid }
        }
        return oid
    }

    /// A copy, since an object identifier would keep the whole message that it was read from.
    private static func make(_ value: EncodedValue) -> ASN1ObjectIdentifier? {
        try? ASN1ObjectIdentifier(berEncoded: Array(value.encodedBytes))
    }

    /// The content octets and their number as one number; nil when they are too many.
    private static func key(_ content: ArraySlice<UInt8>) -> UInt128? {
        guard content.count < 16 else { return nil }
        return content.reduce(UInt128(content.count)) { $0 << 8 | UInt128($1) }
    }
}
