// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import TestSupport

/// A CRL written by hand, as odd as a test wants it.
struct HandMadeCertificateList {
    static let reasonCode = [UInt8](hex: "0603551d15")
    static let certificateIssuer = [UInt8](hex: "0603551d1d")
    static let crlNumber = [UInt8](hex: "0603551d14")
    static let deltaCRLIndicator = [UInt8](hex: "0603551d1b")
    static let issuingDistributionPoint = [UInt8](hex: "0603551d1c")
    static let unknown = [UInt8](hex: "06032a0304")

    /// The version field, encoded; empty leaves it out.
    var version = TLV.integer(1)
    /// The algorithm that the signed part names.
    var innerAlgorithm = TLV.algorithm(OID.sha256WithRSA)
    /// The algorithm beside the signature.
    var outerAlgorithm = TLV.algorithm(OID.sha256WithRSA)
    /// Both times, encoded.
    var times = HandMadeCertificate.utcTime("260101000000Z") + HandMadeCertificate.utcTime("260108000000Z")
    /// The entries, each encoded; none leaves the field out.
    var entries: [[UInt8]] = [Self.entry([0x41, 0x42])]
    /// The extensions, each encoded; none leaves the field out.
    var extensions: [[UInt8]] = []

    static func entry(_ serialNumber: [UInt8], _ extensions: [UInt8]...) -> [UInt8] {
        let list = extensions.isEmpty ? [] : TLV.encode(0x30, extensions.flatMap(\.self))
        return TLV.sequence(TLV.encode(0x02, serialNumber), HandMadeCertificate.utcTime("251231235959Z"), list)
    }

    static func reason(_ code: UInt8) -> [UInt8] {
        HandMadeCertificate.extension(reasonCode, TLV.encode(0x0A, [code]))
    }

    static func critical(_ oid: [UInt8], _ value: [UInt8]) -> [UInt8] {
        TLV.sequence(oid, TLV.encode(0x01, [0xFF]), TLV.octetString(value))
    }

    /// An issuingDistributionPoint with some members.
    static func scope(_ members: [UInt8]) -> [UInt8] {
        critical(issuingDistributionPoint, TLV.encode(0x30, members))
    }

    func der() throws -> [UInt8] {
        let body = TLV.sequence(
            version,
            innerAlgorithm,
            HandMadeCertificate.name("Example CA"),
            times,
            entries.isEmpty ? [] : TLV.encode(0x30, entries.flatMap(\.self)),
            extensions.isEmpty ? [] : TLV.context(0, TLV.encode(0x30, extensions.flatMap(\.self)))
        )
        let signature = try TestKeys.authority.sign(body, scheme: .rsaPKCS1(.sha256))
        return TLV.sequence(body, outerAlgorithm, TLV.bitString(signature))
    }

    func read() throws -> EncodedCertificateList { try EncodedCertificateList(derEncoded: try der()) }
}
