// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Crypto
internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEPCrafting
internal import TestPeers
internal import TestSupport
internal import Testing

/// The examples of `docs/challenge-sources.md` in which somebody else has a part.
@Suite struct ChallengeGuidePeerTests {
    @Test func webhookIsAskedWithASignature() async throws {
        var guide = try await Guide("A webhook")
        let identity = try TestIdentity()
        let file = guide.folder.file("hook.key")
        try guide.folder.write("roots.pem", Array(identity.pem.utf8))
        let folder = guide.folder
        let answer: @Sendable (Int, StandIn.Request) -> StandIn.Answer = { _, request in
            // As the guide tells receivers: the signature first, then the body.
            let secret = try? String(contentsOfFile: file, encoding: .utf8)
            let key = Data(base64Encoded: secret?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "") ?? Data()
            let signature = HMAC<SHA256>.authenticationCode(for: request.body, using: SymmetricKey(data: key))
            guard request.headers.first(name: "X-Smallstep-Signature") == Array(signature).hex, key.count == 32,
                request.headers.first(name: "X-Smallstep-Webhook-ID") == "5f0c7a52-4d0b-4a5c-9a31-3c6f8c0f0a11"
            else { return .reply(.unauthorized, [], "") }
            let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
            return switch body?["scepChallenge"] as? String {
            case "known challenge": .json(#"{"allow": true, "data": {"device": {"serial": "C02"}}}"#)
            case "moved": .reply(.found, [("Location", "https://127.0.0.1/")], "")
            case "ten megabytes": .flood(10_485_760)
            default: .json(#"{"allow": false, "error": {"message": "retired"}}"#)
            }
        }
        try await StandIn.run(tls: identity, answering: answer) { hook in
            guide.substitutions.append(
                (
                    "https://mdm.example/scep/challenge",
                    hook.url("/scep/challenge") + "\n        trustRoots: " + folder.file("roots.pem")
                )
            )
            try await guide.apply(by: try guide.commands(), serving: "phones")
            let tried = try await guide.tried("phones", "known challenge", subject: "CN=w")
            #expect(tried.status == 1 && tried.text.contains("not asked in a dry run"), "\(tried.text)")
            #expect(hook.requests.isEmpty)
            try await guide.expectAccepted(
                "phones",
                "known challenge",
                "w-1",
                subject: "CN=w",
                says: "accepted by webhook 'mdm'"
            )
            try await guide.expectRefused(
                "phones",
                "other challenge",
                "w-2",
                subject: "CN=w",
                says: "=> challenge.refused",
                "retired"
            )
            try await guide.expectRefused(
                "phones",
                "moved",
                "w-3",
                subject: "CN=w",
                says: "=> challenge.unavailable",
                "302"
            )
            try await guide.expectRefused(
                "phones",
                "ten megabytes",
                "w-4",
                subject: "CN=w",
                says: "=> challenge.unavailable"
            )
            #expect(hook.requests.count == 4)
            // Another secret than the receiver's.
            try guide.folder.write("hook.key", Array("d3Jvbmc=".utf8))
            try await guide.expectRefused(
                "phones",
                "known challenge",
                "w-5",
                subject: "CN=w",
                says: "webhook 'mdm': it answered with HTTP 401"
            )
        }
    }

    @Test func tokenOfThePortalIsGoodForOneKey() async throws {
        let guide = try await Guide("A signed token")
        try await guide.apply(by: try guide.commands(), serving: "phones")
        func token(_ id: String, audience: String = "sceptic", expiry: Int = 600) async throws -> String {
            let moment = Int(Date().timeIntervalSince1970) + expiry
            let claims =
                #"{"iss":"https://portal.example","aud":"\#(audience)","exp":\#(moment),"jti":"\#(id)","sub":"device-1"}"#
            let signed = Self.base64URL(Array(#"{"alg":"EdDSA"}"#.utf8)) + "." + Self.base64URL(Array(claims.utf8))
            try guide.folder.write("signed", Array(signed.utf8))
            try await guide.shell("openssl pkeyutl -sign -rawin -inkey portal.key -in signed -out signature")
            return signed + "." + Self.base64URL(try guide.folder.read("signature"))
        }
        let good = try await token("1")
        let tried = try await guide.tried("phones", good, subject: "CN=device-1")
        #expect(tried.status == 0, "\(tried.text)")
        try await guide.expectAccepted(
            "phones",
            good,
            "t-1",
            subject: "CN=device-1",
            says: "accepted by token 'portal'"
        )
        try await guide.expectRefused(
            "phones",
            good,
            "t-2",
            subject: "CN=device-1",
            isOther: true,
            says: "=> challenge.used"
        )
        try await guide.expectRefused(
            "phones",
            try await token("2"),
            "t-3",
            subject: "CN=device-2",
            says: "=> challenge.identity"
        )
        try await guide.expectRefused(
            "phones",
            try await token("3", audience: "others"),
            "t-4",
            subject: "CN=device-1",
            says: "=> challenge.unknown"
        )
        try await guide.expectRefused(
            "phones",
            try await token("4", expiry: -600),
            "t-5",
            subject: "CN=device-1",
            says: "=> challenge.expired"
        )
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        Base64.plain(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    @Test func directoryComparesThePassword() async throws {
        var guide = try await Guide("A directory")
        let directory = try await DirectoryServer.shared()
        guide.substitutions += [
            (
                "ldaps://ldap.example.com",
                "ldaps://127.0.0.1:\(directory.tlsPort)\n        roots: \(directory.roots)"
            ), ("dc=example,dc=com", "dc=example"), (" -o sceptic ", " "),
        ]
        try await guide.apply(
            "staff.yaml",
            by: try guide.block("sh"),
            input: DirectoryServer.accountPassword + "\n",
            serving: "staff"
        )
        let tried = try await guide.tried("staff", "password of alice", subject: "UID=alice")
        #expect(tried.status == 1 && tried.text.contains("not asked in a dry run"), "\(tried.text)")
        try await guide.expectAccepted(
            "staff",
            "password of alice",
            "d-1",
            subject: "UID=alice",
            says: "accepted by directory 'staff'"
        )
        try await guide.expectRefused(
            "staff",
            "password of bob",
            "d-2",
            subject: "UID=alice",
            says: "=> challenge.unknown",
            "the directory refuses 'uid=alice,",
            "Invalid credentials"
        )
        try await guide.expectRefused(
            "staff",
            "password of alice",
            "d-3",
            subject: "UID=nobody",
            says: "not known to directory 'staff'"
        )
        try await guide.expectRefused(
            "staff",
            "password of alice",
            "d-4",
            subject: "CN=alice",
            says: "the request has no csr.subject.UID"
        )
    }

    @Test func authorisedSignerAsksForItsDevices() async throws {
        let guide = try await Guide("An authorised signer")
        try guide.folder.write("byod.yaml", Array(try guide.block("yaml").utf8))
        let code = try #require(try await guide.shell(try guide.block("sh")).split(separator: "\n").last)
        let server = guide.server
        for profile in ["byod", "proxies"] { try await server.servesSoon(profile, within: 5) }
        // The proxy's own certificate.
        let proxy = try await Device("proxy", of: server, path: "/scep/proxies")
        let enrolled = try await guide.ask(
            "proxies",
            String(code),
            "a-0",
            subject: "CN=ise.example.com,O=Example"
        )
        let certificate = try proxy.certificate(in: enrolled)

        func ask(_ subject: String, _ dns: String, _ transactionID: String) async throws -> HTTPReply {
            let device = try await Device("device", key: try TestKeys.other, of: server, path: "/scep/byod")
            let message = try device.message(
                nil,
                transactionID,
                request: {
                    $0.subject = try Name(subject).der
                    $0.attributes.append(Guide.extensions([Guide.dns(dns)]))
                },
                outer: {
                    $0 = PKIMessageBuilder(
                        content: $0.content,
                        signer: certificate,
                        key: proxy.key,
                        transactionID: transactionID
                    )
                }
            )
            return try await server.post(message, "/scep/byod?operation=PKIOperation")
        }
        let reply = try await ask("CN=a.byod.example.com,OU=BYOD", "a.byod.example.com", "a-1")
        #expect(reply.isSuccess)
        #expect(
            try await server.explanation("a-1").contains(
                "the rule 'ise' lets 'CN=ise.example.com,O=Example' ask for this"
            )
        )
        // The answer goes to the proxy, with a certificate for the device's key.
        let issued = try proxy.certificate(in: reply)
        #expect(issued.subjectPublicKeyInfo.der == (try TestKeys.other).publicKey.subjectPublicKeyInfo)
        for (subject, dns, id, said) in [
            ("CN=x,OU=BYOD", "a.byod.example.com", "a-2", "the rule 'ise' refuses: csr.subject.CN 'x' is outside"),
            (
                "CN=a.byod.example.com,O=Example", "a.byod.example.com", "a-3",
                "the rule 'ise' refuses: 'csr.subject.O' is not among its names"
            ),
        ] {
            #expect(try await ask(subject, dns, id).certRep == Failure.uniform)
            let explanation = try await server.explanation(id)
            #expect(explanation.contains(said) && explanation.contains("=> signer.not-allowed"), "\(explanation)")
        }
        // Who signs for another key without such a certificate.
        try await guide.expectRefused(
            "byod",
            nil,
            "a-4",
            subject: "CN=a.byod.example.com,OU=BYOD",
            says: "=> challenge"
        )
        let serial = certificate.serialNumber.hex
        try await guide.shell("sceptic certificate revoke \(serial)")
        #expect(try await ask("CN=b.byod.example.com", "b.byod.example.com", "a-5").certRep == Failure.uniform)
        #expect(try await server.explanation("a-5").contains("is revoked"))
    }
}
