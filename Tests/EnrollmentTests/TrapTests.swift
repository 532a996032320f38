// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import CryptographicMessageSyntax
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import SwiftASN1
internal import TestSupport
internal import Testing
internal import X509

internal import struct Foundation.Date

/// Traps that other SCEP servers fell into, by their numbers in the project's list of them.
///
/// Those that show elsewhere:
///
/// | trap | what | where |
/// |---|---|---|
/// | 2 | base64 in a GET | `GetTests` and `DecodingTests` of the endpoint, `HTTPRequirementTests` |
/// | 11 | OAEP with all digests and parameters | `SignatureAndTransportTests` of SCEP, `KeyTransportTests` |
/// | 12 | spoilt envelopes look alike and take alike | `UniformAnswerTests`, `UnpaddingTimingTests` |
/// | 15 | approval while the client polls | `ApprovalRaceTests` |
/// | 17 | shape of GetCACert | `DiscoveryRequirementTests` |
/// | 18 | GetNextCACert | `NextCACertificatesTests` of SCEP |
/// | 19 | one code twice on two nodes | `NodeTests`, `ApprovalRaceTests` |
/// | 22, 23 | SIDs, CA flags and names that a request asks for | `PolicyTests`, `RenewalRuleTests` |
/// | 24 | Intune's answers | nowhere: there is no such challenge source yet |
/// | 26 | lines of GetCACaps, HEAD | `DiscoveryRequirementTests`, `ConnectionTests` of the endpoint |
/// | 27 | a token that can't decrypt | nowhere: keys are in software so far |
/// | 28 | URLs | `RouteTests` of the endpoint |
@Suite struct TrapTests {
    private static let unsupported = Answer.failure("2", "the message type is not supported")

    @Test func trap01NoAnswerUsesAnotherProfilesChainOrRecipientOrRules() async throws {
        let world = try await World()
        let profiles = [
            try world.profile("a", compatibility: "default", template: CertificateTemplate(validityDays: 10)),
            try world.profile("b", compatibility: "android", template: CertificateTemplate(validityDays: 20)),
        ]
        let codes = [
            try await world.challenges.makeOneTime(count: 100, profile: "a", lifetime: 60),
            try await world.challenges.makeOneTime(count: 100, profile: "b", lifetime: 60),
        ]
        let keys = [try TestKeys.client, try TestKeys.other]
        let service = world.service()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                let which = index % 2
                let device = try Device("device-\(index)", key: keys[which], in: world)
                let message = try device.message(codes[which][index / 2], transactionID: "id-\(index / 2)")
                group.addTask {
                    let reply = await service.respond(to: message.bytes, profile: profiles[which], remoteAddress: "a")
                    guard case .certRep(let bytes) = reply else { throw DERElement.Defect.missing }
                    let contents = try Answer.contents(try ReplyReader(bytes), message)
                    let issued = try EncodedCertificate(derEncoded: contents.encodedCertificates.first ?? [])
                    #expect(issued.subject.description == "CN=device-\(index)")
                    #expect(issued.subjectPublicKeyInfo.der == keys[which].publicKey.subjectPublicKeyInfo)
                    #expect(contents.encodedCertificates.count == which + 1)
                    let end = world.clock.now.addingTimeInterval(Double(which + 1) * 10 * 86_400 - 1)
                    #expect(issued.notAfter == end)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await world.certificateCount() == 200)
    }

    @Test func trap03AnnouncedRenewalWorksInBothStylesWithoutAChallenge() async throws {
        let world = try await World()
        #expect(Capabilities(body: try world.profile().capabilities).supportsRenewal)
        for type in ["17", "19"] {
            let device = try await world.enrolled("device for \(type)")
            #expect(try await world.ask(try device.renewal(try TestKeys.other, type: type)).certificate != nil)
        }
    }

    @Test func trap04UpdateReqAndUnknownTypesIssueNothing() async throws {
        let world = try await World()
        let code = try await world.code()
        let holder = try await world.enrolled("holder", key: try TestKeys.other)
        for type in ["18", "0", "1", "2", "3", "16", "23", "99", "-1", "1000000000000000000000"] {
            for device in [try Device(in: world), holder] {
                #expect(try await world.ask(try device.message(code, type: type)) == Self.unsupported, "\(type)")
                #expect(try await world.ask(try device.message(nil, type: type)) == Self.unsupported, "\(type)")
            }
        }
        #expect(try await world.certificateCount() == 1)
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test(arguments: ["17", "19"]) func trap05BrokenSelfSignatureOfTheRequestIssuesNothing(type: String) async throws {
        let world = try await World()
        let code = try await world.code()
        let device = type == "17" ? try await world.enrolled() : try Device(in: world)
        let before = try await world.certificateCount()
        let message = try device.message(code, transactionID: "t", type: type) { $0.signer = try TestKeys.other }
        #expect(try await world.ask(message) == .uniform)
        #expect(world.observer.reasons.last == .requestSignature)
        #expect(try await world.certificateCount() == before)
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test(arguments: ["17", "19", "20", "21", "22"])
    func trap06BrokenOuterSignatureIsBadMessageCheckForEveryType(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        let data =
            switch type {
            case "20": TLV.sequence(own.issuer.der, own.subject.der)
            case "21", "22": TLV.sequence(own.issuer.der, TLV.encode(0x02, own.serialNumber))
            default: try HandMadeRequest("device-1", key: device.key, challenge: try await world.code()).der()
            }
        for signer in [device, try Device(in: world)] {
            let message = try signer.message(
                holding: data,
                transactionID: "enrolment",
                type: type,
                outer: { $0.spoilSignature = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }
            )
            #expect(try await world.ask(message) == .failure("1", "the signature of the request is not valid"))
        }
        #expect(try await world.certificateCount() == 1)
    }

    @Test func trap07SelfSignedSignerAsksForItsOwnKeyOnly() async throws {
        let world = try await World()
        let code = try await world.code()
        #expect(try await world.ask(try Device(in: world).message(code, for: try TestKeys.other)) == .uniform)
        #expect(world.observer.reasons == [.requestKeyMismatch])
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test(arguments: [1, 8, 16, 64]) func trap08ReplysNonceIsItsOwnAndTheClientsIsReturnedAsItCame(
        length: Int
    ) async throws {
        let world = try await World()
        let nonce = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 1) }
        let reply = try await world.certRep(
            try Device(in: world).message(
                try await world.code(),
                outer: { outer in
                    outer.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(nonce)))
                }
            )
        )
        #expect(try reply.value(OID.pkiStatus)?.text == "0")
        #expect(try reply.value(OID.recipientNonce)?.content == nonce)
        let own = try #require(try reply.value(OID.senderNonce)?.content)
        #expect(own.count == 16 && own != nonce)
    }

    @Test(arguments: [
        (ContentCipher.tripleDESCBC, OID.tripleDESCBC), (.aes128CBC, OID.aes128CBC), (.aes192CBC, OID.aes192CBC),
        (.aes256CBC, OID.aes256CBC),
    ])
    func trap09And10ReplysCipherAndDigestAreThoseOfTheRequest(cipher: ContentCipher, oid: [UInt8]) async throws {
        let world = try await World()
        let digests = [(DigestAlgorithm.sha1, OID.sha1), (.sha256, OID.sha256), (.sha512, OID.sha512)]
        for (index, (digest, digestOID)) in digests.enumerated() {
            let message = try Device(in: world).message(
                try await world.code(),
                transactionID: "\(index)",
                envelope: { envelope in
                    envelope.cipher = cipher
                    envelope.cipherOID = oid
                },
                outer: { $0.use(digest, digestOID) }
            )
            let reply = try await world.certRep(message)
            let content = try DERElement(try #require(try reply.content))
            #expect(try content.at(1, 0, 2, 1, 0).encoded == oid)
            #expect(try reply.signerInfo.at(2, 0).encoded == digestOID)
        }
    }

    @Test func trap10CiphersThatAreNotServedAreBadAlg() async throws {
        let world = try await World()
        let ciphers: [([UInt8], ContentCipher)] = [
            (OID.aes128GCM, .aes128CBC), (OID.desCBC, .insecureDESCBC), ([UInt8](hex: "06032a0304"), .aes128CBC),
        ]
        for (oid, cipher) in ciphers {
            let message = try Device(in: world).message(
                "x",
                envelope: { envelope in
                    envelope.cipher = cipher
                    envelope.cipherOID = oid
                }
            )
            #expect(try await world.ask(message) == .failure("0", "an algorithm or key of the request is not accepted"))
        }
    }

    @Test func trap13PollForAnUnknownTransactionOrByAnotherKeyEndsAtOnce() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .all))
        let device = try Device(in: world)
        _ = try await world.ask(try device.message(try await world.code()), profile: profile)
        let stranger = try Device("device-1", key: try TestKeys.other, in: world)
        for poll in [try device.poll(transactionID: "unknown"), try stranger.poll()] {
            #expect(try await world.ask(poll, profile: profile) == .unknownTransaction)
        }
    }

    @Test func trap14LostReplyIsSentAgainAndAnotherRequestIsNotMistakenForIt() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .doesNotKnow)
        let device = try Device(in: world)
        let code = try await world.code()
        let first = try await world.ask(try device.message(code))
        #expect(try await world.ask(try device.message(code)) == first)
        let second = try await world.ask(try device.message(try await world.code()))
        #expect(second.certificate != nil && second != first)
        // While one is open, another is refused.
        let slow = try world.profile(issuer: issuer)
        _ = try await world.ask(try device.message(try await world.code(), transactionID: "open"), profile: slow)
        let other = try device.message(try await world.code(), transactionID: "open")
        #expect(
            try await world.ask(other, profile: slow) == .failure("2", "another request of this transaction is open")
        )
        // A renewal under the old id is a new transaction.
        let renewal = try device.holding(try #require(first.certificate))
            .renewal(device.key, transactionID: "0123456789ABCDEF", type: "19")
        let renewed = try await world.ask(renewal)
        #expect(renewed.certificate != nil && renewed != first && renewed != second)
    }

    @Test(arguments: ["17", "18", "19", "20", "21", "22", "3", "x"])
    func trap16WhateverIsWrongAfterTheCMSIsReadIsASignedFailureWithAText(type: String) async throws {
        let world = try await World()
        let device = try Device(in: world)
        let spoils: [@Sendable (inout EnvelopeBuilder) -> Void] = [
            { $0.plaintext = [] }, { $0.plaintext = [0x30, 0x80] }, { $0.spoilContent = { _ in [] } },
            { $0.spoilKey = { _ in [1] } }, { $0.contentType = OID.signedData }, { $0.cipherOID = OID.sha256 },
            { $0.keyTransport = TLV.algorithm(OID.sha256) }, { $0.writtenIV = [] },
        ]
        for spoil in spoils {
            let reply = try await world.certRep(
                try device.message(holding: TLV.sequence(), transactionID: "t", type: type, envelope: spoil)
            )
            #expect(try reply.value(OID.messageType)?.text == "3")
            #expect(try reply.value(OID.pkiStatus)?.text == "2")
            #expect(["0", "1", "2", "4"].contains(try reply.value(OID.failInfo)?.text))
            #expect(try reply.value(OID.failInfoText)?.content.isEmpty == false)
        }
    }

    @Test func trap20ChallengeOfOneDeviceUsedWithTheNamesOfAnotherIsRefusedLikeAWrongOneAndCounted() async throws {
        let world = try await World()
        let code = try await world.code(boundTo: "CN=device-1", names: [.dnsName("device-1.example")])
        let (first, second) = (try Device("device-1", in: world), try Device("device-2", in: world))
        let (own, others) = (Wish.names(Wish.dns("device-1.example")), Wish.names(Wish.dns("device-2.example")))
        let wrong = try await world.ask(try first.message("wrong", extensions: [own]))
        for (device, wish) in [(second, own), (first, others), (second, others)] {
            #expect(try await world.ask(try device.message(code, extensions: [wish])) == wrong)
        }
        #expect(wrong == .uniform)
        #expect(world.observer.reasons == [.challengeUnknown] + Array(repeating: .challengeIdentity, count: 3))
        #expect(try await world.row(code).usedAt == nil)
        #expect(try await world.certificateCount() == 0)
        #expect(try await world.ask(try first.message(code, extensions: [own])).certificate != nil)
    }

    @Test func trap21MissingChallengeIssuesNothingAndAProfileWithoutAnyWayToAuthenticateIsNotServed() async throws {
        let world = try await World()
        for challenge in [nil, ""] {
            #expect(try await world.ask(try Device(in: world).message(challenge)) == .uniform)
        }
        #expect(try world.resolve(sources: []) == nil)
        #expect(try await world.certificateCount() == 0)
    }

    @Test(arguments: ["700101000000Z", "991231235959Z", "490101000000Z"])
    func trap25SigningTimeOfARouterWithoutAClockDoesNotMatter(time: String) async throws {
        let world = try await World()
        func message() async throws -> Message {
            try Device(in: world).message(
                try await world.code(),
                outer: { outer in
                    outer.attributes.append(TLV.attribute(OID.signingTime, HandMadeCertificate.utcTime(time)))
                }
            )
        }
        #expect(try await world.ask(try await message()).certificate != nil)
        var settings = SCEPProfileSettings.with()
        settings.maximumClockSkew = 86_400
        let strict = try world.profile(settings: settings)
        #expect(
            try await world.ask(try await message(), profile: strict)
                == .failure("3", "the signing time is too far from the server's")
        )
        // Absent, it is not too far.
        let without = try Device(in: world).message(try await world.code(), transactionID: "without")
        #expect(try await world.ask(without, profile: strict).certificate != nil)
    }

    @Test func trap29ManyRenewalsAtOnceLoseNone() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let service = world.service()
        let profile = try world.profile()
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
            for index in 0..<300 {
                let message = try device.renewal(try TestKeys.other, transactionID: "renewal \(index)")
                group.addTask { try await world.ask(message, profile: profile, service: service) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.compactMap(\.certificate?.serialNumber)).count == 300)
        #expect(try await world.certificateCount() == 301)
    }

    @Test func trap30OddSignerCertificateStopsNothing() async throws {
        let world = try await World()
        let odd: [@Sendable (inout HandMadeCertificate) -> Void] = [
            // A critical authorityKeyIdentifier, an unknown critical extension, an extension that is no DER.
            { $0.extensions = [TLV.sequence([UInt8](hex: "0603551d23"), [1, 1, 0xFF], TLV.octetString([0x30, 0]))] },
            { $0.extensions = [TLV.sequence([UInt8](hex: "06032a0304"), [1, 1, 0xFF], TLV.octetString([5, 0]))] },
            { $0.extensions = [HandMadeCertificate.extension(OID.keyUsage, [0xFF])] },
            { $0.version = [] },
            { $0.serialNumber = [0x80, 0x01] },
            {
                $0.validity =
                    HandMadeCertificate.utcTime("700101000000Z") + HandMadeCertificate.utcTime("700101000001Z")
            },
        ]
        for (index, change) in odd.enumerated() {
            var certificate = HandMadeCertificate("device-1", key: try TestKeys.client)
            change(&certificate)
            let device = try Device(in: world).holding(try certificate.read())
            let message = try device.message(try await world.code(), transactionID: "odd \(index)")
            #expect(try await world.ask(message).certificate != nil, "\(index)")
        }
    }

    @Test func trap31CertRepFromAClientAndOddTypesAreASignedFailure() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let code = try await world.code()
        let types: [[UInt8]] = [
            TLV.printable("3"), TLV.integer(19), TLV.octetString(Array("19".utf8)), TLV.null, [],
            TLV.printable("19") + TLV.printable("19"), TLV.sequence(TLV.printable("19")),
        ]
        for type in types {
            let message = try device.message(
                code,
                outer: { $0.replace(OID.messageType, with: TLV.attribute(OID.messageType, type)) }
            )
            #expect(try await world.ask(message) == Self.unsupported, "\(type)")
        }
        let missing = try device.message(code, outer: { $0.replace(OID.messageType) })
        #expect(try await world.ask(missing) == Self.unsupported)
        let twice = try device.message(
            code,
            outer: { $0.attributes.append(TLV.attribute(OID.messageType, TLV.printable("20"))) }
        )
        #expect(try await world.ask(twice).certificate == nil)
        #expect(try await world.certificateCount() == 0)
        #expect(try await world.row(code).usedAt == nil)
    }
}
