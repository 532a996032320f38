// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// The stages of a request beyond the numbered requirements.
@Suite struct StageTests {
    private let scene: SCEPScene
    private let dialogue: Dialogue

    init() throws {
        let scene = try SCEPScene()
        self.scene = scene
        self.dialogue = Dialogue(scene: scene)
    }

    private func open(_ message: PKIMessageBuilder, _ credentials: [RACredential]) throws -> OpenedRequest {
        try ReceivedMessage(bytes: try message.build()).verified(policy: .standard).opened(with: credentials)
    }

    // MARK: - Signers

    @Test func aSignerNamedByItsKeyIdentifierIsFound() throws {
        var certificate = HandMadeCertificate("device-1", key: scene.clientKey)
        certificate.extensions = [HandMadeCertificate.extension(OID.subjectKeyIdentifier, TLV.octetString([1, 2, 3]))]
        var message = try scene.message()
        message.certificates = [try certificate.der()]
        message.signerIdentifier = TLV.encode(0x80, [1, 2, 3])
        #expect(try dialogue.isIssued(message))
        message.signerIdentifier = TLV.encode(0x80, [1, 2])
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
    }

    @Test func aSignerNameInAnotherStringTypeIsFound() throws {
        var message = try scene.message()
        let name = HandMadeCertificate.name(value: TLV.printable("DEVICE-1"))
        message.signerIdentifier = TLV.sequence(name, TLV.integer(0x41, 0x42))
        #expect(try dialogue.isIssued(message))
    }

    @Test func keysThatAreTooShortTooLongOrUnknownAreRefused() throws {
        func info(_ bits: Int) -> [UInt8] {
            let modulus = TLV.encode(0x02, [0] + [UInt8](repeating: 0xFF, count: bits / 8))
            return TLV.sequence(
                TLV.algorithm(OID.rsaEncryption),
                TLV.bitString(TLV.sequence(modulus, TLV.integer(1, 0, 1)))
            )
        }
        let unknown = TLV.sequence(
            TLV.sequence([UInt8](hex: "06032b6570")),
            TLV.bitString([UInt8](repeating: 1, count: 32))
        )
        for keyInfo in [info(512), info(16_384), unknown] {
            var certificate = HandMadeCertificate("device-1", key: scene.clientKey)
            certificate.subjectPublicKeyInfo = keyInfo
            var message = try scene.message()
            message.certificates = [try certificate.der()]
            #expect(try dialogue.failInfo(message) == .badAlg)
        }
        var nonsense = HandMadeCertificate("device-1", key: scene.clientKey)
        nonsense.subjectPublicKeyInfo = TLV.sequence(TLV.algorithm(OID.rsaEncryption), TLV.bitString([1, 2, 3]))
        var message = try scene.message()
        message.certificates = [try nonsense.der()]
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
    }

    @Test func anExpiredOddOrUnsignedSignerCertificateIsEnough() throws {
        var certificate = HandMadeCertificate("device-1", key: scene.clientKey)
        certificate.validity = HandMadeCertificate.utcTime("700101000000Z") + HandMadeCertificate.utcTime("garbage")
        certificate.version = []
        certificate.signer = try TestKeys.other
        certificate.serialNumber = [0xFF]
        let message = PKIMessageBuilder(
            content: try scene.envelope().build(),
            signer: try certificate.read(),
            key: scene.clientKey
        )
        #expect(try dialogue.isIssued(message))
    }

    // MARK: - Recipients

    @Test func theCredentialThatARecipientNamesOpensAndAnswers() throws {
        let second = try HandMadeCertificate("Second RA", key: try TestKeys.other).read()
        let other = RACredential(certificate: second, key: try TestKeys.other, alongside: [])
        let both = [other, scene.credential]
        #expect(try open(try scene.message(), both).credential.certificate == scene.credential.certificate)
        let message = try scene.message {
            $0.recipient = EnvelopeBuilder.identifier(of: second)
            if let key = try? second.subjectPublicKeyInfo.publicKey() { $0.key = key }
        }
        #expect(try open(message, both).credential.certificate == second)
    }

    @Test func oneOfSeveralRecipientsMayBeOurs() throws {
        let foreign = EnvelopeBuilder.identifier(of: try HandMadeCertificate("Foreign", key: try TestKeys.other).read())
        let other = EnvelopeBuilder.recipientInfo(
            foreign,
            keyTransport: TLV.algorithm(OID.rsaEncryption),
            encryptedKey: [1]
        )
        #expect(try dialogue.isIssued(try scene.message { $0.otherRecipients = ([other], [other]) }))
    }

    @Test func eachCredentialIsTriedWhenTheOnlyRecipientNamesNone() throws {
        // A client that re-encoded the name, or used the CA's certificate of the same key (client-quirks F4).
        let unnamed = TLV.sequence(HandMadeCertificate.name("Renamed RA"), TLV.integer(9))
        let message = try scene.message { $0.recipient = unnamed }
        let second = try HandMadeCertificate("Second RA", key: try TestKeys.other).read()
        let other = RACredential(certificate: second, key: try TestKeys.other, alongside: [])
        for credentials in [[scene.credential], [scene.credential, other], [other, scene.credential]] {
            #expect(try open(message, credentials).credential.certificate == scene.credential.certificate)
        }
        #expect(throws: SCEPError.self) { try open(message, [other]) }
        #expect(throws: SCEPError.notOpened("the envelope is not for this server")) { try open(message, []) }
    }

    @Test func anEnvelopeWithoutAnRSARecipientIsNotOpened() throws {
        let content = try DERElement(try scene.envelope().build()).at(1, 0, 2).encoded
        for recipients in [TLV.set(), TLV.set(TLV.encode(0xA3, TLV.integer(0)))] {
            let enveloped = TLV.sequence(TLV.integer(0), recipients, content)
            var message = try scene.message()
            message.content = TLV.sequence(OID.envelopedData, TLV.context(0, enveloped))
            #expect(try dialogue.failInfo(message) == .badRequest)
        }
    }

    // MARK: - Key transport

    @Test(arguments: [DigestAlgorithm.sha1, .sha256, .sha384, .sha512])
    func theReplyUsesTheKeyTransportOfTheRequest(digest: DigestAlgorithm) throws {
        let oids: [DigestAlgorithm: [UInt8]] = [
            .sha1: OID.sha1, .sha256: OID.sha256, .sha384: OID.sha384, .sha512: OID.sha512,
        ]
        let oid = try #require(oids[digest])
        let mask = TLV.context(1, TLV.sequence(OID.mgf1, TLV.algorithm(oid)))
        let parameters = digest == .sha1 ? TLV.sequence() : TLV.sequence(TLV.context(0, TLV.algorithm(oid)), mask)
        let message = try scene.message {
            $0.padding = .oaep(digest: digest, maskDigest: digest)
            $0.keyTransport = TLV.sequence(OID.rsaOAEP, parameters)
        }
        guard case .issued(let request, let reply) = try dialogue.send(message) else {
            Issue.record("refused")
            return
        }
        #expect(request.delivery == .transport(.oaep(digest: digest, maskDigest: digest)))
        let envelope = try DERElement(try #require(try ReplyReader(reply).content))
        #expect(try envelope.at(1, 0, 1, 0, 2).encoded == TLV.sequence(OID.rsaOAEP, parameters))
    }

    @Test func aKeyTooShortForTheReplyIsRefusedBeforeAnythingIsIssued() async throws {
        // OAEP with SHA-512 needs 130 bytes beside the key: a modulus of 128 can't carry the reply.
        let short = try SCEPScene(clientKey: try await TestKeys.short())
        for (digest, oid, expected) in [
            (DigestAlgorithm.sha512, OID.sha512, FailInfo?.some(.badAlg)), (.sha256, OID.sha256, nil),
        ] {
            let message = try short.message {
                $0.padding = .oaep(digest: digest, maskDigest: .sha1)
                $0.keyTransport = TLV.sequence(OID.rsaOAEP, TLV.sequence(TLV.context(0, TLV.algorithm(oid))))
            }
            #expect(try Dialogue(scene: short).failInfo(message) == expected)
        }
    }

    // MARK: - Replies

    @Test func aReplyIsSignedByTheSignerOfTheCredential() throws {
        var certificate = HandMadeCertificate("Signing RA", key: try TestKeys.registration)
        certificate.serialNumber = [0x53]
        let signer = try certificate.read()
        let credential = RACredential(
            certificate: scene.credential.certificate,
            signer: signer,
            key: scene.credential.key,
            alongside: []
        )
        let request = try open(try scene.message(), [credential])
        var generator = SystemRandomNumberGenerator()
        let reply = try CertRep.success(
            request,
            .certificates([try scene.issued().der]),
            options: CertRep.Options(policy: .standard, emptyContent: .absent, signingTime: .distantPast),
            using: &generator
        )
        #expect(try ReplyReader(reply).signerInfo.at(1).encoded == EnvelopeBuilder.identifier(of: signer))
        #expect(try ReplyReader(reply).certificates == [signer.der])
    }

    @Test func answersAreConstantsThatTellNothing() {
        let secret = "Secret-1234"
        let errors: [(SCEPError, FailInfo?)] = [
            (.unreadable(secret), nil), (.algorithmNotAccepted(secret), .badAlg),
            (.integrityCheckFailed(secret), .badMessageCheck),
            (.messageTypeNotServed(secret), .badRequest), (.notOpened(secret), .badRequest),
            (.replyRejected(secret), .badRequest),
            (.unusableCACertificates(secret), .badRequest), (.unencodable(secret), .badRequest),
        ]
        for (error, expected) in errors {
            let answer = FailInfo.answer(to: error)
            #expect(answer?.failInfo == expected)
            #expect(answer?.text.contains(secret) != true)
            #expect(answer?.text.isEmpty != true)
        }
    }

    @Test func anUnknownTypeIsNamedSafelyForLogs() {
        #expect(MessageType(rawValue: "19").description == "PKCSReq")
        #expect(MessageType(rawValue: "3").description == "CertRep")
        let hostile = MessageType(rawValue: "x\r\n\u{1B}[2J\u{7F}\u{202E}" + String(repeating: "y", count: 10_000))
            .description
        #expect(hostile.unicodeScalars.allSatisfy { (32..<127).contains($0.value) })
        #expect(hostile.count < 40)
    }

    @Test func repliesUseWhatThePolicyAllows() {
        let policy = AlgorithmPolicy(
            digests: [.sha256, .insecureMD5],
            ciphers: [.aes128CBC],
            clientKeyLimits: .verification
        )
        #expect(policy.replyDigest(to: .sha256) == .sha256)
        #expect(policy.replyDigest(to: .sha1) == .sha256)
        #expect(policy.replyDigest(to: .insecureMD5) == .sha256)
        #expect(policy.replyDigest(to: nil) == .sha256)
        #expect(policy.replyCipher(to: .aes256CBC) == .aes256CBC)
        #expect(policy.replyCipher(to: .insecureDESCBC) == .tripleDESCBC)
    }
}
