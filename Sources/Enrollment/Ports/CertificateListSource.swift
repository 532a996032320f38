// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.UUID

/// Gives the CRL of an issuer: this server's own, or that of a CA behind it.
public protocol CertificateListSource: Sendable {
    /// The most recent CRL of a shard, which is valid now.
    ///
    /// - Returns: the DER encoding; nil when the issuer or shard is none that has one.
    /// - Throws: `StoreError`.
    func certificateList(issuerID: UUID, shard: Int) async throws(StoreError) -> [UInt8]?
}
