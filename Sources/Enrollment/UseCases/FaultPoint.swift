// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The places between which a node may die.
///
/// Tests kill it there; in production nothing listens.
public enum FaultPoint: String, Sendable, Hashable, CaseIterable {
    /// Before the reservation reaches the store.
    case beforeReserve = "before-reserve"
    /// Inside the storage transaction, before the issuer's key is used.
    case beforeSign = "before-sign"
    /// Inside the storage transaction, after the issuer's key was used.
    case afterSign = "after-sign"
    /// After the storage transaction, with nothing but the reservation stored.
    case afterReserve = "after-reserve"
    /// After the storage transaction, with the certificate stored.
    case afterFinish = "after-finish"
    /// With the reply made, before it is sent.
    case beforeReply = "before-reply"
}
