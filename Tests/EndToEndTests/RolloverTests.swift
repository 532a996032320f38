// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// A CA's next key, and the RA's, under a running server (RFC 8894 §4.7, design §6.7).
@Suite struct RolloverTests {
    private static let deadline = Duration.seconds(2)

    /// Waits until the server has followed a change, which takes a quarter of a second.
    private static func soon(_ condition: () async throws -> Bool) async throws -> Bool {
        let start = ContinuousClock.now
        while try await !condition() {
            guard start.duration(to: .now) < deadline else { return false }
            try await Task.sleep(for: .milliseconds(50))
        }
        return true
    }

    private static func capabilities(_ server: Server) async throws -> [Substring] {
        try await server.get("/scep/default?operation=GetCACaps").text.split(separator: "\n")
    }

    private static func next(_ server: Server) async throws -> CACertificates {
        let reply = try await server.get("/scep/default?operation=GetNextCACert")
        #expect(reply.status == 200)
        #expect(reply.contentType == "application/x-x509-next-ca-cert")
        return try NextCACertificates.read(reply.body, authorities: try await server.authorities())
    }

    private static func issuer(_ authorities: CACertificates) throws -> EncodedCertificate {
        try #require(authorities.certificates.first { $0.isCertificateAuthority && !$0.isSelfIssued })
    }

    private static func rollover(_ server: Server, _ step: String...) async throws -> Sceptic.Run {
        try await Sceptic.attempt(["ca", "rollover"] + step + ["--data", server.state])
    }

    @Test func requirement148And149And151And152TheNextKeyIsAnnouncedAndServesBeforeItIssuesToAll() async throws {
        let server = try await Server.start()
        #expect(try await server.get("/scep/default?operation=GetNextCACert").status == 404)
        #expect(try await !Self.capabilities(server).contains("GetNextCACert"))
        let present = try await server.authorities()
        let old = try await Device("old", of: server)

        #expect(try await Self.rollover(server).status == 0)
        #expect(try await Self.soon { try await Self.capabilities(server).contains("GetNextCACert") })
        let next = try await Self.next(server)
        let (presentCA, nextCA) = (try Self.issuer(present), try Self.issuer(next))
        #expect(nextCA.subject == presentCA.subject)
        #expect(nextCA.subjectPublicKeyInfo != presentCA.subjectPublicKeyInfo)
        // All others go on as before.
        #expect(try await server.authorities().certificates == present.certificates)

        // Whoever envelopes to the next RA is issued to by the next key.
        let new = Device("new", key: try TestKeys.other, recipient: try #require(next.recipient))
        #expect(new.recipient.issuer == old.recipient.issuer)
        #expect(new.recipient.serialNumber != old.recipient.serialNumber)
        func enrol(_ device: Device, _ transaction: String) async throws -> EncodedCertificate {
            let reply = try await server.post(try device.message(try await server.code(), transaction))
            return try device.certificate(in: reply)
        }
        let early = try await enrol(new, "early")
        #expect(early.isSigned(by: try nextCA.subjectPublicKeyInfo.publicKey()))
        let before = try await enrol(old, "before")
        #expect(before.isSigned(by: try presentCA.subjectPublicKeyInfo.publicKey()))

        #expect(try await Self.rollover(server, "activate").status == 0)
        #expect(try await Self.soon { try await server.authorities().certificates == next.certificates })
        #expect(try await server.get("/scep/default?operation=GetNextCACert").status == 404)
        #expect(try await !Self.capabilities(server).contains("GetNextCACert"))
        // A device that has not heard of it envelopes to the former RA, and gets a certificate of the key that issues now.
        let after = try await enrol(try Device("late", key: TestKeys.registration, recipient: old.recipient), "after")
        #expect(after.isSigned(by: try nextCA.subjectPublicKeyInfo.publicKey()))

        // Each generation has its CRL and its certificate at URLs of its own.
        for (certificate, path) in [(before, "/crl/issuing-1-0.crl"), (early, "/crl/issuing-2-0.crl")] {
            let serial = certificate.serialNumber.hex
            try await Sceptic.run("certificate", "revoke", serial, "--data", server.state, "--reason", "superseded")
            let list = try EncodedCertificateList(derEncoded: try await server.get(path).body)
            #expect(list.covers(certificate))
            #expect(list.count == 1)
            #expect(try list.revocation(of: certificate.serialNumber)?.reason == .superseded)
        }
        #expect(try await server.get("/ca/issuing-1.cer").body == presentCA.der)
        #expect(try await server.get("/ca/issuing-2.cer").body == nextCA.der)
        #expect(try await server.get("/crl/issuing-3-0.crl").status == 404)
        #expect(try await server.get("/crl/issuing-1-1.crl").status == 404)
        #expect(try await server.stop() == 0)
    }

    @Test func aNextKeyThatIsTakenBackStillAnswersWhoHeardOfIt() async throws {
        let server = try await Server.start()
        #expect(try await Self.rollover(server, "cancel").status == 73)
        #expect(try await Self.rollover(server, "activate").status == 73)
        #expect(try await Self.rollover(server, "prepare", "--key-type", "p256").status == 0)
        #expect(try await Self.rollover(server, "prepare").status == 73)
        #expect(try await Self.soon { try await Self.capabilities(server).contains("GetNextCACert") })
        let next = try await Self.next(server)
        #expect(try await Self.rollover(server, "cancel").status == 0)
        #expect(try await Self.soon { try await !Self.capabilities(server).contains("GetNextCACert") })
        let device = Device("device-1", key: try TestKeys.client, recipient: try #require(next.recipient))
        let reply = try await server.post(try device.message(try await server.code(), "taken-back"))
        let present = try Self.issuer(try await server.authorities())
        #expect(try device.certificate(in: reply).isSigned(by: try present.subjectPublicKeyInfo.publicKey()))
        // The number is not used again: certificates may name its CRL.
        let again = try await Self.rollover(server)
        #expect(again.firstLine.hasPrefix("Key 3 of 'issuing' is prepared"))
        #expect(try await server.stop() == 0)
    }

    @Test func aSingleCARollsOverWithItsOwnKey() async throws {
        let server = try await Server.start(initialising: ["--single-ca"])
        let present = try #require(try await server.authorities().certificates.first)
        #expect(try await Self.rollover(server, "prepare", "--key-type", "p384").status == 64)
        let rotation = try await Sceptic.attempt(["ca", "rotate-ra", "--data", server.state])
        #expect(rotation.status == 73)
        #expect(rotation.errors.contains("hint: Give the CA a new key with: sceptic ca rollover"))
        #expect(try await Self.rollover(server).status == 0)
        #expect(try await Self.rollover(server, "activate").status == 0)
        #expect(try await Self.soon { try await server.authorities().certificates.first != present })
        let next = try #require(try await server.authorities().certificates.first)
        #expect(next.isSelfIssued)
        #expect(next.subject == present.subject)
        for recipient in [present, next] {
            let device = Device("device-1", key: try TestKeys.client, recipient: recipient)
            let transaction = recipient == present ? "to-the-former" : "to-the-present"
            let reply = try await server.post(try device.message(try await server.code(), transaction))
            #expect(try device.certificate(in: reply).isSigned(by: try next.subjectPublicKeyInfo.publicKey()))
        }
        #expect(try await server.stop() == 0)
    }

    @Test func aRotatedRAIsAnnouncedAndTheFormerOneAnsweredUntilItIsRetired() async throws {
        let server = try await Server.start()
        let present = try await server.authorities()
        let old = try await Device("old", of: server)
        let run = try await Sceptic.attempt(["ca", "rotate-ra", "--data", server.state])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await Self.soon { try await server.authorities().recipient != present.recipient })
        let new = try await Device("new", key: TestKeys.other, of: server)
        #expect(try Self.issuer(try await server.authorities()) == Self.issuer(present))
        #expect(new.recipient.subject == old.recipient.subject)
        for device in [old, new] {
            let message = try device.message(try await server.code(), device.name)
            #expect(try await server.post(message).isSuccess, "\(device.name)")
        }
        #expect(try await Sceptic.attempt(["ca", "rotate-ra", "--retire", "2", "--data", server.state]).status == 73)
        #expect(try await Sceptic.attempt(["ca", "rotate-ra", "--retire", "9", "--data", server.state]).status == 73)
        try await Sceptic.run("ca", "rotate-ra", "--retire", "1", "--data", server.state)
        let refused = try await Self.soon {
            let message = try old.message(try await server.code(), "to-a-retired-one")
            return try await server.post(message).certRep.hasPrefix("2 ")
        }
        #expect(refused)
        let last = try new.message(try await server.code(), "to-the-active-one")
        #expect(try await server.post(last).isSuccess)
        #expect(try await server.stop() == 0)
    }
}
