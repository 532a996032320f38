// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1
public import X509

public import struct Foundation.Date

/// One revoked certificate in a CRL (RFC 5280 §5.1.2.6).
public struct RevokedCertificate: Sendable, Hashable {
    /// The serial number's content octets.
    public var serialNumber: [UInt8]
    /// When it was revoked.
    public var revokedAt: Date
    /// Why; `unspecified` is not written (RFC 5280 §5.3.1).
    public var reason: RevocationReason

    /// Makes an entry.
    public init(serialNumber: [UInt8], revokedAt: Date, reason: RevocationReason = .unspecified) {
        self.serialNumber = serialNumber
        self.revokedAt = revokedAt
        self.reason = reason
    }
}

/// A certificate revocation list that is to be signed (RFC 5280 §5.1), version 2.
public struct TBSCertificateList: Sendable {
    /// How it will be signed.
    public var signatureAlgorithm: AlgorithmIdentifier
    /// The issuer.
    public var issuer: Name
    /// When it was made.
    public var thisUpdate: Date
    /// When the next one is there at the latest.
    public var nextUpdate: Date
    /// What is revoked.
    public var revoked: [RevokedCertificate]
    /// The list's extensions.
    public var extensions: [Certificate.Extension]

    /// Puts a list together.
    public init(
        signatureAlgorithm: AlgorithmIdentifier,
        issuer: Name,
        thisUpdate: Date,
        nextUpdate: Date,
        revoked: [RevokedCertificate],
        extensions: [Certificate.Extension]
    ) {
        self.signatureAlgorithm = signatureAlgorithm
        self.issuer = issuer
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.revoked = revoked
        self.extensions = extensions
    }

    /// The DER encoding.
    public func derEncoded() throws(PKIXError) -> [UInt8] {
        // Encoded once, not for each of what may be a million entries.
        var reasons: [RevocationReason: [UInt8]] = [:]
        for reason in RevocationReason.allCases where reason != .unspecified {
            reasons[reason] = try encode("crlEntryExtensions") { serializer in
                try CertificateExtensions.append([try CertificateExtensions.reasonCode(reason)], to: &serializer)
            }
        }
        return try encode("TBSCertList") { serializer in
            try serializer.sequence { body in
                body.integer(1)
                try signatureAlgorithm.append(to: &body)
                body.serializeRawBytes(issuer.der)
                EncodedTime.append(thisUpdate, to: &body)
                EncodedTime.append(nextUpdate, to: &body)
                if !revoked.isEmpty {
                    body.sequence { list in
                        for entry in revoked {
                            list.sequence { fields in
                                fields.integer(entry.serialNumber)
                                EncodedTime.append(entry.revokedAt, to: &fields)
                                if let reason = reasons[entry.reason] { fields.serializeRawBytes(reason) }
                            }
                        }
                    }
                }
                if !extensions.isEmpty {
                    try body.constructed(.context(0)) { wrapper in
                        try CertificateExtensions.append(extensions, to: &wrapper)
                    }
                }
            }
        }
    }
}
