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

/// What each named client compatibility changes in replies (client-quirks D3, E11, G1, G2).
@Suite struct ClientCompatibilityTests {
    /// How many CA certificates follow the issued one when there are two below the root; those that are not named add none.
    private static let chainLengths = ["android": 2, "cisco-ios": 1, "legacy": 1]
    private static let names = ClientCompatibility.all.map(\.name)

    /// A profile whose CA has another above it, below the root.
    private func profile(
        _ world: World,
        _ name: String,
        settings: SCEPProfileSettings = .with()
    ) throws -> ServedProfile {
        try world.profile(settings: settings, compatibility: name, chain: [try AlternateCA.certificate.der])
    }

    @Test func namesAreUniqueAndTheFirstIsTheDefault() {
        #expect(Set(Self.names).count == Self.names.count)
        #expect(Self.names.first == "default")
        #expect(
            ClientCompatibility.all.allSatisfy {
                $0.reason.hasSuffix(".") && ProfileName.isValid($0.name.replacing(".", with: "-"))
            }
        )
        #expect(ClientCompatibility.named("nobody") == nil)
        // Each differs from the default by what it says, or says why the default suits its client.
        #expect(ClientCompatibility.named("android")?.replyChain == .chain)
        #expect(ClientCompatibility.named("apple")?.caList == .withoutRoot)
        #expect(ClientCompatibility.named("mikrotik")?.caList == .authoritiesFirst)
        #expect(ClientCompatibility.named("ndes")?.listsEncryptionCertificate == true)
        #expect(ClientCompatibility.named("pyscep")?.listsEncryptionCertificate == true)
        #expect(ClientCompatibility.named("strongswan-5.9")?.extraCapabilities == ["SHA-384"])
    }

    @Test(arguments: names) func requirement113And114IssuedCertificateComesFirstAndThenWhatTheClientWants(
        name: String
    ) async throws {
        let world = try await World()
        let profile = try profile(world, name)
        let device = try Device(in: world)
        let message = try device.message(try await world.code())
        let chain = [world.issuer.authority.certificate.der, try AlternateCA.certificate.der]
        // The same for a first answer, a resent request, and a poll.
        var seen: Set<[[UInt8]]> = []
        for question in [message, message, try device.poll()] {
            let reply = try await world.certRep(question, profile: profile)
            let contents = try Answer.contents(reply, question)
            let issued = try #require(contents.certificates.first)
            #expect(issued.subjectPublicKeyInfo.der == device.key.publicKey.subjectPublicKeyInfo)
            #expect(contents.encodedCertificates.dropFirst() == chain.prefix(Self.chainLengths[name] ?? 0))
            #expect(contents.encodedCRLs.isEmpty && contents.content == nil)
            seen.insert(contents.encodedCertificates)
        }
        #expect(seen.count == 1)
    }

    @Test(arguments: names) func answerToGetCertHasTheSameShape(name: String) async throws {
        let world = try await World()
        let profile = try profile(world, name)
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        let query = try device.query(own.issuer.der, own.serialNumber)
        let contents = try Answer.contents(try await world.certRep(query, profile: profile), query)
        #expect(contents.encodedCertificates.first == own.der)
        #expect(contents.encodedCertificates.count == 1 + (Self.chainLengths[name] ?? 0))
    }

    @Test(arguments: names) func missingNonceIsAnsweredForClientsOfTheDraftsAlone(name: String) async throws {
        let world = try await World()
        let profile = try profile(world, name)
        let message = try Device(in: world).message(try await world.code(), outer: { $0.replace(OID.senderNonce) })
        guard name == "legacy" else {
            #expect(try await world.ask(message, profile: profile) == .unanswerable)
            #expect(try await world.certificateCount() == 0)
            return
        }
        let reply = try await world.certRep(message, profile: profile)
        #expect(try reply.value(OID.pkiStatus)?.text == "0")
        #expect(try reply.value(OID.recipientNonce) == nil)
        #expect(try reply.value(OID.senderNonce)?.content.count == 16)
        let refused = try Device(in: world).message("wrong", outer: { $0.replace(OID.senderNonce) })
        #expect(try await world.ask(refused, profile: profile) == .uniform)
    }

    @Test(arguments: names) func contentOfFailureAndPendingIsEmptyOrLeftOutAsTheClientReadsIt(name: String) async throws
    {
        let world = try await World()
        let profile = try profile(world, name, settings: .with(approval: .all))
        let device = try Device(in: world)
        for message in [try device.message("wrong"), try device.message(try await world.code()), try device.poll()] {
            let content = try await world.certRep(message, profile: profile).content
            #expect(content == (name == "absent-content" ? nil : []))
        }
    }

    @Test(arguments: names) func capabilitiesAreThoseOfTheDefaultAndWhatTheEntryAdds(name: String) async throws {
        let world = try await World()
        let plain = Capabilities(body: try profile(world, "default").capabilities).keywords
        let keywords = Capabilities(body: try profile(world, name).capabilities).keywords
        #expect(Set(keywords).subtracting(plain) == (name == "strongswan-5.9" ? ["SHA-384"] : []))
        #expect(Set(plain).isSubset(of: keywords))
    }

    @Test func ownNonceIsFreshAndTheClientsIsReturned() async throws {
        let world = try await World()
        var seen: Set<[UInt8]> = []
        for _ in 0..<3 {
            let reply = try await world.certRep(try Device(in: world).message("wrong"))
            #expect(try reply.value(OID.recipientNonce)?.content == Array(1...16))
            let own = try #require(try reply.value(OID.senderNonce)?.content)
            #expect(own.count == 16 && seen.insert(own).inserted)
        }
    }
}
