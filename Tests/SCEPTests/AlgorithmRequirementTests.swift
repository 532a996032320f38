// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §2.9: requirements 5 to 13 of the conformance list.
@Suite struct AlgorithmRequirementTests {
    private static let digests: [(DigestAlgorithm, [UInt8])] = [
        (.sha1, OID.sha1), (.sha256, OID.sha256), (.sha384, OID.sha384), (.sha512, OID.sha512),
    ]
    private static let ciphers: [(ContentCipher, [UInt8])] = [
        (.aes128CBC, OID.aes128CBC), (.aes192CBC, OID.aes192CBC), (.aes256CBC, OID.aes256CBC),
        (.tripleDESCBC, OID.tripleDESCBC),
    ]

    private static func legacy() -> AlgorithmPolicy {
        var policy = AlgorithmPolicy.standard
        policy.digests.insert(.insecureMD5)
        policy.ciphers.insert(.insecureDESCBC)
        return policy
    }

    private static func message(
        _ scene: SCEPScene,
        _ digest: (DigestAlgorithm, [UInt8]) = (.sha256, OID.sha256),
        _ cipher: (ContentCipher, [UInt8]) = (.aes128CBC, OID.aes128CBC)
    ) throws -> PKIMessageBuilder {
        var message = try scene.message {
            $0.cipher = cipher.0
            $0.cipherOID = cipher.1
        }
        message.use(digest.0, digest.1)
        return message
    }

    @Test func requirement005AES128IsAccepted() throws {
        let scene = try SCEPScene()
        guard case .issued(let request, _) = try Dialogue(scene: scene).send(try Self.message(scene)) else {
            Issue.record("refused")
            return
        }
        #expect(request.message.cipher == .aes128CBC)
    }

    @Test func requirement006SHA256IsAccepted() throws {
        let scene = try SCEPScene()
        guard case .issued(let request, _) = try Dialogue(scene: scene).send(try Self.message(scene)) else {
            Issue.record("refused")
            return
        }
        #expect(request.message.digest == .sha256)
    }

    @Test func requirement007TheReplyToThemIsInThem() throws {
        try Self.expectMirrored((.sha256, OID.sha256), (.aes128CBC, OID.aes128CBC))
    }

    @Test(arguments: digests, ciphers)
    func requirement007TheReplyMirrorsEveryAcceptedAlgorithm(
        digest: (DigestAlgorithm, [UInt8]),
        cipher: (ContentCipher, [UInt8])
    ) throws {
        try Self.expectMirrored(digest, cipher)
    }

    private static func expectMirrored(_ digest: (DigestAlgorithm, [UInt8]), _ cipher: (ContentCipher, [UInt8])) throws
    {
        let scene = try SCEPScene()
        guard case .issued(_, let reply) = try Dialogue(scene: scene).send(try message(scene, digest, cipher)) else {
            Issue.record("refused")
            return
        }
        let reader = try ReplyReader(reply)
        #expect(try reader.signerInfo.at(2).encoded == TLV.algorithm(digest.1))
        let envelope = try DERElement(try #require(try reader.content))
        #expect(try envelope.at(1, 0, 2, 1, 0).encoded == cipher.1)
    }

    @Test func requirement009TripleDESIsAcceptedOrBadAlgByPolicy() throws {
        let scene = try SCEPScene()
        let message = try Self.message(scene, (.sha256, OID.sha256), (.tripleDESCBC, OID.tripleDESCBC))
        var dialogue = Dialogue(scene: scene)
        #expect(try dialogue.isIssued(message))
        dialogue.policy.ciphers.remove(.tripleDESCBC)
        #expect(try dialogue.failInfo(message) == .badAlg)
    }

    @Test func requirement010SHA1IsAcceptedOrBadAlgByPolicy() throws {
        let scene = try SCEPScene()
        let message = try Self.message(scene, (.sha1, OID.sha1))
        var dialogue = Dialogue(scene: scene)
        #expect(try dialogue.isIssued(message))
        dialogue.policy.digests.remove(.sha1)
        #expect(try dialogue.failInfo(message) == .badAlg)
    }

    @Test func requirement011SingleDESIsBadAlg() throws {
        let scene = try SCEPScene()
        let message = try Self.message(scene, (.sha256, OID.sha256), (.insecureDESCBC, OID.desCBC))
        #expect(try Dialogue(scene: scene).failInfo(message) == .badAlg)
    }

    @Test func requirement012MD5IsBadAlg() throws {
        let scene = try SCEPScene()
        var message = try Self.message(scene, (.insecureMD5, OID.md5))
        let dialogue = Dialogue(scene: scene)
        #expect(try dialogue.failInfo(message) == .badAlg)
        message.signatureIdentifier = TLV.algorithm(OID.md5WithRSA)
        #expect(try dialogue.failInfo(message) == .badAlg)
        // MD5 in the signature alone, behind an accepted digest.
        message.digestIdentifier = TLV.algorithm(OID.sha256)
        #expect(try dialogue.failInfo(message) == .badAlg)
    }

    @Test func requirement012MD5InTheKeyTransportIsBadAlg() throws {
        let scene = try SCEPScene()
        let message = try scene.message {
            $0.padding = .oaep(digest: .insecureMD5, maskDigest: .insecureMD5)
            let mask = TLV.context(1, TLV.sequence(OID.mgf1, TLV.algorithm(OID.md5)))
            $0.keyTransport = TLV.sequence(OID.rsaOAEP, TLV.sequence(TLV.context(0, TLV.algorithm(OID.md5)), mask))
        }
        #expect(try Dialogue(scene: scene, policy: Self.legacy()).failInfo(message) == .badAlg)
    }

    @Test func requirement013TheReplyToSingleDESIsTripleDES() throws {
        let scene = try SCEPScene()
        var dialogue = Dialogue(scene: scene, policy: Self.legacy())
        let message = try Self.message(scene, (.sha256, OID.sha256), (.insecureDESCBC, OID.desCBC))
        for hasTripleDES in [true, false] {
            if !hasTripleDES { dialogue.policy.ciphers.remove(.tripleDESCBC) }
            guard case .issued(let request, let reply) = try dialogue.send(message) else {
                Issue.record("refused")
                return
            }
            #expect(request.message.cipher == .insecureDESCBC)
            #expect(!reply.contains(run: OID.desCBC))
            let envelope = try DERElement(try #require(try ReplyReader(reply).content))
            #expect(try envelope.at(1, 0, 2, 1, 0).encoded == OID.tripleDESCBC)
        }
    }

    @Test func requirement013TheReplyToMD5IsSHA256() throws {
        let scene = try SCEPScene()
        let message = try Self.message(scene, (.insecureMD5, OID.md5))
        guard case .issued(_, let reply) = try Dialogue(scene: scene, policy: Self.legacy()).send(message) else {
            Issue.record("refused")
            return
        }
        #expect(!reply.contains(run: OID.md5))
        #expect(try ReplyReader(reply).signerInfo.at(2).encoded == TLV.algorithm(OID.sha256))
    }

    @Test func requirement013ARefusalOfMD5IsNotSignedWithIt() throws {
        let scene = try SCEPScene()
        for (digest, oid) in [(DigestAlgorithm.insecureMD5, OID.md5), (.sha256, OID.sha3of256)] {
            let message = try Self.message(scene, (digest, oid))
            guard case .refused(_, let reply) = try Dialogue(scene: scene).send(message) else {
                Issue.record("accepted")
                continue
            }
            #expect(!reply.contains(run: OID.md5))
            #expect(try ReplyReader(reply).signerInfo.at(2).encoded == TLV.algorithm(OID.sha256))
        }
    }
}
