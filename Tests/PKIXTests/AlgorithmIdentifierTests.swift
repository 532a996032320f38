// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct AlgorithmIdentifierTests {
    private static func read(_ oid: [UInt8], _ parameters: [UInt8] = []) throws -> AlgorithmIdentifier {
        try AlgorithmIdentifier(try ASN1Parsing.parse(TLV.sequence(oid, parameters)[...], "test"), "test")
    }

    @Test(arguments: [
        (OID.md5, DigestAlgorithm.insecureMD5), (OID.sha1, .sha1), (OID.sha256, .sha256), (OID.sha384, .sha384),
        (OID.sha512, .sha512),
    ])
    func digestsAreKnownWithAndWithoutNull(oid: [UInt8], digest: DigestAlgorithm) throws {
        for parameters in [[], TLV.null] {
            let read = try Self.read(oid, parameters)
            #expect(read.digestAlgorithm == digest)
            #expect(read.hasNoParameters)
        }
        var serializer = DEREncoder()
        try AlgorithmIdentifier.digest(digest).append(to: &serializer)
        #expect(serializer.serializedBytes == TLV.algorithm(oid))
    }

    @Test func anUnknownDigestIsNone() throws {
        #expect(try Self.read(OID.sha3of256).digestAlgorithm == nil)
        #expect(try Self.read(OID.rsaEncryption).digestAlgorithm == nil)
    }

    @Test func aSignatureAlgorithmMustAgreeWithTheDigestBesideIt() throws {
        let read = try Self.read(OID.sha256WithRSA, TLV.null)
        #expect(read.signatureScheme() == .rsaPKCS1(.sha256))
        #expect(read.signatureScheme(digest: .sha256) == .rsaPKCS1(.sha256))
        #expect(read.signatureScheme(digest: .sha1) == nil)
        let bare = try Self.read(OID.rsaEncryption, TLV.null)
        #expect(bare.signatureScheme() == nil)
        #expect(bare.signatureScheme(digest: .sha512) == .rsaPKCS1(.sha512))
        let ec = try Self.read(OID.ecPublicKey)
        #expect(ec.signatureScheme() == nil)
        #expect(ec.signatureScheme(digest: .sha384) == .ecdsa(.sha384))
        #expect(try Self.read(OID.rsaOAEP).signatureScheme(digest: .sha256) == nil)
    }

    @Test(arguments: [
        SignatureScheme.rsaPKCS1(.sha1), .rsaPKCS1(.sha256), .rsaPKCS1(.sha384), .rsaPKCS1(.sha512), .ecdsa(.sha1),
        .ecdsa(.sha256),
        .ecdsa(.sha384), .ecdsa(.sha512),
    ])
    func schemesSurviveTheirIdentifier(scheme: SignatureScheme) throws {
        let identifier = try #require(AlgorithmIdentifier.signature(scheme))
        #expect(identifier.signatureScheme() == scheme)
        guard case .rsaPKCS1 = scheme else {
            // RFC 5758 §3.2: no parameters with ECDSA.
            #expect(identifier.parameters == nil)
            return
        }
        #expect(identifier.parameters == TLV.null)
    }

    @Test func refusesWhatIsNoAlgorithmIdentifier() throws {
        for bytes in [
            TLV.sequence(), TLV.sequence(TLV.null), TLV.set(OID.sha1), TLV.sequence([0x06, 0x00]),
            TLV.sequence([0x06, 0x01, 0x80]),
        ] {
            let node = try ASN1Parsing.parse(bytes[...], "test")
            #expect(throws: PKIXError.self) { try AlgorithmIdentifier(node, "test") }
        }
    }
}
