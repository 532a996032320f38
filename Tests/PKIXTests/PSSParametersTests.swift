// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import SwiftASN1
import Testing

/// The parameters of RSASSA-PSS (RFC 4055 §3.1).
@Suite struct PSSParametersTests {
    private static func scheme(_ parameters: [UInt8]?, beside digest: DigestAlgorithm? = nil) -> SignatureScheme? {
        AlgorithmIdentifier([1, 2, 840, 113_549, 1, 1, 10], parameters: parameters).signatureScheme(digest: digest)
    }

    private static func digest(_ oid: [UInt8]) -> [UInt8] { TLV.context(0, TLV.algorithm(oid)) }
    private static func mask(_ oid: [UInt8]) -> [UInt8] {
        TLV.context(1, TLV.sequence(OID.mgf1, TLV.algorithm(oid)))
    }
    private static func salt(_ octets: UInt8...) -> [UInt8] { TLV.context(2, TLV.encode(0x02, octets)) }
    private static let trailer = TLV.context(3, TLV.integer(1))

    @Test(arguments: [
        (OID.sha1, DigestAlgorithm.sha1), (OID.sha256, .sha256), (OID.sha384, .sha384), (OID.sha512, .sha512),
    ])
    func digestAndSaltAreRead(oid: [UInt8], digest: DigestAlgorithm) {
        for length: UInt8 in [0, 20, 32, 64] {
            let expected = SignatureScheme.rsaPSS(digest, saltByteCount: Int(length))
            let parts = Self.digest(oid) + Self.mask(oid) + Self.salt(length)
            #expect(Self.scheme(TLV.encode(0x30, parts)) == expected)
            #expect(Self.scheme(TLV.encode(0x30, parts + Self.trailer), beside: digest) == expected)
        }
        let bare = TLV.sequence(
            TLV.context(0, TLV.sequence(oid)),
            TLV.context(1, TLV.sequence(OID.mgf1, TLV.sequence(oid)))
        )
        #expect(Self.scheme(bare) == .rsaPSS(digest, saltByteCount: 20))
    }

    @Test func defaultsAreSHA1AndTwentyBytes() {
        #expect(Self.scheme(TLV.sequence()) == .rsaPSS(.sha1, saltByteCount: 20))
        #expect(Self.scheme(TLV.sequence(Self.salt(32))) == .rsaPSS(.sha1, saltByteCount: 32))
        #expect(Self.scheme(TLV.sequence(Self.mask(OID.sha1)), beside: .sha1) == .rsaPSS(.sha1, saltByteCount: 20))
        #expect(Self.scheme(TLV.sequence(), beside: .sha256) == nil)
    }

    @Test(
        arguments: [
            nil, TLV.null, TLV.octetString([1]), [0x30, 0x7F],
            // Digest and mask differ, or are none that is known.
            TLV.sequence(digest(OID.sha256)), TLV.sequence(mask(OID.sha256)),
            TLV.sequence(digest(OID.sha256), mask(OID.sha512)), TLV.sequence(digest(OID.md5), mask(OID.md5)),
            TLV.sequence(digest(OID.sha3of256), mask(OID.sha3of256)),
            TLV.sequence(digest(OID.sha256), TLV.context(1, TLV.algorithm(OID.sha256))),
            TLV.sequence(digest(OID.sha256), TLV.context(1, TLV.sequence(OID.mgf1))),
            TLV.sequence(TLV.context(0), TLV.context(1)),
            // Salts that no digest is as long as, negative or no number.
            TLV.sequence(digest(OID.sha256), mask(OID.sha256), salt(65)),
            TLV.sequence(digest(OID.sha256), mask(OID.sha256), salt(0xFF)),
            TLV.sequence(digest(OID.sha256), mask(OID.sha256), salt(0x7F, 0xFF, 0xFF, 0xFF)),
            TLV.sequence(digest(OID.sha256), mask(OID.sha256), salt(1, 0, 0, 0, 0, 0, 0, 0, 0)),
            TLV.sequence(digest(OID.sha256), mask(OID.sha256), salt()),
            TLV.sequence(digest(OID.sha256), mask(OID.sha256), TLV.context(2, TLV.octetString([32]))),
            TLV.sequence(digest(OID.sha256), mask(OID.sha256), TLV.context(2)),
        ] as [[UInt8]?]
    )
    func otherParametersAreNotSupported(parameters: [UInt8]?) {
        #expect(Self.scheme(parameters) == nil)
    }
}
