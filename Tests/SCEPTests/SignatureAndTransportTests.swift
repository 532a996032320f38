// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// Signatures by RSASSA-PSS, which a profile may accept and no reply has (client-quirks E7), and RSAES-OAEP, which is answered in
/// kind (F1, F2).
@Suite struct SignatureAndTransportTests {
    private let scene: SCEPScene

    init() throws {
        self.scene = try SCEPScene()
    }

    private static let digests: [(DigestAlgorithm, [UInt8])] = [
        (.sha1, OID.sha1), (.sha256, OID.sha256), (.sha384, OID.sha384), (.sha512, OID.sha512),
    ]

    private static func dialogue(_ scene: SCEPScene, pss: Acceptance) -> Dialogue {
        var dialogue = Dialogue(scene: scene)
        dialogue.policy.pss = pss
        return dialogue
    }

    private func signedByPSS(_ digest: DigestAlgorithm, _ oid: [UInt8]) throws -> PKIMessageBuilder {
        var message = try scene.message(.pkcsReq)
        message.use(digest, oid)
        message.scheme = .rsaPSS(digest, saltByteCount: digest.byteCount)
        let parameters = TLV.sequence(
            TLV.context(0, TLV.algorithm(oid)),
            TLV.context(1, TLV.sequence(OID.mgf1, TLV.algorithm(oid))),
            TLV.context(2, TLV.integer(UInt8(digest.byteCount)))
        )
        message.signatureIdentifier = TLV.sequence(OID.rsaPSS, parameters)
        return message
    }

    // MARK: - RSASSA-PSS

    @Test(arguments: digests)
    func pssIsAcceptedWhereThePolicySaysSoAndElseBadAlg(digest: DigestAlgorithm, oid: [UInt8]) throws {
        let message = try signedByPSS(digest, oid)
        #expect(try Self.dialogue(scene, pss: .accepted).isIssued(message))
        #expect(try Self.dialogue(scene, pss: .refused).failInfo(message) == .badAlg)
        #expect(AlgorithmPolicy.standard.pss == .refused)
    }

    @Test(arguments: digests)
    func aReplyToPSSIsSignedByPKCS1(digest: DigestAlgorithm, oid: [UInt8]) throws {
        let message = try signedByPSS(digest, oid)
        guard case .issued(_, let success) = try Self.dialogue(scene, pss: .accepted).send(message),
            case .refused(_, let failure) = try Self.dialogue(scene, pss: .refused).send(message)
        else {
            Issue.record("not answered as it should be")
            return
        }
        for reply in [success, failure] {
            let reader = try ReplyReader(reply)
            #expect(try reader.signerInfo.at(2).encoded == TLV.algorithm(oid))
            #expect(try reader.signerInfo.at(4).encoded == TLV.algorithm(OID.rsaEncryption))
            #expect(!reply.contains(run: OID.rsaPSS))
        }
    }

    @Test func aWrongPSSSignatureIsBadMessageCheck() throws {
        let dialogue = Self.dialogue(scene, pss: .accepted)
        var message = try signedByPSS(.sha256, OID.sha256)
        message.spoilSignature = { $0.map { $0 ^ 1 } }
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
        // A salt of another length than is said, and PKCS#1 under the name of PSS.
        message = try signedByPSS(.sha256, OID.sha256)
        message.scheme = .rsaPSS(.sha256, saltByteCount: 20)
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
        message.scheme = .rsaPKCS1(.sha256)
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
        // And PSS under the name of PKCS#1.
        message = try signedByPSS(.sha256, OID.sha256)
        message.signatureIdentifier = TLV.algorithm(OID.rsaEncryption)
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
    }

    @Test func pssOfOtherParametersIsBadAlgEvenWhereItIsAccepted() throws {
        let dialogue = Self.dialogue(scene, pss: .accepted)
        for parameters in [
            [], TLV.null, TLV.sequence(), TLV.sequence(TLV.context(0, TLV.algorithm(OID.sha256))),
            TLV.sequence(
                TLV.context(0, TLV.algorithm(OID.sha1)),
                TLV.context(1, TLV.sequence(OID.mgf1, TLV.algorithm(OID.sha1)))
            ),
        ] {
            var message = try signedByPSS(.sha256, OID.sha256)
            message.signatureIdentifier = TLV.sequence(OID.rsaPSS, parameters)
            #expect(try dialogue.failInfo(message) == .badAlg)
        }
    }

    @Test func pssBesideADigestThatIsNotAcceptedIsBadAlg() throws {
        var dialogue = Self.dialogue(scene, pss: .accepted)
        dialogue.policy.digests.remove(.sha1)
        #expect(try dialogue.failInfo(try signedByPSS(.sha1, OID.sha1)) == .badAlg)
    }

    // MARK: - RSAES-OAEP

    private static let noLabel = TLV.context(2, TLV.sequence(OID.pSpecified, TLV.octetString([])))

    private static func mask(_ oid: [UInt8]) -> [UInt8] {
        TLV.context(1, TLV.sequence(OID.mgf1, TLV.algorithm(oid)))
    }

    /// The parameters of the reply to a request with some parameters.
    private func reply(_ padding: KeyTransportPadding, _ parameters: [UInt8]) throws -> [UInt8]? {
        var envelope = try scene.envelope()
        envelope.padding = padding
        envelope.keyTransport = TLV.sequence(OID.rsaOAEP, parameters)
        let message = PKIMessageBuilder(content: try envelope.build(), signer: scene.client, key: scene.clientKey)
        guard case .issued(let request, let reply) = try Dialogue(scene: scene).send(message) else { return nil }
        #expect(request.delivery == .transport(padding))
        #expect(request.replyDelivery == .transport(padding))
        let transport = try DERElement(try #require(try ReplyReader(reply).content)).at(1, 0, 1, 0, 2)
        #expect(try transport.at(0).encoded == OID.rsaOAEP)
        return try transport.at(1).encoded
    }

    @Test func theReplyToDefaultOAEPHasAnEmptySequenceHoweverTheRequestWroteIt() throws {
        let padding = KeyTransportPadding.oaep(digest: .sha1, maskDigest: .sha1)
        for parameters in [
            [], TLV.null, TLV.sequence(), TLV.sequence(TLV.context(0, TLV.algorithm(OID.sha1))),
            TLV.sequence(TLV.context(0, TLV.algorithm(OID.sha1)), Self.mask(OID.sha1), Self.noLabel),
        ] {
            #expect(try reply(padding, parameters) == [0x30, 0x00])
        }
    }

    @Test(arguments: digests.dropFirst(), digests)
    func theReplyToOAEPHasItsDigests(digest: (DigestAlgorithm, [UInt8]), mask: (DigestAlgorithm, [UInt8])) throws {
        let named = TLV.context(0, TLV.algorithm(digest.1))
        let expected = TLV.sequence(named, mask.0 == .sha1 ? [] : Self.mask(mask.1))
        let padding = KeyTransportPadding.oaep(digest: digest.0, maskDigest: mask.0)
        for parameters in [expected, TLV.sequence(named, Self.mask(mask.1), Self.noLabel)] {
            #expect(try reply(padding, parameters) == expected)
        }
    }

    @Test func theReplyToPKCS1IsInPKCS1() throws {
        guard case .issued(_, let reply) = try Dialogue(scene: scene).send(try scene.message(.pkcsReq)) else {
            Issue.record("refused")
            return
        }
        let transport = try DERElement(try #require(try ReplyReader(reply).content)).at(1, 0, 1, 0, 2)
        #expect(transport.encoded == TLV.algorithm(OID.rsaEncryption))
    }
}
