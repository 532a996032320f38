// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// GetCert and GetCRL (RFC 8894 §2.6, §2.7, §3.3.4).
@Suite struct QueryTests {
    private static let authority = HandMadeCertificate.name("Example CA")

    @Test func requirement154HolderGetsACertificateByIssuerAndSerialNumber() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let other = try #require(try await world.enrolled("device-2", key: try TestKeys.other).issued)
        for certificate in [try #require(device.issued), other] {
            let query = try device.query(Self.authority, certificate.serialNumber)
            #expect(try await world.ask(query) == .certificate(certificate.der))
            #expect(world.observer.reasons.last == .queryAnswered)
        }
        let spelling = HandMadeCertificate.name(value: TLV.printable("EXAMPLE  CA"))
        #expect(try await world.ask(try device.query(spelling, other.serialNumber)).certificate == other)
    }

    @Test func requirement155UnknownSerialNumberIsBadCertID() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        let queries = [
            try device.query(Self.authority, [0x11]),
            try device.query(Self.authority, [0x80]),
            try device.query(Self.authority, Array(repeating: 0x7F, count: 500)),
        ]
        for query in queries {
            #expect(try await world.ask(query) == .unknownCertificate)
            #expect(world.observer.reasons.last == .queryNotFound)
        }
        #expect(world.clock.waits.isEmpty)
        // A zero to spare is the same number (client-quirks D7).
        #expect(try await world.ask(try device.query(Self.authority, [0] + own.serialNumber)).certificate == own)
    }

    /// What a ciphertext of somebody else's can be spliced into looks like one that does not open (decision 0011).
    @Test(arguments: ["21", "22"]) func queryThatNamesNoCAIsTheUniformFailure(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        for issuer in [HandMadeCertificate.name("Other CA"), own.subject.der, TLV.sequence()] {
            let waits = world.clock.waits.count
            #expect(try await world.ask(try device.query(issuer, own.serialNumber, type: type)) == .uniform)
            #expect(world.observer.reasons.last == .envelopeUnopened)
            #expect(world.clock.waits.count == waits + 1)
        }
    }

    @Test func requirement156QueryIsNeverPending() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let profile = try world.profile(settings: .with(approval: .all))
        let own = try #require(device.issued)
        for number in [own.serialNumber, [0x11]] {
            for type in ["21", "22"] {
                let query = try device.query(Self.authority, number, type: type)
                #expect(try await world.ask(query, profile: profile) != .pending)
            }
        }
        #expect(try await world.waiting().isEmpty)
    }

    @Test func requirement157And158HolderGetsTheNewestListAndNothingElse() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        let other = try #require(try await world.enrolled("device-2", key: try TestKeys.other).issued)
        let query = try device.query(Self.authority, own.serialNumber, type: "22")
        let first = try #require(try await world.ask(query).certificateList)
        #expect(first.isSigned(by: try TestKeys.authority.publicKey))
        #expect(first.isCurrent(at: world.clock.now) && first.covers(own) && first.count == 0)
        try await world.revoke(other)
        let second = try #require(try await world.ask(query).certificateList)
        #expect(try second.revocation(of: other.serialNumber)?.reason == .keyCompromise)
        #expect(first.number != second.number)
        #expect(world.observer.reasons.suffix(1) == [.queryAnswered])
    }

    /// Clients name whatever certificate of the CA they have (client-quirks I9).
    @Test func listIsGivenForTheRAsNumberAndTheCAsOwnAndNotForAnotherIssuers() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let numbers = [world.credential.certificate.serialNumber, world.issuer.authority.certificate.serialNumber, [0]]
        for number in numbers {
            let query = try device.query(Self.authority, number, type: "22")
            #expect(try await world.ask(query).certificateList != nil)
        }
        let foreign = try device.query(HandMadeCertificate.name("Other CA"), [1], type: "22")
        #expect(try await world.ask(foreign) == .uniform)
    }

    @Test func requirement159OnlyHoldersOfAValidCertificateOfTheProfileMayAsk() async throws {
        let world = try await World()
        let printers = try world.profile("printers")
        let printer = try await world.enrolled("printer", key: try TestKeys.other, profile: printers)
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        var foreign = HandMadeCertificate("device-1", key: device.key)
        foreign.issuer = Self.authority
        foreign.serialNumber = own.serialNumber
        let strangers = [try Device(in: world), try Device(in: world).holding(try foreign.read()), printer]
        for stranger in strangers {
            for type in ["21", "22"] {
                let query = try stranger.query(Self.authority, own.serialNumber, type: type)
                #expect(try await world.ask(query) == .uniform)
                #expect(world.observer.reasons.last == .queryNotEntitled)
            }
        }
        // Nor is another profile's certificate found by who may ask.
        let number = try #require(printer.issued?.serialNumber)
        #expect(try await world.ask(try device.query(Self.authority, number)) == .unknownCertificate)
        #expect(
            try await world.ask(try printer.query(Self.authority, number), profile: printers).certificate != nil
        )
    }

    @Test(arguments: ["21", "22"]) func revokedAndExpiredHoldersMayNotAsk(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        let query = try device.query(Self.authority, own.serialNumber, type: type)
        try await world.revoke(own, .certificateHold)
        #expect(try await world.ask(query) == .uniform)
        _ = try await world.certificates.release(try await world.record(own))
        #expect(try await world.ask(query) != .uniform)
        world.clock.advance(366 * 86_400)
        #expect(try await world.ask(query) == .uniform)
        #expect(world.observer.reasons == [.issued, .queryNotEntitled, .queryAnswered, .queryNotEntitled])
    }

    @Test func revokedCertificateIsStillFound() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let other = try #require(try await world.enrolled("device-2", key: try TestKeys.other).issued)
        try await world.revoke(other)
        #expect(try await world.ask(try device.query(Self.authority, other.serialNumber)).certificate == other)
    }

    @Test func requirement161QueryThatIsRefusedIsASignedFailure() async throws {
        let world = try await World()
        let device = try Device(in: world)
        for type in ["21", "22"] {
            let reply = try await world.certRep(try device.query(Self.authority, [1], type: type))
            #expect(try reply.value(OID.pkiStatus)?.text == "2")
            #expect(try reply.value(OID.failInfo)?.text == "2")
            #expect(try reply.value(OID.messageType)?.text == "3")
        }
        // It took as long as every refusal before authentication.
        #expect(world.clock.waits.count == 2)
    }

    @Test func strangersEnvelopeIsNotDecrypted() async throws {
        let world = try await World()
        let query = try Device(in: world).query(Self.authority, [1], envelope: { $0.plaintext = [1, 2, 3] })
        #expect(try await world.ask(query) == .uniform)
        #expect(try await world.latestTrace().steps.map(\.name) == ["message", "signature", "query"])
    }

    @Test func queryThatHoldsSomethingElseIsNothing() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let code = try await world.code()
        let request = try HandMadeRequest("device-1", key: device.key, challenge: code).der()
        for type in ["21", "22"] {
            for data in [request, TLV.sequence(Self.authority, Self.authority), [], TLV.sequence(Self.authority)] {
                let message = try device.message(holding: data, transactionID: "odd", type: type)
                #expect(try await world.ask(message) == .uniform)
            }
        }
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test func holderWithAnECKeyIsToldThatTheAnswerCannotBeEncrypted() async throws {
        let world = try await World()
        let device = try await world.enrolled(key: try TestKeys.ec)
        let own = try #require(device.issued)
        for type in ["21", "22"] {
            #expect(
                try await world.ask(try device.query(Self.authority, own.serialNumber, type: type)) == .undeliverable
            )
        }
        #expect(world.observer.reasons.last == .replyUndeliverable)
    }

    @Test func strangerWithAnECKeyIsRefusedLikeAnyOther() async throws {
        let world = try await World()
        let stranger = try Device(key: try TestKeys.ec, in: world)
        #expect(try await world.ask(try stranger.query(Self.authority, [1])) == .uniform)
    }
}
