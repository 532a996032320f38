// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// Whatever `ClientRequest` makes, a server reads again; whatever the server replies, the client reads: requirements 123, 127, 128,
/// 162 and 163 of the conformance list.
@Suite struct ClientRoundTripTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let challenge = "Correct-Horse-1234"

    /// Who talks to whom.
    private struct Exchange {
        let scene: SCEPScene
        let parties: ClientRequest.Parties
        let request: CertificationRequest
        var options = ClientRequest.Options(digest: .sha256, cipher: .aes128CBC)

        init(clientKey: SoftwareKey, registrationKey: SoftwareKey) throws {
            let scene = try SCEPScene(clientKey: clientKey, registrationKey: registrationKey)
            self.scene = scene
            self.parties = ClientRequest.Parties(
                signer: scene.client,
                key: clientKey,
                recipient: scene.credential.certificate
            )
            self.request = try CertificationRequest.make(
                subject: try Name("CN=device-1"),
                key: clientKey,
                challengePassword: challenge
            )
        }

        var name: IssuerAndSerialNumber {
            get throws { IssuerAndSerialNumber(of: try scene.issued()) }
        }

        /// A request of some type; nil where this client has no way to encrypt it.
        func make(
            _ type: MessageType,
            _ id: TransactionID?,
            using generator: inout SeededGenerator
        ) throws -> ClientRequest {
            switch type {
            case .renewalReq:
                try .renewalReq(
                    request,
                    parties: parties,
                    transactionID: id,
                    options: options,
                    now: now,
                    using: &generator
                )
            case .certPoll:
                try .certPoll(
                    for: request,
                    issuer: scene.authority.subject,
                    parties: parties,
                    transactionID: try #require(id ?? TransactionID("poll")),
                    options: options,
                    now: now,
                    using: &generator
                )
            case .getCert: try .getCert(name, parties: parties, options: options, now: now, using: &generator)
            case .getCRL:
                try .getCRL(covering: name, parties: parties, options: options, now: now, using: &generator)
            default:
                try .pkcsReq(
                    request,
                    parties: parties,
                    transactionID: id,
                    options: options,
                    now: now,
                    using: &generator
                )
            }
        }

        /// Reads a request as a server does.
        func open(_ bytes: [UInt8]) throws -> OpenedRequest {
            var policy = AlgorithmPolicy.standard
            policy.passwordRecipients = .accepted
            return try ReceivedMessage(bytes: bytes).verified(policy: policy)
                .opened(with: [scene.credential], passwords: [challenge])
        }
    }

    private static func keys() throws -> [SoftwareKey] {
        [try TestKeys.client, try .generate(.ec(.p256)), try .generate(.ec(.p521))]
    }

    private static let paddings: [KeyTransportPadding] = [
        .pkcs1, .oaep(digest: .sha1, maskDigest: .sha1), .oaep(digest: .sha256, maskDigest: .sha256),
        .oaep(digest: .sha384, maskDigest: .sha1), .oaep(digest: .sha512, maskDigest: .sha512),
    ]

    private static func random(using generator: inout SeededGenerator) -> TransactionID? {
        guard Bool.random(using: &generator) else { return nil }
        let alphabet = Array(" '()+,-./:=?ABCXYZabcxyz0189")
        let length = Int.random(in: 1...255, using: &generator)
        return TransactionID(String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) }))
    }

    @Test func requirement123And128WhatAClientMakesAServerReads() throws {
        var generator = SeededGenerator()
        let (clients, registrations) = (try Self.keys(), [try TestKeys.registration, try .generate(.ec(.p256))])
        for round in 0..<60 {
            var exchange = try Exchange(
                clientKey: clients[round % clients.count],
                registrationKey: registrations[round / 3 % registrations.count]
            )
            exchange.options = ClientRequest.Options(
                digest: try #require([.sha1, .sha256, .sha384, .sha512].randomElement(using: &generator)),
                cipher: try #require(
                    [.aes128CBC, .aes192CBC, .aes256CBC, .tripleDESCBC].randomElement(using: &generator)
                ),
                padding: try #require(Self.paddings.randomElement(using: &generator))
            )
            let type = try #require(MessageType.ofRequests.randomElement(using: &generator))
            let id = Self.random(using: &generator)
            if case .ec = exchange.scene.credential.key.publicKey.algorithm, [.getCert, .getCRL].contains(type) {
                // No password goes with a query, so there is no way to encrypt it.
                #expect(throws: SCEPError.self) { try exchange.make(type, id, using: &generator) }
                continue
            }
            let made = try exchange.make(type, id, using: &generator)
            let opened = try exchange.open(made.bytes)
            try Self.expect(opened, made, type, exchange)
            if let id, ![.getCert, .getCRL].contains(type) { #expect(made.transactionID == id) }
        }
    }

    private static func expect(
        _ opened: OpenedRequest,
        _ made: ClientRequest,
        _ type: MessageType,
        _ exchange: Exchange
    ) throws {
        let received = opened.message.received
        #expect(received.transactionID == made.transactionID)
        #expect(received.senderNonce == made.senderNonce)
        #expect(made.senderNonce.bytes.count == 16)
        #expect(received.signingTime == now)
        #expect(opened.message.messageType == type)
        #expect(opened.message.signer == exchange.parties.signer)
        #expect(opened.message.digest == exchange.options.digest)
        #expect(opened.message.cipher == exchange.options.cipher)
        switch exchange.scene.credential.key.publicKey.algorithm {
        case .rsa: #expect(opened.delivery == .transport(exchange.options.padding))
        case .ec: #expect(opened.delivery == .password)
        }
        switch (exchange.parties.key.publicKey.algorithm, opened.delivery) {
        case (.ec, _): #expect(opened.replyDelivery == .password)
        case (.rsa, .password): #expect(opened.replyDelivery == .transport(.pkcs1))
        case (.rsa, .transport): #expect(opened.replyDelivery == opened.delivery)
        }
        switch opened.content {
        case .enroll(let inner), .renew(let inner): #expect(inner.der == exchange.request.der)
        case .poll(let names):
            #expect(names.issuer == exchange.scene.authority.subject)
            #expect(names.subject == exchange.request.subject)
        case .getCert(let name), .getCRL(let name): #expect(try name == exchange.name)
        }
    }

    @Test func requirement127ACertPollHoldsTheCAsSubjectAndThenThatOfTheRequest() throws {
        var generator = SeededGenerator()
        let exchange = try Exchange(clientKey: try TestKeys.client, registrationKey: try TestKeys.registration)
        let made = try exchange.make(.certPoll, nil, using: &generator)
        let content = try DERElement(try #require(try ReplyReader(made.bytes).content)).at(1, 0)
        let contentKey = try TestKeys.registration.decryptKey(
            try content.at(1, 0, 3).content,
            keyByteCount: 16,
            padding: .pkcs1
        )
        let plaintext = try ContentCipher.aes128CBC.decrypt(
            try content.at(2, 2).content,
            key: contentKey,
            iv: try content.at(2, 1, 1).content
        )
        #expect(plaintext == exchange.scene.issuerAndSubject)
    }

    @Test func requirement123APollHasTheTransactionIDAndItsOwnNonce() throws {
        var generator = SeededGenerator()
        let exchange = try Exchange(clientKey: try TestKeys.client, registrationKey: try TestKeys.registration)
        let first = try exchange.make(.pkcsReq, nil, using: &generator)
        let polls = try (0..<3).map { _ in
            try exchange.make(.certPoll, first.transactionID, using: &generator)
        }
        for poll in polls {
            let value = try ReplyReader(poll.bytes).value(OID.transactionID)
            #expect(value?.encoded == TLV.printable(first.transactionID.text))
        }
        #expect(Set((polls + [first]).map(\.senderNonce)).count == 4)
        let others = try (0..<3).map { _ in try exchange.make(.pkcsReq, nil, using: &generator).transactionID }
        #expect(Set(others + [first.transactionID]).count == 4)
    }

    @Test func requirement163AClientWithoutAChallengeCannotWriteToAnECKey() throws {
        var generator = SeededGenerator()
        let exchange = try Exchange(clientKey: try TestKeys.client, registrationKey: try TestKeys.ec)
        let request = try CertificationRequest.make(subject: try Name("CN=device-1"), key: try TestKeys.client)
        #expect(throws: SCEPError.unencodable("PKCSReq")) {
            try ClientRequest.pkcsReq(
                request,
                parties: exchange.parties,
                options: exchange.options,
                now: Self.now,
                using: &generator
            )
        }
    }

    // MARK: - Replies

    @Test func requirement162And163EveryReplyOfTheServerIsReadByTheClient() throws {
        var generator = SeededGenerator()
        let list = try SCEPScene().certificateList()
        for clientKey in try Self.keys() {
            for registrationKey in [try TestKeys.registration, try TestKeys.ec] {
                let exchange = try Exchange(clientKey: clientKey, registrationKey: registrationKey)
                for type in [MessageType.pkcsReq, .renewalReq, .certPoll] {
                    let made = try exchange.make(type, nil, using: &generator)
                    let reply = try Self.reply(
                        try exchange.open(made.bytes),
                        .certificates([try exchange.scene.issued().der, exchange.scene.authority.der])
                    )
                    let authorities = CACertificates(certificates: [exchange.scene.credential.certificate])
                    guard
                        case .success(let issued, let others) = try ReceivedReply(
                            bytes: reply,
                            to: made,
                            authorities: authorities
                        )
                    else {
                        Issue.record("not a SUCCESS")
                        continue
                    }
                    #expect(issued == (try exchange.scene.issued()))
                    #expect(others == [exchange.scene.authority])
                }
            }
        }
        let exchange = try Exchange(clientKey: try TestKeys.client, registrationKey: try TestKeys.registration)
        let authorities = CACertificates(certificates: [exchange.scene.credential.certificate])
        let getCRL = try exchange.make(.getCRL, nil, using: &generator)
        let lists = try Self.reply(try exchange.open(getCRL.bytes), .certificateList(list))
        guard case .certificateList(list) = try ReceivedReply(bytes: lists, to: getCRL, authorities: authorities) else {
            Issue.record("not the CRL")
            return
        }
        let getCert = try exchange.make(.getCert, nil, using: &generator)
        let found = try Self.reply(try exchange.open(getCert.bytes), .certificates([try exchange.scene.issued().der]))
        guard case .success(let issued, []) = try ReceivedReply(bytes: found, to: getCert, authorities: authorities)
        else {
            Issue.record("not the certificate")
            return
        }
        #expect(issued == (try exchange.scene.issued()))
    }

    private static func reply(_ opened: OpenedRequest, _ contents: CertRep.Contents) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return try CertRep.success(
            opened,
            contents,
            password: challenge,
            options: CertRep.Options(policy: .standard, emptyContent: .zeroLength, signingTime: now),
            using: &generator
        )
    }
}
