// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

/// RFC 8894 §2.3, §2.4 and §7.3: who gets a certificate; and §3.2.1.1: the names of transactions.
@Suite(.serving) struct AuthorisationRequirementTests {
    @Test func requirement097RequestWithSubjectKeyAndChallengeIsAccepted() async throws {
        let server = try Server.current
        let device = try await Device(of: server)
        #expect(try await server.post(try device.message(try await server.code(), "097")).isSuccess)
    }

    @Test func requirement098SelfSignedSignerAloneDoesNotAuthenticate() async throws {
        let server = try Server.current
        let device = try await Device(of: server)
        for challenge in [nil, ""] {
            #expect(try await server.post(try device.message(challenge, "098")).certRep == Failure.uniform)
        }
        #expect(try await server.explanation("098").contains("=> challenge.missing"))
    }

    @Test func requirement099And101WrongChallengeIsRejected() async throws {
        let server = try Server.current
        let device = try await Device(of: server)
        let code = try await server.code()
        for challenge in ["wrong", code + " ", String(code.dropLast()), String(code.reversed())] {
            #expect(try await server.post(try device.message(challenge, "099")).certRep == Failure.uniform)
        }
        #expect(try await server.explanation("099").contains("=> challenge.unknown"))
    }

    @Test func requirement100SecondUseOfACodeWithAnotherKeyIsRefused() async throws {
        let server = try Server.current
        let code = try await server.code()
        let (first, second) = (
            try await Device("first", of: server), try await Device("second", key: try TestKeys.other, of: server)
        )
        let reply = try await server.post(try first.message(code, "100-1"))
        let issued = try first.certificate(in: reply)
        #expect(try await server.post(try second.message(code, "100-2")).certRep == Failure.uniform)
        #expect(try await server.explanation("100-2").contains("=> challenge.used: "))
        // The first one is answered as before.
        #expect(try first.certificate(in: try await server.post(try first.message(code, "100-1"))) == issued)
    }

    @Test func requirement102SignersSubjectNeedNotBeTheRequests() async throws {
        let server = try Server.current
        let device = try await Device("subject-of-the-signer", of: server)
        let message = try device.message(
            try await server.code(),
            "102",
            request: { request in
                request.subject = HandMadeCertificate.name("subject-of-the-request")
            }
        )
        let issued = try device.certificate(in: try await server.post(message))
        #expect(issued.subject.description == "CN=subject-of-the-request")
    }

    @Test func requirement109ChallengeMayHaveAnyStringType() async throws {
        let server = try Server.current
        let device = try await Device(of: server)
        for tag: UInt8 in [0x13, 0x0C, 0x14, 0x16, 0x1E] {
            let code = try await server.code()
            let bytes = tag == 0x1E ? code.utf8.flatMap { [0, $0] } : Array(code.utf8)
            let message = try device.message(
                nil,
                "109-\(tag)",
                request: { request in
                    request.attributes = [TLV.attribute(OID.challengePassword, TLV.encode(tag, bytes))]
                }
            )
            #expect(try await server.post(message).isSuccess, "tag \(tag)")
        }
    }

    @Test(arguments: ["A/b+c=?':,.-() 9", "x", String(repeating: "z", count: 255)])
    func requirement170AnyPrintableTransactionIDIsAccepted(id: String) async throws {
        let server = try Server.current
        let device = try await Device(of: server)
        let reply = try await server.post(try device.message(try await server.code(), id))
        #expect(try ReplyReader(reply.body).value(OID.transactionID)?.encoded == TLV.printable(id))
        #expect(reply.isSuccess)
        #expect(try await server.explanation(id).contains("=> issued: "))
    }

    @Test func requirement171And174ReplaysIssueNothingNew() async throws {
        let server = try Server.current
        let device = try await Device(of: server)
        let message = try device.message(try await server.code(), "171")
        let first = try device.certificate(in: try await server.post(message))
        for _ in 0..<3 { #expect(try device.certificate(in: try await server.post(message)) == first) }
        #expect(try await server.explanation("171", containing: "=> issued.again: ").contains("=> issued: "))
    }

    @Test func requirement172AnotherSignersSameIDDoesNotTouchTheFirstTransaction() async throws {
        let server = try Server.current
        let (first, second) = (
            try await Device("a", of: server), try await Device("b", key: try TestKeys.other, of: server)
        )
        let message = try first.message(try await server.code(), "172")
        let issued = try first.certificate(in: try await server.post(message))
        let stranger = try await server.post(try second.message("stolen", "172"))
        #expect(try stranger.certRep == Failure.uniform)
        #expect(try first.certificate(in: try await server.post(message)) == issued)
    }

    @Test func requirement173SameIDOnAnotherProfileIsAnotherTransaction() async throws {
        let server = try Server.current
        try await Sceptic.run("profile", "new", "second", "--data", server.state)
        try await server.servesSoon("second")
        let device = try await Device(of: server)
        let first = try device.certificate(
            in: try await server.post(try device.message(try await server.code(), "173"))
        )
        let message = try device.message(try await server.code(profile: "second"), "173")
        // A code of one profile is worth nothing on the other.
        #expect(try await server.post(message).certRep == Failure.uniform)
        let second = try device.certificate(in: try await server.post(message, "/scep/second"))
        #expect(first.serialNumber != second.serialNumber)
    }
}
