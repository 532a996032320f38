// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// Which certificate of GetCACert requests are encrypted to (client-quirks H4, H5, H6).
@Suite struct RecipientChoiceTests {
    private static let signs = [UInt8](hex: "03020780")
    private static let enciphers = [UInt8](hex: "03020520")
    private static let certifies = [UInt8](hex: "03020106")

    private static func certificate(
        _ name: String,
        usage: [UInt8]?,
        isAuthority: Bool = false,
        key: SoftwareKey? = nil
    ) throws -> EncodedCertificate {
        var certificate = HandMadeCertificate(name, key: try key ?? TestKeys.registration)
        if let usage { certificate.extensions.append(HandMadeCertificate.extension(OID.keyUsage, usage)) }
        if isAuthority {
            let value = TLV.sequence([0x01, 0x01, 0xFF])
            certificate.extensions.append(HandMadeCertificate.extension(OID.basicConstraints, value))
        }
        return try certificate.read()
    }

    @Test func keyEnciphermentIsPreferredAndNotDemanded() throws {
        let authority = try Self.certificate("CA", usage: Self.certifies, isAuthority: true)
        let signing = try Self.certificate("RA signing", usage: Self.signs)
        let enciphering = try Self.certificate("RA enciphering", usage: Self.enciphers)
        let unmarked = try Self.certificate("CA without a usage", usage: nil, isAuthority: true)
        let ec = try Self.certificate("RA with an EC key", usage: nil, key: try TestKeys.ec)
        let choices: [([EncodedCertificate], EncodedCertificate)] = [
            // NDES has two, in any order.
            ([signing, enciphering, authority], enciphering), ([authority, enciphering, signing], enciphering),
            ([unmarked, enciphering], enciphering), ([signing, unmarked], unmarked),
            // No certificate may encipher keys: an RA's all the same, or the CA's.
            ([authority, signing], signing), ([authority], authority), ([ec, authority], authority),
        ]
        for (list, chosen) in choices {
            #expect(CACertificates(certificates: list).recipient == chosen, "\(chosen.subject)")
        }
        #expect(CACertificates(certificates: [ec]).recipient == ec)
    }
}
