// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

/// RFC 8894 §2.9: what a CA has to implement, and what it must not.
@Suite(.serving) struct AlgorithmRequirementTests {
    /// An enrolment with its answer.
    private func enrol(
        path: String = "/scep/default",
        profile: String = "default",
        envelope: (inout EnvelopeBuilder) throws -> Void = { _ in },
        outer: (inout PKIMessageBuilder) throws -> Void = { _ in }
    ) async throws -> (device: Device, reply: HTTPReply) {
        let server = try Server.current
        let device = try await Device(of: server, path: path)
        let code = try await server.code(profile: profile)
        let message = try device.message(code, UUID().uuidString, envelope: envelope, outer: outer)
        return (device, try await server.post(message, path + "?operation=PKIOperation"))
    }

    private func cipher(_ reply: HTTPReply) throws -> ContentCipher {
        let envelope = try EnvelopedData(contentInfo: try #require(try ReplyReader(reply.body).content))
        return try #require(try envelope.contentEncryptionAlgorithm.contentCipher()).0
    }

    private func digest(_ reply: HTTPReply) throws -> [UInt8] {
        try ReplyReader(reply.body).signerInfo.at(2, 0).encoded
    }

    @Test func requirement001GetCACapsAnswersWithAList() async throws {
        let reply = try await Server.current.get("/scep/default?operation=GetCACaps")
        #expect(reply.status == 200)
        #expect(reply.text.contains("SCEPStandard\n"))
    }

    @Test func requirement002GetCACertAnswersWithReadableCertificates() async throws {
        #expect(try await Server.current.get("/scep/default?operation=GetCACert").status == 200)
        #expect(try await Server.current.authorities().certificates.count == 3)
    }

    @Test func requirement003PKCSReqIsAnsweredWithCertRep() async throws {
        let (device, reply) = try await enrol()
        #expect(try reply.certRep == "0")
        #expect(try device.certificate(in: reply).subject.description == "CN=device-1")
    }

    @Test func requirement004PKIOperationByPostWithRawDERWorks() async throws {
        let (_, reply) = try await enrol()
        #expect(reply.isSuccess)
    }

    @Test func requirement005AES128IsAccepted() async throws {
        let (_, reply) = try await enrol(envelope: { $0.cipher = .aes128CBC })
        #expect(reply.isSuccess)
    }

    @Test func requirement006SHA256IsAccepted() async throws {
        let (_, reply) = try await enrol(outer: { $0.use(.sha256, OID.sha256) })
        #expect(reply.isSuccess)
    }

    @Test func requirement007ReplyToAES128AndSHA256UsesThem() async throws {
        let (_, reply) = try await enrol()
        #expect(try cipher(reply) == .aes128CBC)
        #expect(try digest(reply) == OID.sha256)
    }

    @Test func requirement008GetPKIOperationWorks() async throws {
        let server = try Server.current
        let message = try await Device(of: server).message(try await server.code(), "by-get")
        let reply = try await server.get("/scep/default?operation=PKIOperation&message=" + Base64.escaped(message))
        #expect(reply.isSuccess)
    }

    @Test(arguments: [
        (ContentCipher.aes192CBC, OID.aes192CBC), (.aes256CBC, OID.aes256CBC), (.tripleDESCBC, OID.tripleDESCBC),
    ]) func requirement009TripleDESAndLongerAESAreAcceptedAndAnswered(cipher: ContentCipher, oid: [UInt8]) async throws
    {
        let (_, reply) = try await enrol(envelope: { envelope in
            envelope.cipher = cipher
            envelope.cipherOID = oid
        })
        #expect(reply.isSuccess)
        #expect(try self.cipher(reply) == cipher)
    }

    @Test(arguments: [(DigestAlgorithm.sha1, OID.sha1), (.sha384, OID.sha384), (.sha512, OID.sha512)])
    func requirement010SHA1AndTheRestOfSHA2AreAcceptedAndAnswered(digest: DigestAlgorithm, oid: [UInt8]) async throws {
        let (_, reply) = try await enrol(outer: { $0.use(digest, oid) })
        #expect(reply.isSuccess)
        #expect(try self.digest(reply) == oid)
    }

    @Test func requirement011SingleDESIsRefused() async throws {
        let (_, reply) = try await enrol(envelope: { envelope in
            envelope.cipher = .insecureDESCBC
            envelope.cipherOID = OID.desCBC
        })
        #expect(try reply.certRep == Failure.algorithm)
    }

    @Test func requirement012MD5IsRefused() async throws {
        let (_, reply) = try await enrol(outer: { $0.use(.insecureMD5, OID.md5) })
        #expect(try reply.certRep == Failure.algorithm)
        #expect(try digest(reply) == OID.sha256)
    }

    @Test func requirement013NeitherDESNorMD5IsEverSent() async throws {
        let server = try Server.current
        try await Sceptic.run("profile", "new", "legacy", "--data", server.state, "--accept-legacy", "des,md5")
        try await server.servesSoon("legacy")
        let (_, reply) = try await enrol(
            path: "/scep/legacy",
            profile: "legacy",
            envelope: { envelope in
                envelope.cipher = .insecureDESCBC
                envelope.cipherOID = OID.desCBC
            },
            outer: { $0.use(.insecureMD5, OID.md5) }
        )
        #expect(try reply.certRep == "0")
        #expect(try cipher(reply) == .tripleDESCBC)
        #expect(try digest(reply) == OID.sha256)
        let refused = try await server.post(
            try await Device(of: server).message("wrong", "md5", outer: { $0.use(.insecureMD5, OID.md5) }),
            "/scep/legacy"
        )
        #expect(try refused.certRep == Failure.uniform)
        #expect(try digest(refused) == OID.sha256)
    }
}
