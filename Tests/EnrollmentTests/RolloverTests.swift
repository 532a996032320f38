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
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

/// A CA with a next generation, and an RA that was replaced (RFC 8894 §4.7, design §6.7).
private struct Rollover {
    let world: World
    let nextIssuer: BuiltInIssuer
    let nextCredential: RACredential
    let formerCredential: RACredential

    init(_ world: World) async throws {
        var generator = SystemRandomNumberGenerator()
        let present = world.issuer.authority
        let key = try ExtraKeys.next
        let certificate = try KeyCeremony.nextSingleCA(
            after: present.certificate,
            key: key,
            now: world.clock.now,
            using: &generator
        )
        let publication = PublicationPoints(issuerName: "issuing", keyGeneration: 2, baseURL: "http://ca.example")
        let id = UUID()
        try await world.store.apply([
            .addIssuer(
                IssuerRecord(
                    id: id,
                    name: "issuing",
                    keyGeneration: 2,
                    state: .next,
                    certificate: certificate.der,
                    chain: [],
                    publicURL: "http://ca.example",
                    wrappedKey: [0],
                    createdAt: world.clock.now
                )
            )
        ])
        func registration(
            _ name: String,
            _ key: SoftwareKey,
            by issuer: EncodedCertificate,
            _ issuerKey: SoftwareKey
        ) throws
            -> RACredential
        {
            let certificate = try KeyCeremony.certified(
                .registration,
                subject: try Name("CN=\(name)"),
                publicKey: key.publicKey,
                by: issuer,
                issuerKey: issuerKey,
                publication: publication,
                now: world.clock.now,
                using: &generator
            )
            return RACredential(certificate: certificate, key: key, alongside: [issuer.der])
        }
        self.world = world
        self.nextIssuer = BuiltInIssuer(
            id: id,
            authority: try IssuingAuthority(certificate: certificate, key: key, publication: publication)
        )
        self.nextCredential = try registration("Next RA", try ExtraKeys.nextRegistration, by: certificate, key)
        self.formerCredential = try registration(
            "Former RA",
            try ExtraKeys.formerRegistration,
            by: present.certificate,
            try TestKeys.authority
        )
    }

    func profile(settings: SCEPProfileSettings = .with()) throws -> ServedProfile {
        let next = nextIssuer.authority.certificate
        return try world.profile(
            settings: settings,
            generations: [
                ServedGeneration(
                    issuer: world.issuer,
                    credentials: [world.credential, formerCredential]
                ),
                ServedGeneration(issuer: nextIssuer, credentials: [nextCredential]),
            ],
            own: [OwnAuthority(issuerID: nextIssuer.id, certificate: next, chain: [next.der])]
        )
    }

    /// A device that envelopes to a credential.
    func device(_ name: String = "device-1", to credential: RACredential) throws -> Device {
        var device = try Device(name, in: world)
        device.recipient = credential.certificate
        return device
    }
}

/// Whether a reply is signed by a credential.
private func isSigned(_ reply: ReplyReader, by credential: RACredential) throws -> Bool {
    try reply.signerInfo.at(1).encoded == EnvelopeBuilder.identifier(of: credential.signer)
        && reply.certificates.first == credential.signer.der
}

@Suite struct RolloverTests {
    @Test func requirement152RequestToTheNextRAIsIssuedByTheNextKeyAndAnsweredByTheNextRA() async throws {
        let world = try await World()
        let rollover = try await Rollover(world)
        let message = try rollover.device(to: rollover.nextCredential).message(try await world.code())
        let profile = try rollover.profile()
        let reply = try await world.certRep(message, profile: profile)
        #expect(try isSigned(reply, by: rollover.nextCredential))
        let issued = try #require(try Answer.contents(reply, message).certificates.first)
        #expect(issued.isSigned(by: try ExtraKeys.next.publicKey))
        #expect(try await world.record(issued).issuerID == rollover.nextIssuer.id)
        // The same request gets the same certificate again, also once the next generation is the present one.
        #expect(try await world.ask(message, profile: profile) == .certificate(issued.der))
    }

    @Test func requestToAFormerRAIsIssuedByThePresentKeyAndAnsweredByTheFormerRA() async throws {
        let world = try await World()
        let rollover = try await Rollover(world)
        let message = try rollover.device(to: rollover.formerCredential).message(try await world.code())
        let reply = try await world.certRep(message, profile: try rollover.profile())
        #expect(try isSigned(reply, by: rollover.formerCredential))
        let issued = try #require(try Answer.contents(reply, message).certificates.first)
        #expect(issued.isSigned(by: try TestKeys.authority.publicKey))
        #expect(try await world.record(issued).issuerID == world.issuer.id)
    }

    @Test func everyAnswerIsSignedByTheCredentialThatWasAddressed() async throws {
        let world = try await World()
        let rollover = try await Rollover(world)
        let manual = try rollover.profile(settings: .with(approval: .enrollments))
        for (index, credential) in [rollover.nextCredential, rollover.formerCredential, world.credential].enumerated() {
            let device = try rollover.device(to: credential)
            let messages = [
                try device.message("wrong"),
                try device.message(nil),
                try device.message("x", envelope: { $0.spoilContent = { $0.dropLast(16) } }),
                try device.message("x", envelope: { $0.spoilKey = { key in key.map { $0 ^ 0x55 } } }),
                try device.message(try await world.code(), extensions: [Wish.names(Wish.dns("a..b"))]),
                try device.poll(transactionID: "unknown"),
                try device.query(HandMadeCertificate.name("Example CA"), [1]),
                try device.message(try await world.code(), transactionID: "waits \(index)"),
                try device.poll(transactionID: "waits \(index)"),
            ]
            for (number, message) in messages.enumerated() {
                let reply = try await world.certRep(message, profile: manual)
                #expect(try isSigned(reply, by: credential), "\(index) \(number)")
                #expect(try reply.value(OID.pkiStatus)?.text == (number < 7 ? "2" : "3"))
            }
        }
    }

    @Test func envelopeOfOneRecipientThatNobodyKnowsIsTriedWithAllKeysAndIssuedByTheirGeneration() async throws {
        let world = try await World()
        let rollover = try await Rollover(world)
        let message = try rollover.device(to: rollover.nextCredential)
            .message(
                try await world.code(),
                envelope: { $0.recipient = TLV.sequence(HandMadeCertificate.name("Stale"), TLV.integer(9)) }
            )
        let issued = try #require(try await world.ask(message, profile: try rollover.profile()).certificate)
        #expect(issued.isSigned(by: try ExtraKeys.next.publicKey))
    }

    @Test func requestThatWaitsIsIssuedByTheGenerationItWasMeantFor() async throws {
        let world = try await World()
        let rollover = try await Rollover(world)
        let profile = try rollover.profile(settings: .with(approval: .all))
        let device = try rollover.device(to: rollover.nextCredential)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        let waiting = try #require(try await world.waiting().first)
        #expect(waiting.issuerID == rollover.nextIssuer.id)
        _ = try await world.decisions(profile).approve(waiting.id, by: "anna")
        let issued = try #require(try await world.ask(try device.poll(), profile: profile).certificate)
        #expect(issued.isSigned(by: try ExtraKeys.next.publicKey))
    }

    @Test func certificateOfEitherGenerationIsRenewedAndMayAsk() async throws {
        let world = try await World()
        let rollover = try await Rollover(world)
        let profile = try rollover.profile()
        for (index, credential) in [rollover.nextCredential, world.credential].enumerated() {
            var device = try rollover.device("device-\(index)", to: credential)
            let enrolment = try device.message(try await world.code(), transactionID: "enrolment")
            device = device.holding(try #require(try await world.ask(enrolment, profile: profile).certificate))
            let own = try #require(device.issued)
            // Both CAs have the same name; the record tells which of them issued it.
            for recipient in [rollover.nextCredential, world.credential] {
                device.recipient = recipient.certificate
                let renewal = try device.renewal(
                    try TestKeys.other,
                    transactionID: "renewal to \(recipient.certificate.subject)"
                )
                let key = recipient === world.credential ? try TestKeys.authority : try ExtraKeys.next
                let renewed = try #require(try await world.ask(renewal, profile: profile).certificate)
                #expect(renewed.isSigned(by: key.publicKey))
            }
            let query = try device.query(own.issuer.der, own.serialNumber)
            #expect(try await world.ask(query, profile: profile).certificate == own)
        }
    }

    @Test func chainInTheReplyIsThatOfTheGenerationThatIssued() async throws {
        let world = try await World()
        let rollover = try await Rollover(world)
        let (present, next) = (world.issuer.authority.certificate, rollover.nextIssuer.authority.certificate)
        let profile = try world.profile(
            compatibility: "cisco-ios",
            generations: [
                ServedGeneration(issuer: world.issuer, credentials: [world.credential]),
                ServedGeneration(
                    issuer: rollover.nextIssuer,
                    credentials: [rollover.nextCredential]
                ),
            ],
            own: [OwnAuthority(issuerID: rollover.nextIssuer.id, certificate: next, chain: [next.der])]
        )
        for (index, (credential, authority)) in [(rollover.nextCredential, next), (world.credential, present)]
            .enumerated()
        {
            let message = try rollover.device(to: credential)
                .message(try await world.code(), transactionID: "chain \(index)")
            let reply = try await world.certRep(message, profile: profile)
            let contents = try Answer.contents(reply, message)
            #expect(contents.encodedCertificates.dropFirst() == [authority.der])
        }
    }
}
