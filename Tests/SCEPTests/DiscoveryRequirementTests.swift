// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §3.5 and §4.2: requirements 17 to 37 of the conformance list, as far as a library without HTTP can show them.
@Suite struct DiscoveryRequirementTests {
    private static let nothing = AlgorithmPolicy(digests: [], ciphers: [], clientKeyLimits: .verification)

    @Test func requirement017OneKeywordStandsOnEachLine() {
        let body = Capabilities(policy: .standard).body
        let lines = String(decoding: body, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.last == "")
        #expect(
            lines.dropLast().allSatisfy {
                !$0.isEmpty && !$0.contains(" ") && $0.utf8.allSatisfy { $0 > 32 && $0 < 127 }
            }
        )
        #expect(lines.count == 8)
    }

    @Test func requirement018KeywordsHaveTheCaseOfTheRFC() {
        let known = [
            "AES", "DES3", "GetNextCACert", "POSTPKIOperation", "Renewal", "SHA-1", "SHA-256", "SHA-512",
            "SCEPStandard",
        ]
        let keywords = Capabilities(policy: .standard).keywords
        #expect(Set(keywords).isSubset(of: known))
        #expect(Set(keywords).count == keywords.count)
        #expect(keywords.contains("SHA-256"))
    }

    @Test func requirement020SCEPStandardStandsForAESAndSHA256() {
        #expect(Capabilities(policy: .standard).isSCEPStandard)
        var policy = AlgorithmPolicy.standard
        policy.ciphers.remove(.aes128CBC)
        #expect(!Capabilities(policy: policy).isSCEPStandard)
        policy = .standard
        policy.digests.remove(.sha256)
        #expect(!Capabilities(policy: policy).isSCEPStandard)
    }

    @Test func requirement021NothingIsAnnouncedThatIsNotServed() {
        for (keyword, cipher) in [("AES", ContentCipher.aes128CBC), ("DES3", .tripleDESCBC)] {
            var policy = Self.nothing
            #expect(!Capabilities(policy: policy).contains(keyword))
            policy.ciphers = [cipher]
            #expect(Capabilities(policy: policy).contains(keyword))
        }
        for (keyword, digest) in [("SHA-1", DigestAlgorithm.sha1), ("SHA-256", .sha256), ("SHA-512", .sha512)] {
            var policy = Self.nothing
            #expect(!Capabilities(policy: policy).contains(keyword))
            policy.digests = [digest]
            #expect(Capabilities(policy: policy).contains(keyword))
        }
    }

    @Test func requirement021TheLegacyExceptionIsNotAnnounced() {
        var policy = AlgorithmPolicy.standard
        policy.ciphers.insert(.insecureDESCBC)
        policy.digests.insert(.insecureMD5)
        #expect(Capabilities(policy: policy) == Capabilities(policy: .standard))
    }

    @Test func requirement021EachAnnouncedAlgorithmWorks() throws {
        let scene = try SCEPScene()
        let dialogue = Dialogue(scene: scene)
        let capabilities = Capabilities(policy: dialogue.policy)
        for (keyword, cipher, oid) in [
            ("AES", ContentCipher.aes128CBC, OID.aes128CBC), ("DES3", .tripleDESCBC, OID.tripleDESCBC),
        ] {
            let message = try scene.message {
                $0.cipher = cipher
                $0.cipherOID = oid
            }
            #expect(capabilities.contains(keyword))
            #expect(try dialogue.isIssued(message))
        }
        for (keyword, digest, oid) in [
            ("SHA-1", DigestAlgorithm.sha1, OID.sha1), ("SHA-256", .sha256, OID.sha256),
            ("SHA-512", .sha512, OID.sha512),
        ] {
            var message = try scene.message()
            message.use(digest, oid)
            #expect(capabilities.contains(keyword))
            #expect(try dialogue.isIssued(message))
        }
    }

    @Test func requirement022WithEverythingOffNoAlgorithmIsListed() {
        #expect(Capabilities(policy: Self.nothing).keywords == ["POSTPKIOperation"])
        #expect(Capabilities(keywords: []).body.isEmpty)
    }

    @Test func requirement023ExtraKeywordsFollowAndDoNotRepeat() {
        let capabilities = Capabilities(policy: .standard, extra: ["Example.com-Telemetry", "AES"])
        #expect(capabilities.keywords == Capabilities(policy: .standard).keywords + ["Example.com-Telemetry"])
    }

    // MARK: - GetCACert

    @Test func requirement031ASingleCertificateIsSentAsItIs() throws {
        let scene = try SCEPScene()
        let answer = try CACertificates(certificates: [scene.authority]).answer()
        #expect(answer.body == scene.authority.der)
        #expect(answer.contentType == "application/x-x509-ca-cert")
    }

    @Test func requirement032SeveralCertificatesAreADegenerateSignedData() throws {
        let scene = try SCEPScene()
        let answer = try CACertificates(certificates: [scene.credential.certificate, scene.authority]).answer()
        #expect(answer.contentType == "application/x-x509-ca-ra-cert")
        #expect(try CACertificates(body: answer.body).certificates == [scene.credential.certificate, scene.authority])
    }

    @Test func requirement033OpenSSLFindsTheWholeChainInOrder() async throws {
        let scene = try SCEPScene()
        let openssl = try OpenSSL()
        try openssl.write(
            "answer",
            try CACertificates(certificates: [scene.credential.certificate, scene.authority]).answer().body
        )
        let text = try await openssl.run(["pkcs7", "-inform", "DER", "-in", "answer", "-print_certs", "-noout"]).text
        let subjects = text.split(separator: "\n").filter { $0.hasPrefix("subject") }
        #expect(subjects == ["subject=CN = Example RA", "subject=CN = Example CA"])
    }

    @Test func requirement036TheDegenerateSignedDataHasNoContent() throws {
        let scene = try SCEPScene()
        let answer = try CACertificates(certificates: [scene.credential.certificate, scene.authority]).answer()
        let signedData = try DERElement(answer.body).at(1, 0)
        #expect(try signedData.at(2).encoded == TLV.sequence(OID.data))
    }

    @Test func requirement037TheDegenerateSignedDataHasNoSigners() throws {
        let scene = try SCEPScene()
        let answer = try CACertificates(certificates: [scene.credential.certificate, scene.authority]).answer()
        let members = try DERElement(answer.body).at(1, 0).members
        #expect(members.first?.content == [1])
        #expect(members.map(\.encoded).contains(TLV.set()))
        #expect(members.last?.encoded == TLV.set())
        #expect(try DERElement(answer.body).at(1, 0, 1).encoded == TLV.set())
    }

    @Test(arguments: [[], [0x30, 0x00], Array("<html>".utf8)] as [[UInt8]])
    func whatHoldsNoCertificateIsRefused(body: [UInt8]) throws {
        #expect(throws: SCEPError.self) { try CACertificates(body: body) }
    }
}
