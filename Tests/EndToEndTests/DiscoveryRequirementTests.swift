// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing
internal import X509

internal import struct Foundation.UUID

/// RFC 8894 §3.5 and §4.2: GetCACaps and GetCACert.
@Suite(.serving) struct DiscoveryRequirementTests {
    private func keywords() async throws -> [String] {
        try await Server.current.get("/scep/default?operation=GetCACaps").text.split(whereSeparator: \.isNewline).map(
            String.init
        )
    }

    @Test func requirement016GetCACapsNeedsNoMessage() async throws {
        for query in [
            "?operation=GetCACaps", "?operation=GetCACaps&message=", "?operation=GetCACaps&message=CAIdentifier",
        ] {
            #expect(try await Server.current.get("/scep/default" + query).status == 200)
        }
    }

    @Test func requirement017And019CapabilitiesArePlainTextOneALine() async throws {
        let reply = try await Server.current.get("/scep/default?operation=GetCACaps")
        #expect(reply.text.utf8.allSatisfy { $0 < 128 })
        #expect(reply.text.split(whereSeparator: \.isNewline).allSatisfy { !$0.contains(" ") && !$0.isEmpty })
        #expect(reply.text.split(whereSeparator: \.isNewline).count > 5)
    }

    @Test func requirement018And023KeywordsAreTheRFCsOrCarryAPrefix() async throws {
        let known: Set = [
            "AES", "DES3", "GetNextCACert", "POSTPKIOperation", "Renewal", "SHA-1", "SHA-256", "SHA-512",
            "SCEPStandard", "Update",
        ]
        for keyword in try await keywords() {
            #expect(known.contains(keyword) || keyword.dropFirst().dropLast().contains("-"), "\(keyword)")
        }
    }

    @Test func requirement019CapabilitiesAreOfTypeTextPlain() async throws {
        #expect(try await Server.current.get("/scep/default?operation=GetCACaps").contentType == "text/plain")
    }

    @Test func requirement020SCEPStandardIsAnnouncedAndHolds() async throws {
        #expect(try await keywords().contains("SCEPStandard"))
        let server = try Server.current
        let device = try await Device(of: server)
        #expect(try await server.post(try device.message(try await server.code(), "standard")).isSuccess)
    }

    @Test func requirement021EveryAnnouncedKeywordWorksAndNothingElseIsAnnounced() async throws {
        let server = try Server.current
        let device = try await Device(of: server)
        var works: Set = ["POSTPKIOperation", "SCEPStandard"]
        let digests: [(String, DigestAlgorithm, [UInt8])] = [
            ("SHA-1", .sha1, OID.sha1), ("SHA-256", .sha256, OID.sha256), ("SHA-512", .sha512, OID.sha512),
        ]
        for (keyword, digest, oid) in digests {
            let message = try device.message(try await server.code(), keyword, outer: { $0.use(digest, oid) })
            if try await server.post(message).isSuccess { works.insert(keyword) }
        }
        let ciphers: [(String, ContentCipher, [UInt8])] = [
            ("AES", .aes128CBC, OID.aes128CBC), ("DES3", .tripleDESCBC, OID.tripleDESCBC),
        ]
        for (keyword, cipher, oid) in ciphers {
            let message = try device.message(
                try await server.code(),
                keyword,
                envelope: { envelope in
                    envelope.cipher = cipher
                    envelope.cipherOID = oid
                }
            )
            if try await server.post(message).isSuccess { works.insert(keyword) }
        }
        let first = try await server.post(try device.message(try await server.code(), "renewed"))
        let issued = try device.certificate(in: first)
        let renewal = try device.message(
            nil,
            "renewal",
            outer: { outer in
                outer.replace(OID.messageType, with: TLV.attribute(OID.messageType, TLV.printable("17")))
                outer.certificates = [issued.der]
                outer.signerIdentifier = EnvelopeBuilder.identifier(of: issued)
            }
        )
        if try await server.post(renewal).isSuccess { works.insert("Renewal") }
        #expect(Set(try await keywords()) == works)
        #expect(try await server.get("/scep/default?operation=GetNextCACert").status == 404)
    }

    @Test func requirement022ProfileThatIsNotServedAnswersWithAnHTTPError() async throws {
        let reply = try await Server.current.get("/scep/absent?operation=GetCACaps")
        #expect(reply.status == 404)
        #expect(reply.contentType == "text/plain")
    }

    @Test(arguments: ["rsa2048", "rsa3072"])
    func requirement031RootOnlyCAAnswersOneDERCertificate(keyType: String) async throws {
        let server = try await Server.start(initialising: ["--single-ca", "--key-type", keyType])
        let reply = try await server.get("/scep/default?operation=GetCACert")
        #expect(reply.contentType == "application/x-x509-ca-cert")
        let certificate = try EncodedCertificate(derEncoded: reply.body)
        #expect(certificate.der == reply.body)
        #expect(certificate.isSelfIssued && certificate.isCertificateAuthority)
        let usage = try #require(certificate.keyUsage)
        #expect(usage.digitalSignature && usage.keyEncipherment && usage.keyCertSign)
        // It signs what it issues, and its replies.
        let device = try await Device(of: server)
        let answer = try await server.post(try device.message(try await server.code(), "root-only"))
        let issued = try device.certificate(in: answer)
        #expect(issued.isSigned(by: try certificate.subjectPublicKeyInfo.publicKey()))
        #expect(try await server.stop() == 0)
    }

    @Test func requirement032IntermediateCAAnswersADegenerateSignedData() async throws {
        let reply = try await Server.current.get("/scep/default?operation=GetCACert")
        #expect(reply.contentType == "application/x-x509-ca-ra-cert")
        #expect(try DERElement(reply.body).at(0).encoded == OID.signedData)
    }

    @Test func requirement033ChainReachesTheRoot() async throws {
        let certificates = try await Server.current.authorities().certificates
        let authorities = certificates.filter(\.isCertificateAuthority)
        let root = try #require(authorities.first { $0.isSelfIssued })
        let issuing = try #require(authorities.first { !$0.isSelfIssued })
        #expect(authorities.count == 2)
        #expect(root.isSigned(by: try root.subjectPublicKeyInfo.publicKey()))
        #expect(issuing.isSigned(by: try root.subjectPublicKeyInfo.publicKey()))
        for other in certificates where !other.isCertificateAuthority {
            #expect(other.isSigned(by: try issuing.subjectPublicKeyInfo.publicKey()))
        }
    }

    @Test func requirement034And035CertificateForSCEPSignsAndEnciphers() async throws {
        let recipient = try #require(try await Server.current.authorities().recipient)
        let usage = try #require(recipient.keyUsage)
        #expect(usage.digitalSignature)
        #expect(usage.keyEncipherment)
        #expect(!usage.keyCertSign)
    }

    @Test func requirement036And037DegenerateSignedDataHasNeitherContentNorSigners() async throws {
        let body = try await Server.current.get("/scep/default?operation=GetCACert").body
        let signedData = try DERElement(body).at(1, 0)
        let members = try signedData.members
        #expect(try DERElement(body).isWellFormed)
        #expect(members.first?.encoded == TLV.integer(1))
        #expect(try signedData.at(1).encoded == TLV.set())
        #expect(try signedData.at(2).encoded == TLV.sequence(OID.data))
        #expect(members.last?.encoded == TLV.set())
        #expect(members.count == 5)
    }

    @Test func requirement042MessageParameterOfGetCACertDoesNotMatter() async throws {
        let expected = try await Server.current.get("/scep/default?operation=GetCACert").body
        for query in ["&message=", "&message=anything%20at%20all", "&message=CA-1&x=y", "&message"] {
            #expect(try await Server.current.get("/scep/default?operation=GetCACert" + query).body == expected)
        }
        #expect(try await Server.current.get("/scep/default?message=x&operation=GetCACert").body == expected)
    }
}
