// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing
internal import X509

/// What each client compatibility changes on the wire, as the server serves it (client-quirks E, G, H).
@Suite struct ClientProfileTests {
    private static let names = ClientCompatibility.all.map(\.name)

    /// The profile with a compatibility: names of profiles have no dots.
    private static func path(_ compatibility: String) -> String {
        "/scep/" + compatibility.replacing(".", with: "-")
    }

    /// A server with a profile for each compatibility.
    private static func server(_ initialising: String...) async throws -> Server {
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        let new = ["init", "--data", state, "--name", "Example", "--public-url", "http://ca.example"]
        guard try await Sceptic.attempt(new + initialising).succeeded else {
            throw Sceptic.Failure(description: "no state")
        }
        for name in names where name != "default" {
            let profile = name.replacing(".", with: "-")
            try await Sceptic.run("profile", "new", profile, "--data", state, "--compatibility", name)
        }
        return try await Server(folder: folder, state: state)
    }

    private static func code(_ server: Server, _ compatibility: String) async throws -> String {
        try await server.code(profile: compatibility.replacing(".", with: "-"))
    }

    private static func kind(_ certificate: EncodedCertificate) -> String {
        if certificate.isCertificateAuthority { return certificate.isSelfIssued ? "root" : "issuing" }
        return certificate.keyUsage?.digitalSignature == true ? "RA" : "enciphering"
    }

    // MARK: - GetCACert (H1 to H7, H14)

    @Test func eachClientGetsTheListOfCertificatesThatItWants() async throws {
        let server = try await Self.server()
        let others = [
            "apple": ["RA", "issuing"], "mikrotik": ["issuing", "root", "RA"],
            "ndes": ["RA", "enciphering", "issuing", "root"], "pyscep": ["RA", "enciphering", "issuing", "root"],
        ]
        #expect(Set(others.keys).isSubset(of: Self.names))
        for name in Self.names {
            let reply = try await server.get(Self.path(name) + "?operation=GetCACert&message=default")
            #expect(reply.contentType == "application/x-x509-ca-ra-cert", "\(name)")
            let list = try SignedData(contentInfo: reply.body).certificates
            #expect(list.map(Self.kind) == others[name] ?? ["RA", "issuing", "root"], "\(name)")
            // Whatever the shape: there is a recipient, and its chain up to the issuing CA is in the list (H8).
            let recipient = try #require(try CACertificates(body: reply.body).recipient)
            let issuing = try #require(list.first { Self.kind($0) == "issuing" })
            #expect(recipient.isSigned(by: try issuing.subjectPublicKeyInfo.publicKey()), "\(name)")
        }
        // Thumbprints that people enter into MDMs are those of what is in the lists (H7).
        let shown = try await Sceptic.run("ca", "show", "--data", server.state).output
        for certificate in try await server.authorities("/scep/windows").certificates {
            for digest in [DigestAlgorithm.sha1, .sha256] {
                let hex = digest.digest(certificate.der).map { [$0].hex.uppercased() }.joined(separator: ":")
                #expect(shown.contains(hex), "\(Self.kind(certificate))")
            }
        }
        #expect(try await server.stop() == 0)
    }

    @Test func everyClientGetsTheOneCertificateOfASingleCAAsItIs() async throws {
        let server = try await Self.server("--single-ca")
        var seen: Set<[UInt8]> = []
        for name in Self.names {
            let reply = try await server.get(Self.path(name) + "?operation=GetCACert")
            #expect(reply.contentType == "application/x-x509-ca-cert", "\(name)")
            #expect(try EncodedCertificate(derEncoded: reply.body).der == reply.body)
            seen.insert(reply.body)
        }
        #expect(seen.count == 1)
        #expect(try await server.stop() == 0)
    }

    // MARK: - CertRep (D3, E3, E9, E11, G1, G2, G3, H12)

    @Test func eachClientGetsTheReplyThatItWants() async throws {
        let server = try await Self.server()
        let withCA: Set = ["android", "cisco-ios", "legacy"]
        for name in Self.names {
            let path = Self.path(name)
            let authorities = try await server.authorities(path)
            let recipient = try #require(authorities.recipient)
            let device = Device("device-\(name)", key: try TestKeys.client, recipient: recipient)
            let nonce: [UInt8] = [8, 7, 6, 5, 4, 3, 2, 1]
            let message = try device.message(
                try await Self.code(server, name),
                name,
                outer: { $0.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(nonce))) }
            )
            let reply = try await server.post(message, path)
            #expect(
                try device.certificates(in: reply).map { Self.kind($0) }
                    == (withCA.contains(name) ? ["RA", "issuing"] : ["RA"]),
                "\(name)"
            )
            #expect(try device.certificate(in: reply).subject.description == "CN=device-\(name)")
            let reader = try ReplyReader(reply.body)
            #expect(try reader.value(OID.recipientNonce)?.content == nonce, "\(name)")
            // Signer and issuing CA in the outer message, and every attribute that one of them misses else.
            #expect(
                try reader.certificates.map { Self.kind(try EncodedCertificate(derEncoded: $0)) } == ["RA", "issuing"]
            )
            for type in [
                OID.contentType, OID.messageDigest, OID.signingTime, OID.messageType, OID.pkiStatus, OID.transactionID,
                OID.senderNonce, OID.recipientNonce,
            ] { #expect(try reader.value(type) != nil, "\(name)") }
            let refused = try await server.post(try device.message("wrong", "w"), path)
            #expect(try refused.certRep == Failure.uniform, "\(name)")
            #expect(try ReplyReader(refused.body).content == (name == "absent-content" ? nil : []), "\(name)")
            let keywords = try await server.get(path + "?operation=GetCACaps").text.split(separator: "\n")
            #expect(Set(keywords).isSuperset(of: ["AES", "SHA-1", "SHA-256", "SHA-512", "DES3"]), "\(name)")
        }
        #expect(try await server.stop() == 0)
    }

    // MARK: - Whole dialogues

    @Test func ciscoIOSEnrolsByGetOverHTTP10WithoutHost() async throws {
        let server = try await Self.server()
        let path = "/scep:\(server.port)/cisco-ios/pkiclient.exe"
        func get(_ query: String) async throws -> HTTPReply {
            try await HTTPReply.exchange(
                port: server.port,
                "GET \(path)?operation=\(query) HTTP/1.0\r\nUser-Agent: Mozilla/4.0 (compatible; MSIE 5.0; Cisco PKI)\r\n\r\n"
            )
        }
        #expect(try await get("GetCACaps&message=TRUSTPOINT-1").status == 200)
        let list = try CACertificates(body: try await get("GetCACert&message=TRUSTPOINT-1").body)
        let device = Device("router-1", key: try TestKeys.client, recipient: try #require(list.recipient))
        // Its request has a name that its certificate lacks, and its algorithms are the oldest that are allowed.
        let name = TLV.sequence([UInt8](hex: "06092a864886f70d010902"), TLV.printable("router-1.example"))
        let message = try device.message(
            try await Self.code(server, "cisco-ios"),
            "9C9E2B1B6C4D0C0C84A2E1D8A3A5F7C1",
            request: { $0.subject = TLV.sequence(TLV.set(name)) },
            envelope: { envelope in
                envelope.cipher = .tripleDESCBC
                envelope.cipherOID = OID.tripleDESCBC
            },
            outer: { $0.use(.sha1, OID.sha1) }
        )
        let text = Base64.lines(message).map { character in
            switch character {
            case "+": "%2B"
            case "/": "%2F"
            case "=": "%3D"
            case "\n": "%0A"
            default: String(character)
            }
        }.joined()
        let reply = try await get("PKIOperation&message=" + text)
        #expect(reply.isSuccess && reply.contentType == "application/x-pki-message")
        let certificates = try device.certificates(in: reply)
        #expect(certificates.count == 2)
        let (issued, issuer) = (try #require(certificates.first), try #require(certificates.last))
        #expect(issued.isSigned(by: try issuer.subjectPublicKeyInfo.publicKey()))
        // GetNextCACert is not announced and says so.
        #expect(try await get("GetNextCACert&message=TRUSTPOINT-1").status == 404)
        #expect(try await server.stop() == 0)
    }

    @Test func clientsThatChooseTheirRecipientByPlaceOrUsageReachUs() async throws {
        let server = try await Self.server()
        let choices: [(String, ([EncodedCertificate]) -> EncodedCertificate?)] = [
            ("default", { $0.first }), ("apple", { $0.first }), ("windows", { $0.first }),
            ("ndes", { $0.first { Self.kind($0) == "enciphering" } }),
            ("pyscep", { $0.first { Self.kind($0) == "enciphering" } }),
            ("mikrotik", { $0.last }),
        ]
        for (name, choice) in choices {
            let list = try await server.authorities(Self.path(name)).certificates
            let device = Device("device", key: try TestKeys.client, recipient: try #require(choice(list)))
            let message = try device.message(try await Self.code(server, name), name)
            let reply = try await server.post(message, Self.path(name), type: "application/octet-stream")
            let issued = try device.certificate(in: reply)
            // What RouterOS takes for the issuer is the issuer.
            let issuer = try #require(list.first { Self.kind($0) == "issuing" })
            #expect(issued.isSigned(by: try issuer.subjectPublicKeyInfo.publicKey()))
            if name == "mikrotik" { #expect(list.first == issuer) }
        }
        #expect(try await server.stop() == 0)
    }

    @Test func ecAuthorityHasAnRSACertificateForEnvelopes() async throws {
        let server = try await Server.start(initialising: ["--key-type", "p256"])
        let authorities = try await server.authorities()
        let recipient = try #require(authorities.recipient)
        #expect(Self.kind(recipient) == "RA")
        guard case .rsa = try recipient.subjectPublicKeyInfo.publicKey().algorithm else {
            Issue.record("the recipient has no RSA key")
            return
        }
        for authority in authorities.certificates where authority.isCertificateAuthority {
            #expect(try authority.subjectPublicKeyInfo.publicKey().algorithm == .ec(.p256))
        }
        let device = try await Device(of: server)
        #expect(try await server.post(try device.message(try await server.code(), "ec-ca")).isSuccess)
        #expect(try await server.stop() == 0)
    }
}
