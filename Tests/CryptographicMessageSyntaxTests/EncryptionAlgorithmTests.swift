// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import SwiftASN1
import TestSupport
import Testing

@Suite struct EncryptionAlgorithmTests {
    private static func padding(_ parameters: [UInt8]?) -> KeyTransportPadding? {
        AlgorithmIdentifier([1, 2, 840, 113_549, 1, 1, 7], parameters: parameters).keyTransportPadding()
    }

    private static func mask(_ digest: [UInt8]) -> [UInt8] { TLV.sequence(OID.mgf1, TLV.algorithm(digest)) }
    private static let noLabel = TLV.context(2, TLV.sequence(OID.pSpecified, TLV.octetString([])))

    @Test func defaultsOfOAEPMayBeWrittenInManyWays() {
        let standard = KeyTransportPadding.oaep(digest: .sha1, maskDigest: .sha1)
        for parameters in [
            nil, TLV.null, TLV.sequence(), TLV.sequence(TLV.context(0, TLV.algorithm(OID.sha1))),
            TLV.sequence(TLV.context(0, TLV.sequence(OID.sha1)), TLV.context(1, Self.mask(OID.sha1)), Self.noLabel),
        ] {
            #expect(Self.padding(parameters) == standard)
        }
    }

    @Test func digestsOfOAEPAreRead() {
        let digest = TLV.context(0, TLV.algorithm(OID.sha256))
        #expect(Self.padding(TLV.sequence(digest)) == .oaep(digest: .sha256, maskDigest: .sha1))
        let both = TLV.sequence(digest, TLV.context(1, Self.mask(OID.sha512)), Self.noLabel)
        #expect(Self.padding(both) == .oaep(digest: .sha256, maskDigest: .sha512))
    }

    @Test(arguments: [
        TLV.sequence(TLV.context(0, TLV.algorithm(OID.md5))), TLV.sequence(TLV.context(1, mask(OID.md5))),
        TLV.sequence(TLV.context(0, TLV.algorithm(OID.sha3of256))),
        TLV.sequence(TLV.context(1, TLV.sequence(OID.mgf1))),
        TLV.sequence(TLV.context(1, TLV.sequence(OID.sha1, TLV.algorithm(OID.sha1)))),
        TLV.sequence(TLV.context(1, mask(OID.mgf1))),
        TLV.sequence(TLV.context(2, TLV.sequence(OID.pSpecified, TLV.octetString([1])))),
        TLV.sequence(TLV.context(2, TLV.sequence(OID.mgf1, TLV.octetString([])))), TLV.octetString([1]),
        TLV.sequence(TLV.context(0)),
        [0x30, 0x7F],
    ])
    func otherParametersOfOAEPAreNotSupported(parameters: [UInt8]) {
        #expect(Self.padding(parameters) == nil)
    }

    @Test func anUnknownKeyTransportIsNone() {
        #expect(AlgorithmIdentifier([1, 2, 3], parameters: nil).keyTransportPadding() == nil)
        #expect(AlgorithmIdentifier.rsaEncryption.keyTransportPadding() == .pkcs1)
        #expect(AlgorithmIdentifier([1, 2, 840, 113_549, 1, 1, 1], parameters: nil).keyTransportPadding() == .pkcs1)
    }

    @Test(arguments: [DigestAlgorithm.sha1, .sha256, .sha384, .sha512])
    func writtenParametersAreReadAgain(digest: DigestAlgorithm) throws {
        let certificate = try HandMadeCertificate("server", key: try TestKeys.registration).read()
        var generator = SystemRandomNumberGenerator()
        for maskDigest in [DigestAlgorithm.sha1, .sha256] {
            let padding = KeyTransportPadding.oaep(digest: digest, maskDigest: maskDigest)
            let message = try EnvelopedData.encrypt(
                [1],
                to: certificate,
                key: (try TestKeys.registration).publicKey,
                cipher: .aes128CBC,
                padding: padding,
                using: &generator
            )
            let recipient = try EnvelopedData(contentInfo: message).keyTransportRecipients[0]
            #expect(recipient.keyEncryptionAlgorithm.keyTransportPadding() == padding)
            // .NET wants the empty SEQUENCE for the defaults (client-quirks F2).
            let isDefault = digest == .sha1 && maskDigest == .sha1
            #expect((recipient.keyEncryptionAlgorithm.parameters == [0x30, 0x00]) == isDefault)
        }
    }

    @Test(arguments: [nil, TLV.null, TLV.octetString([]), TLV.integer(1), [0x04]] as [[UInt8]?])
    func aCipherWithoutAVectorIsMalformed(parameters: [UInt8]?) {
        let identifier = AlgorithmIdentifier([2, 16, 840, 1, 101, 3, 4, 1, 2], parameters: parameters)
        #expect(throws: CMSError.self) { try identifier.contentCipher() }
    }
}
