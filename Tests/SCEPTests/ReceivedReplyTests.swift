// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// What a client makes of replies, right and wrong; most are made by hand: requirements 117, 118 and 121 of the conformance list.
@Suite struct ReceivedReplyTests {
    private let scene: SCEPScene
    private let authorities: CACertificates
    private let request: ClientRequest
    private let query: ClientRequest

    init() throws {
        let scene = try SCEPScene()
        self.scene = scene
        self.authorities = CACertificates(certificates: [scene.credential.certificate, scene.authority])
        let parties = ClientRequest.Parties(
            signer: scene.client,
            key: scene.clientKey,
            recipient: scene.credential.certificate
        )
        let options = ClientRequest.Options(digest: .sha256, cipher: .aes128CBC)
        var generator = SystemRandomNumberGenerator()
        self.request = try .pkcsReq(
            try CertificationRequest(derEncoded: scene.request),
            parties: parties,
            options: options,
            now: Date(timeIntervalSince1970: 1_800_000_000),
            using: &generator
        )
        self.query = try .getCRL(
            covering: IssuerAndSerialNumber(of: try scene.issued()),
            parties: parties,
            options: options,
            now: Date(timeIntervalSince1970: 1_800_000_000),
            using: &generator
        )
    }

    /// A reply, right unless somebody spoils it.
    private func reply(_ status: String, to request: ClientRequest, content: [UInt8]?) throws -> PKIMessageBuilder {
        var builder = PKIMessageBuilder(
            content: content,
            signer: scene.credential.certificate,
            key: try TestKeys.registration,
            transactionID: request.transactionID.text,
            messageType: "3"
        )
        builder.attributes += [
            TLV.attribute(OID.pkiStatus, TLV.printable(status)),
            TLV.attribute(OID.recipientNonce, TLV.octetString(request.senderNonce.bytes)),
        ]
        if status == "2" { builder.attributes.append(TLV.attribute(OID.failInfo, TLV.printable("2"))) }
        return builder
    }

    /// A degenerate SignedData with certificates and CRLs, in an envelope for the client.
    private func envelope(certificates: [[UInt8]] = [], lists: [[UInt8]] = []) throws -> [UInt8] {
        let body = TLV.sequence(
            TLV.integer(1),
            TLV.set(),
            TLV.sequence(OID.data),
            certificates.isEmpty ? [] : TLV.encode(0xA0, certificates.flatMap(\.self)),
            lists.isEmpty ? [] : TLV.encode(0xA1, lists.flatMap(\.self)),
            TLV.set()
        )
        return try EnvelopeBuilder(TLV.sequence(OID.signedData, TLV.context(0, body)), to: scene.client).build()
    }

    private func success() throws -> PKIMessageBuilder {
        try reply("0", to: request, content: try envelope(certificates: [try scene.issued().der]))
    }

    private func read(_ builder: PKIMessageBuilder, to request: ClientRequest? = nil) throws -> ReceivedReply {
        try ReceivedReply(bytes: try builder.build(), to: request ?? self.request, authorities: authorities)
    }

    /// Why a reply is rejected; nil when it isn't.
    private func rejection(_ builder: PKIMessageBuilder, to request: ClientRequest? = nil) throws -> String? {
        do {
            _ = try read(builder, to: request)
            return nil
        } catch SCEPError.replyRejected(let reason) {
            return reason
        }
    }

    // MARK: - Both forms of a reply without content, and that of NDES (client-quirks D3)

    @Test(arguments: [nil, [], [0]] as [[UInt8]?])
    func aPendingAndAFailureAreReadWhateverTheirContent(content: [UInt8]?) throws {
        for form in [PKIMessageBuilder.Form.definite, .indefinite] {
            var pending = try reply("3", to: request, content: content)
            pending.form = form
            guard case .pending = try read(pending) else {
                Issue.record("not PENDING")
                continue
            }
            var failure = try reply("2", to: request, content: content)
            failure.form = form
            guard case .failure(.badRequest, nil) = try read(failure) else {
                Issue.record("not FAILURE")
                continue
            }
        }
    }

    @Test(arguments: EmptyContent.allCases)
    func theServersOwnFormsAreRead(form: EmptyContent) throws {
        var generator = SystemRandomNumberGenerator()
        let message = try ReceivedMessage(bytes: request.bytes)
        let options = CertRep.Options(policy: .standard, emptyContent: form, signingTime: .distantPast)
        let pending = try CertRep.pending(
            message,
            credential: scene.credential,
            options: options,
            using: &generator
        )
        guard case .pending = try ReceivedReply(bytes: pending, to: request, authorities: authorities) else {
            Issue.record("not PENDING")
            return
        }
        let failure = try CertRep.failure(
            message,
            failInfo: .badCertId,
            text: "grün",
            credential: scene.credential,
            options: options,
            using: &generator
        )
        guard
            case .failure(.badCertId, "grün") = try ReceivedReply(bytes: failure, to: request, authorities: authorities)
        else {
            Issue.record("not FAILURE")
            return
        }
    }

    // MARK: - Replies to something else

    private func replies() throws -> [PKIMessageBuilder] {
        try [success(), reply("3", to: request, content: []), reply("2", to: request, content: nil)]
    }

    @Test func aRightReplyIsRead() throws {
        for builder in try replies() { #expect(try rejection(builder) == nil) }
    }

    @Test func requirement117AnotherOrMissingRecipientNonceIsRejected() throws {
        let wrong = request.senderNonce.bytes
        for value in [
            TLV.octetString(Array(1...16)), TLV.octetString(wrong + [0]), TLV.octetString(Array(wrong.dropLast())), nil,
        ] {
            for var builder in try replies() {
                builder.replace(OID.recipientNonce)
                if let value { builder.attributes.append(TLV.attribute(OID.recipientNonce, value)) }
                #expect(try rejection(builder) == "its recipientNonce is not the request's senderNonce")
            }
        }
        for var builder in try replies() {
            // The senderNonce of the reply is no substitute, and two nonces are none.
            builder.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(wrong)))
            builder.replace(OID.recipientNonce, with: TLV.attribute(OID.recipientNonce, TLV.octetString(Array(1...16))))
            #expect(try rejection(builder) == "its recipientNonce is not the request's senderNonce")
            builder.attributes.append(TLV.attribute(OID.recipientNonce, TLV.octetString(wrong)))
            #expect(try rejection(builder)?.contains("occurs twice") == true)
        }
    }

    @Test func requirement121AnotherTransactionIDIsRejected() throws {
        for value in [TLV.printable(request.transactionID.text.uppercased() + "x"), TLV.printable(""), nil] {
            for var builder in try replies() {
                builder.replace(OID.transactionID)
                if let value { builder.attributes.append(TLV.attribute(OID.transactionID, value)) }
                #expect(try rejection(builder) == "its transactionID is another one")
            }
        }
    }

    @Test func requirement121ABadSignatureIsRejected() throws {
        for var builder in try replies() {
            builder.spoilSignature = { $0.map { $0 ^ 1 } }
            #expect(try rejection(builder) == "the signature is not that of the signer's key")
        }
        for var builder in try replies() {
            builder.key = try TestKeys.other
            #expect(try rejection(builder) == "the signature is not that of the signer's key")
        }
        for var builder in try replies() {
            builder.spoilContent = { $0 + [0] }
            // Content that is absent can't be spoilt.
            if builder.content != nil { #expect(try rejection(builder) == "messageDigest does not fit the content") }
        }
    }

    @Test func requirement121ASignerThatGetCACertDidNotNameIsRejected() throws {
        for var builder in try replies() {
            // Whoever answers with a certificate and key of his own, and the CA's name on it.
            var stranger = HandMadeCertificate("Example RA", key: try TestKeys.other)
            stranger.issuer = HandMadeCertificate.name("Example CA")
            stranger.serialNumber = [0x66]
            builder.key = try TestKeys.other
            builder.certificates = [try stranger.der()]
            builder.signerIdentifier = EnvelopeBuilder.identifier(of: try stranger.read())
            #expect(try rejection(builder) == "its signer is none of the CA's certificates")
            // With the serial number of the RA too: the copy in the reply is not looked at (client-quirks E8).
            stranger.serialNumber = scene.credential.certificate.serialNumber
            builder.certificates = [try stranger.der()]
            builder.signerIdentifier = EnvelopeBuilder.identifier(of: try stranger.read())
            #expect(try rejection(builder) == "the signature is not that of the signer's key")
        }
        for var builder in try replies() {
            builder.certificates = []
            #expect(try rejection(builder) == nil)
            builder.signerCount = 2
            #expect(try rejection(builder) == "it has not one signer with signed attributes")
        }
    }

    @Test(arguments: ["1", "4", "", "00", "0 ", "pending"])
    func requirement118AnUnknownStatusIsRejected(status: String) throws {
        #expect(try rejection(try reply(status, to: request, content: [])) == "its pkiStatus is missing or unknown")
    }

    @Test func anotherMessageTypeIsRejected() throws {
        for var builder in try replies() {
            for value in [TLV.printable("19"), TLV.printable("03"), nil] {
                builder.replace(OID.messageType)
                if let value { builder.attributes.append(TLV.attribute(OID.messageType, value)) }
                #expect(try rejection(builder) == "its messageType is not CertRep")
            }
        }
    }

    @Test func aReplyWithMD5IsRejected() throws {
        for var builder in try replies() {
            builder.use(.insecureMD5, OID.md5)
            #expect(try rejection(builder) == "its digest is MD5, which RFC 8894 section 2.9 forbids")
        }
    }

    // MARK: - What a SUCCESS has to hold

    @Test func aSuccessWithoutWhatWasAskedForIsRejected() throws {
        let wanted = "it does not hold the certificate that was asked for"
        for certificates in [[scene.authority.der], []] {
            let content = try envelope(certificates: certificates)
            #expect(try rejection(try reply("0", to: request, content: content)) == wanted)
        }
        let list = try scene.certificateList()
        let lists = try envelope(lists: [list])
        #expect(try rejection(try reply("0", to: request, content: lists)) == wanted)
        let certificates = try envelope(certificates: [try scene.issued().der])
        #expect(try rejection(try reply("0", to: query, content: certificates), to: query) == "it holds no CRL")
        guard case .certificateList(list) = try read(try reply("0", to: query, content: lists), to: query) else {
            Issue.record("no CRL")
            return
        }
    }

    @Test func aSuccessThatDoesNotOpenIsRejected() throws {
        for content in [nil, [], [0], try scene.issued().der] as [[UInt8]?] {
            #expect(try rejection(try reply("0", to: request, content: content)) != nil)
        }
        let spoilers: [@Sendable (inout EnvelopeBuilder) -> Void] = [
            { $0.spoilContent = { Array($0.dropLast(16)) } }, { $0.spoilKey = { $0.map { $0 ^ 1 } } },
            { $0.cipherOID = OID.aes128GCM }, { $0.keyTransport = TLV.algorithm(OID.sha256) }, { $0.plaintext = [] },
            {
                $0.cipher = .insecureDESCBC
                $0.cipherOID = OID.desCBC
            },
        ]
        for spoil in spoilers {
            var envelope = try EnvelopeBuilder(scene.request, to: scene.client)
            spoil(&envelope)
            #expect(try rejection(try reply("0", to: request, content: try envelope.build())) != nil)
        }
        // Under a password that nobody told, and one of absurd work.
        let plaintext = try CACertificates(certificates: [scene.authority, scene.client]).answer().body
        var envelope = PasswordEnvelopeBuilder(plaintext, password: "unknown")
        #expect(try rejection(try reply("0", to: request, content: try envelope.build())) != nil)
        envelope.password = "Example-1234"
        #expect(try rejection(try reply("0", to: request, content: try envelope.build())) == nil)
        envelope.writtenIterations = [0x7F, 0xFF, 0xFF, 0xFF]
        #expect(
            try rejection(try reply("0", to: request, content: try envelope.build())) == "too many PBKDF2 iterations"
        )
    }

    @Test func damageEndsInARejectionAndNothingTraps() throws {
        var generator = SeededGenerator()
        let bytes = try success().build()
        var accepted = 0
        for _ in 0..<1500 {
            let damaged = Mutation.splice(Mutation.flip(bytes, using: &generator).bytes, using: &generator).bytes
            accepted += (try? ReceivedReply(bytes: damaged, to: request, authorities: authorities)) == nil ? 0 : 1
        }
        #expect(accepted < 300)
    }
}
