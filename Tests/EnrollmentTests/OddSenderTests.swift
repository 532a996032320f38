// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.Date

/// Messages whose outside is odd, as clients send them: certificates, nonces, attributes (client-quirks D, E, M).
@Suite struct OddSenderTests {
    /// A self-signed certificate that some client makes.
    struct OddCertificate: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout HandMadeCertificate) throws -> Void

        init(_ name: String, _ change: @escaping @Sendable (inout HandMadeCertificate) throws -> Void) {
            self.testDescription = name
            self.change = change
        }
    }

    private static let authorityKeyIdentifier = [UInt8](hex: "0603551d23")

    private static let oddCertificates = [
        OddCertificate("critical authorityKeyIdentifier") {
            let value = TLV.octetString(TLV.sequence(TLV.encode(0x80, [1, 2, 3])))
            $0.extensions = [TLV.sequence(authorityKeyIdentifier, [0x01, 0x01, 0xFF], value)]
        },
        OddCertificate("critical extension of its maker's own") {
            let oid = [UInt8](hex: "06092b06010401831e0102")
            $0.extensions = [TLV.sequence(oid, [0x01, 0x01, 0xFF], TLV.octetString([5, 0]))]
        },
        OddCertificate("times of a century as GeneralizedTime") {
            $0.validity =
                HandMadeCertificate.generalizedTime("19260101000000Z")
                + HandMadeCertificate.generalizedTime("20260101000000Z")
        },
        OddCertificate("a century of validity") {
            $0.validity =
                HandMadeCertificate.utcTime("260101000000Z") + HandMadeCertificate.generalizedTime("21260101000000Z")
        },
        OddCertificate("no seconds and a time zone (M3)") {
            $0.validity =
                HandMadeCertificate.utcTime("2601010000+0900") + HandMadeCertificate.utcTime("2601020000+0900")
        },
        OddCertificate("not valid yet (M1)") {
            $0.validity = HandMadeCertificate.utcTime("490101000000Z") + HandMadeCertificate.utcTime("491231000000Z")
        },
        OddCertificate("expired") {
            $0.validity = HandMadeCertificate.utcTime("700101000000Z") + HandMadeCertificate.utcTime("700102000000Z")
        },
        OddCertificate("end before start") {
            $0.validity = HandMadeCertificate.utcTime("460101000000Z") + HandMadeCertificate.utcTime("260101000000Z")
        },
        OddCertificate("negative serial number") { $0.serialNumber = [0xFF, 0x17] },
        OddCertificate("serial number of 25 bytes") { $0.serialNumber = [0x7F] + Array(1...24) },
        OddCertificate("negative serial number of 25 bytes") { $0.serialNumber = [0x80] + Array(1...24) },
        OddCertificate("serial number with leading zeros") { $0.serialNumber = [0, 0, 0, 0x41] },
        OddCertificate("serial number zero") { $0.serialNumber = [0] },
        OddCertificate("version 1") { $0.version = [] },
        OddCertificate("no subject and no issuer") {
            $0.subject = TLV.sequence()
            $0.issuer = TLV.sequence()
        },
        OddCertificate("another issuer than subject") { $0.issuer = HandMadeCertificate.name("nobody") },
        OddCertificate("no usable signature") { $0.signer = try TestKeys.other },
        OddCertificate("key usage without digitalSignature") {
            $0.extensions = [HandMadeCertificate.extension(OID.keyUsage, [UInt8](hex: "03020106"))]
        },
    ]

    @Test(arguments: oddCertificates)
    func temporaryCertificateIsAnsweredToByItsOwnIssuerAndSerialNumber(odd: OddCertificate) async throws {
        let world = try await World()
        var certificate = HandMadeCertificate("device-1", key: try TestKeys.client)
        try odd.change(&certificate)
        let device = try Device(in: world).holding(try certificate.read())
        let message = try device.message(try await world.code())
        let reply = try await world.certRep(message)
        #expect(try reply.value(OID.pkiStatus)?.text == "0")
        let recipient = try DERElement(try #require(try reply.content)).at(1, 0, 1, 0)
        #expect(
            try recipient.at(1).encoded
                == TLV.sequence(certificate.issuer, TLV.encode(0x02, certificate.serialNumber))
        )
        let issued = try #require(try Answer.contents(reply, message).certificates.first)
        #expect(issued.subjectPublicKeyInfo.der == device.key.publicKey.subjectPublicKeyInfo)
        // A refusal reaches such a device too.
        #expect(try await world.ask(try device.message("wrong")) == .uniform)
    }

    @Test(arguments: ClientCompatibility.all.map(\.name))
    func nonceOfEightBytesIsReturnedAsItCame(name: String) async throws {
        let world = try await World()
        let profile = try world.profile(compatibility: name)
        let nonce: [UInt8] = [0, 0xFF, 3, 4, 5, 6, 7, 0]
        for challenge in [try await world.code(), "wrong"] {
            let message = try Device(in: world).message(
                challenge,
                outer: { $0.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(nonce))) }
            )
            let reply = try await world.certRep(message, profile: profile)
            #expect(try reply.value(OID.recipientNonce)?.content == nonce)
            #expect(try reply.value(OID.senderNonce)?.content.count == 16)
        }
    }

    @Test(arguments: [0, 65, 4096]) func nonceOfNoLengthOrAHugeOneIsNotAnswered(length: Int) async throws {
        let world = try await World()
        let nonce = TLV.attribute(OID.senderNonce, TLV.octetString(Array(repeating: 1, count: length)))
        let message = try Device(in: world).message(
            try await world.code(),
            outer: { $0.replace(OID.senderNonce, with: nonce) }
        )
        // Nor on a profile whose clients may leave it out: this is none that is missing.
        for name in ["default", "legacy"] {
            #expect(try await world.ask(message, profile: try world.profile(compatibility: name)) == .unanswerable)
        }
        #expect(try await world.certificateCount() == 0)
    }

    // MARK: - Encodings (D1, D2, D5, D11, E1, F5)

    /// A way to write a right message.
    struct Encoding: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var envelope: @Sendable (inout EnvelopeBuilder) throws -> Void = { _ in }
        var outer: @Sendable (inout PKIMessageBuilder) throws -> Void = { _ in }
        var trailing: [UInt8] = []
    }

    private static let encodings = [
        Encoding(
            testDescription: "indefinite lengths and segments outside and inside: Apple, jscep",
            envelope: { $0.writeContent = { TLV.segments(0x80, $0, of: 1000) } },
            outer: { $0.form = .indefinite }
        ),
        Encoding(
            testDescription: "a segment for each byte",
            envelope: { $0.writeContent = { TLV.segments(0x80, $0, of: 1) } }
        ),
        Encoding(
            testDescription: "an explicit tag around the ciphertext: an old Go library",
            envelope: { $0.writeContent = { TLV.context(0, TLV.octetString($0)) } }
        ),
        Encoding(
            testDescription: "no NULL beside algorithms: micromdm",
            envelope: { $0.keyTransport = TLV.sequence(OID.rsaEncryption) },
            outer: { outer in
                outer.digestIdentifier = TLV.sequence(OID.sha256)
                outer.signatureIdentifier = TLV.sequence(OID.rsaEncryption)
            }
        ),
        Encoding(testDescription: "attributes out of order, signed so", outer: { $0.order = .asGiven }),
        Encoding(
            testDescription: "attributes out of order, signed in order",
            outer: { $0.order = .asGivenSignedSorted }
        ),
        Encoding(
            testDescription: "a signature with the digest in its name",
            outer: { $0.signatureIdentifier = TLV.algorithm(OID.sha256WithRSA) }
        ),
        Encoding(testDescription: "a line end behind it", trailing: [0x0D, 0x0A]),
        Encoding(testDescription: "zeros behind it", trailing: [0, 0, 0]),
    ]

    @Test(arguments: encodings, ["default", "absent-content", "legacy"])
    func messageIsReadHoweverItIsWrittenAndAnsweredInDER(encoding: Encoding, compatibility: String) async throws {
        let world = try await World()
        let profile = try world.profile(compatibility: compatibility)
        for challenge in [try await world.code(), "wrong"] {
            var message = try Device(in: world).message(challenge, envelope: encoding.envelope, outer: encoding.outer)
            message.bytes += encoding.trailing
            let bytes = try #require(try await world.certRepBytes(message, profile: profile))
            #expect(try DERElement(bytes).isWellFormed)
            #expect(try ReplyReader(bytes).value(OID.pkiStatus)?.text == (challenge == "wrong" ? "2" : "0"))
        }
    }

    // MARK: - signingTime (M2)

    @Test(arguments: [
        HandMadeCertificate.utcTime("700101000000Z"), HandMadeCertificate.generalizedTime("20991231235959Z"),
        TLV.utf8("yesterday"), TLV.integer(1),
    ])
    func signingTimeIsComparedOnlyWhereAProfileSaysSo(time: [UInt8]) async throws {
        let world = try await World()
        var settings = SCEPProfileSettings.with()
        settings.maximumClockSkew = 86_400
        let strict = try world.profile(settings: settings)
        let device = try Device(in: world)
        let isTime = time.first == 0x17 || time.first == 0x18
        let code = try await world.code()
        let odd = try device.message(
            code,
            outer: { $0.attributes.append(TLV.attribute(OID.signingTime, time)) }
        )
        if isTime {
            let text = "the signing time is too far from the server's"
            #expect(try await world.ask(odd, profile: strict) == .failure("3", text))
            #expect(world.observer.reasons == [.messageTime])
        }
        #expect(try await world.ask(odd).certificate != nil)
        // Who sends none has nothing that could be wrong.
        #expect(try await world.ask(try device.message(code), profile: strict).certificate != nil)
    }

    // MARK: - What is copied outside (E12)

    @Test func challengeThatMacOSCopiesIntoTheClearIsNeitherUsedNorRecorded() async throws {
        let world = try await World()
        let code = try await world.code()
        func message(inside: String?, outside: String) throws -> Message {
            try Device(in: world).message(
                inside,
                outer: { $0.attributes.append(TLV.attribute(OID.challengePassword, TLV.printable(outside))) }
            )
        }
        // The copy does not make up for a challenge that is wrong or missing.
        for inside in [nil, "wrong"] {
            #expect(try await world.ask(try message(inside: inside, outside: code)) == .uniform)
        }
        #expect(try await world.row(code).usedAt == nil)
        // Nor does a wrong copy spoil a right one, and none comes back.
        for outside in ["something-else-entirely", code] {
            let reply = try await world.certRep(try message(inside: code, outside: outside))
            #expect(try reply.value(OID.pkiStatus)?.text == "0")
            #expect(try reply.value(OID.challengePassword) == nil)
        }
        _ = try await world.traces.flush()
        let recorded = try await world.store.traces(before: nil, limit: 100).flatMap { $0.steps.map(\.detail) }
        #expect(!recorded.isEmpty)
        for secret in [code, "something-else-entirely"] {
            #expect((recorded + world.observer.summaries.map(\.detail)).allSatisfy { !$0.contains(secret) })
            for name in try world.folder.names {
                #expect(!(try world.folder.read(name)).contains(run: Array(secret.utf8)), "\(name)")
            }
        }
    }

    @Test func furtherAttributesOfOthersArePassedOver() async throws {
        let world = try await World()
        let hresult = [UInt8](hex: "06092b0601040182371521")
        let message = try Device(in: world).message(
            try await world.code(),
            outer: { outer in
                outer.attributes += [
                    TLV.attribute(OID.randomNonce, TLV.octetString(Array(1...16))),
                    TLV.attribute(hresult, TLV.integer(0x7F, 0xFF)),
                    TLV.attribute(OID.signingTime, HandMadeCertificate.utcTime("700101000000Z")),
                ]
            }
        )
        #expect(try await world.ask(message).certificate != nil)
    }

    // MARK: - Keys and ciphers (D8, D10)

    @Test func modulusOneBitShortIsCertifiedAndTwoBitsShortIsRefusedWithItsSize() async throws {
        let world = try await World()
        for bits in [2047, 2046] {
            // Ids sort by time: the newest trace is that of the second message.
            world.clock.advance(1)
            let code = try await world.code()
            let options = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"]
            let key = try SoftwareKey(derEncoded: try await OpenSSL().makeKey("odd.pem", options))
            #expect(key.publicKey.algorithm == .rsa(bits: bits))
            let answer = try await world.ask(try Device(key: key, in: world).message(code))
            if bits == 2047 {
                #expect(answer.certificate != nil)
            } else {
                #expect(answer == .failure("0", "the key is not of a type or size that is certified"))
                #expect(world.observer.reasons.last == .policyKey)
                #expect(try await world.latestTrace().steps.contains { $0.detail.contains("2046") })
                #expect(try await world.row(code).usedAt == nil)
            }
        }
    }

    @Test func authenticatedEncryptionInAnEnvelopeIsBadAlg() async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            envelope: { envelope in
                envelope.cipherOID = OID.aes128GCM
                envelope.writtenIV = Array(1...12)
            }
        )
        #expect(try await world.ask(message) == .failure("0", "an algorithm or key of the request is not accepted"))
    }
}

extension World {
    fileprivate func certRepBytes(_ message: Message, profile: ServedProfile) async throws -> [UInt8]? {
        guard case .certRep(let bytes) = try await reply(message, profile: profile) else { return nil }
        return bytes
    }
}
