// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §4.7, GetNextCACert: requirements 21 and 148 to 151 of the conformance list, as far as a library without HTTP shows them.
@Suite struct NextCACertificatesTests {
    private let scene: SCEPScene
    private let next: CACertificates
    private let authorities: CACertificates

    init() throws {
        let scene = try SCEPScene()
        self.scene = scene
        self.next = CACertificates(certificates: [
            try HandMadeCertificate("Next RA", key: try TestKeys.other).read(),
            try HandMadeCertificate("Next CA", key: try TestKeys.client).read(),
        ])
        self.authorities = CACertificates(certificates: [scene.credential.certificate, scene.authority])
    }

    private func answer(_ certificates: CACertificates? = nil, _ credential: RACredential? = nil) throws -> [UInt8] {
        try NextCACertificates.answer(
            certificates ?? next,
            credential: credential ?? scene.credential,
            signingTime: Date(timeIntervalSince1970: 1_800_000_000)
        )
    }

    /// An answer made by hand, right unless somebody spoils it.
    private func builder() throws -> PKIMessageBuilder {
        var builder = PKIMessageBuilder(
            content: try next.answer().body,
            signer: scene.credential.certificate,
            key: try TestKeys.registration
        )
        builder.attributes = []
        return builder
    }

    private func read(_ builder: PKIMessageBuilder) throws -> CACertificates {
        try NextCACertificates.read(try builder.build(), authorities: authorities)
    }

    // MARK: - Making

    @Test func requirement148TheAnswerIsSignedByThePresentCA() async throws {
        #expect(NextCACertificates.contentType == "application/x-x509-next-ca-cert")
        let answer = try answer()
        let reader = try ReplyReader(answer)
        #expect(try reader.signerInfo.at(1).encoded == EnvelopeBuilder.identifier(of: scene.credential.certificate))
        #expect(try reader.certificates == [scene.credential.certificate.der, scene.authority.der])
        #expect(try reader.encapsulated.at(0).encoded == OID.data)
        #expect(try DERElement(answer).isWellFormed)
        // OpenSSL goes the whole way from the signature to the root.
        let openssl = try OpenSSL()
        try openssl.write("answer", answer)
        try openssl.write("root.der", scene.authority.der)
        try await openssl.run(["x509", "-inform", "DER", "-in", "root.der", "-out", "root"])
        let verify = ["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "answer", "-CAfile", "root"]
        let outcome = try await openssl.run(verify)
        #expect(outcome.errors.contains("Verification successful"))
        #expect(outcome.output == (try next.answer().body))
    }

    @Test func requirement149TheContentIsADegenerateSignedDataWithTheNextCertificates() async throws {
        for certificates in [next, CACertificates(certificates: Array(next.certificates.suffix(1)))] {
            let content = try #require(try ReplyReader(try answer(certificates)).content)
            let members = try DERElement(content).at(1, 0).members
            #expect(members.map(\.tag) == [0x02, 0x31, 0x30, 0xA0, 0x31])
            #expect(members[2].encoded == TLV.sequence(OID.data))
            #expect(try members[3].members.map(\.encoded) == certificates.certificates.map(\.der))
            #expect(members[1].content.isEmpty && members[4].content.isEmpty)
        }
    }

    @Test func anECCredentialSignsToo() async throws {
        let scene = try SCEPScene(registrationKey: try .generate(.ec(.p384)))
        let answer = try answer(nil, scene.credential)
        let openssl = try OpenSSL()
        try openssl.write("answer", answer)
        let verify = ["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "answer"]
        #expect(try await openssl.run(verify).errors.contains("Verification successful"))
        let authorities = CACertificates(certificates: [scene.credential.certificate])
        #expect(try NextCACertificates.read(answer, authorities: authorities).certificates == next.certificates)
    }

    @Test func requirement021TheKeywordIsAnnouncedWhereThereIsAnAnswer() {
        for (renewal, nextCACert) in [(Acceptance.refused, Acceptance.refused), (.accepted, .accepted)] {
            let made = Capabilities(policy: .standard, renewal: renewal, nextCACert: nextCACert)
            #expect(made.supportsNextCACert == (nextCACert == .accepted))
            #expect(made.supportsRenewal == (renewal == .accepted))
            #expect(Capabilities(body: made.body) == made)
            #expect(made.keywords.contains("GetNextCACert") == (nextCACert == .accepted))
            #expect(made.keywords.contains("Renewal") == (renewal == .accepted))
        }
        #expect(!Capabilities(policy: .standard).supportsNextCACert)
    }

    // MARK: - Reading

    @Test func whatIsAnsweredIsReadAgain() throws {
        #expect(try NextCACertificates.read(try answer(), authorities: authorities).certificates == next.certificates)
        #expect(try read(try builder()).certificates == next.certificates)
        var indefinite = try builder()
        indefinite.form = .indefinite
        #expect(try read(indefinite).certificates == next.certificates)
        var single = try builder()
        single.content = next.certificates.first?.der
        #expect(try read(single).certificates == Array(next.certificates.prefix(1)))
    }

    private static func reason(_ body: () throws -> CACertificates) -> String? {
        do {
            _ = try body()
            return nil
        } catch SCEPError.replyRejected(let reason) {
            return reason
        } catch {
            return "another error: \(error)"
        }
    }

    @Test func requirement150AnUnsignedAnswerIsNotTrusted() throws {
        let unsigned = try next.answer().body
        #expect(
            Self.reason { try NextCACertificates.read(unsigned, authorities: authorities) }
                == "the answer to GetNextCACert is not signed"
        )
        var several = try builder()
        several.signerCount = 2
        #expect(Self.reason { try read(several) } == "the answer to GetNextCACert is not signed")
        several.signerCount = 0
        #expect(Self.reason { try read(several) } == "the answer to GetNextCACert is not signed")
        var bare = try builder()
        bare.signsAttributes = false
        #expect(Self.reason { try read(bare) } == "signedAttrs are missing")
    }

    @Test func requirement150AnAnswerSignedByAStrangerIsNotTrusted() throws {
        let stranger = try HandMadeCertificate("Example RA", key: try TestKeys.other).read()
        let credential = RACredential(certificate: stranger, key: try TestKeys.other, alongside: [])
        let signed = try answer(nil, credential)
        #expect(
            Self.reason { try NextCACertificates.read(signed, authorities: authorities) }
                == "its signer is none of the CA's certificates"
        )
        // With the stranger's key under the name of the RA, and with the RA's certificate beside it.
        var forged = try builder()
        forged.key = try TestKeys.other
        #expect(Self.reason { try read(forged) } == "the signature is not that of the signer's key")
        // The next CA vouches for nobody yet, least of all for itself.
        let itself = try NextCACertificates.answer(
            next,
            credential: RACredential(certificate: next.certificates[0], key: try TestKeys.other, alongside: []),
            signingTime: .distantPast
        )
        #expect(
            Self.reason { try NextCACertificates.read(itself, authorities: authorities) }
                == "its signer is none of the CA's certificates"
        )
        #expect(
            Self.reason { try NextCACertificates.read(signed, authorities: CACertificates(certificates: [])) } != nil
        )
    }

    @Test func requirement150AnAnswerWithABadSignatureIsNotTrusted() throws {
        var spoilt = try builder()
        spoilt.spoilSignature = { $0.map { $0 ^ 1 } }
        #expect(Self.reason { try read(spoilt) } == "the signature is not that of the signer's key")
        spoilt = try builder()
        spoilt.spoilContent = { $0.dropLast() + [1] }
        #expect(Self.reason { try read(spoilt) } == "messageDigest does not fit the content")
        spoilt = try builder()
        spoilt.contentTypeAttribute = nil
        #expect(Self.reason { try read(spoilt) } != nil)
        spoilt = try builder()
        spoilt.messageDigestAttribute = { _ in nil }
        #expect(Self.reason { try read(spoilt) } != nil)
        for bytes in [[], [0x30, 0x00], Array("<html>".utf8), scene.authority.der] as [[UInt8]] {
            #expect(Self.reason { try NextCACertificates.read(bytes, authorities: authorities) } != nil)
        }
    }

    @Test func requirement150AnAnswerSignedWithMD5IsNotTrusted() throws {
        var legacy = try builder()
        legacy.use(.insecureMD5, OID.md5)
        #expect(Self.reason { try read(legacy) } == "its digest is MD5, which RFC 8894 section 2.9 forbids")
        legacy.signatureIdentifier = TLV.algorithm(OID.md5WithRSA)
        #expect(Self.reason { try read(legacy) } == "its digest is MD5, which RFC 8894 section 2.9 forbids")
        legacy.digestIdentifier = TLV.algorithm(OID.sha256)
        #expect(Self.reason { try read(legacy) }?.contains("is not supported") == true)
        legacy.digestIdentifier = TLV.algorithm(OID.sha3of256)
        #expect(Self.reason { try read(legacy) }?.contains("is not supported") == true)
    }

    @Test func aSignedAnswerWithoutCertificatesIsUnusable() throws {
        for content in [nil, [], [0], Array("text".utf8)] as [[UInt8]?] {
            var empty = try builder()
            empty.content = content
            #expect(throws: SCEPError.self) { try read(empty) }
            #expect(Self.reason { try read(empty) }?.hasPrefix("another error: unusableCACertificates") == true)
        }
    }
}
