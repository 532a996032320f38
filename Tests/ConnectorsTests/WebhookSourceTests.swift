// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Enrollment
import Foundation
import NIOHTTP1
import PKIX
import StrictJSON
import Synchronization
import TestPeers
import TestSupport
import Testing

@testable import Connectors

struct WebhookSourceTests {
    private static let secret = Array("a secret of the hook that is long".utf8)

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("secret", Data(Self.secret).base64EncodedString().utf8)
    }

    private func settings(
        _ url: String,
        _ change: (inout WebhookSourceSettings) -> Void = { _ in }
    ) -> WebhookSourceSettings {
        var settings = WebhookSourceSettings(name: "mdm", url: url, secret: .file(folder.file("secret")))
        settings.allowInsecure = true
        settings.timeout = 30
        change(&settings)
        return settings
    }

    /// What becomes of a question when the hook answers so.
    private func ask(
        _ question: ChallengeQuestion? = nil,
        tls: TestIdentity? = nil,
        _ change: (inout WebhookSourceSettings) -> Void = { _ in },
        answering respond: @escaping @Sendable (Int) -> StandIn.Answer
    ) async throws -> (answer: ChallengeAnswer, requests: [StandIn.Request]) {
        try await StandIn.run(tls: tls, respond) { hook async throws in
            let source = WebhookSource(settings(hook.url(), change), retryDelay: .milliseconds(20))
            let answer = await source.judge(try question ?? Questions.make())
            return (answer, hook.requests)
        }
    }

    // MARK: - The question

    @Test func asksAsStepCADoes() async throws {
        let question = try Questions.make()
        let (answer, requests) = try await ask(question) {
            $0.id = "8be5-hook"
        } answering: { _ in
            .json(#"{"allow":true}"#)
        }
        #expect(answer == .accept(claims: [], strength: .unknown))
        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect(request.method == .POST)
        #expect(request.uri == "/hook")
        let signature = MessageAuthentication.sha256(key: Self.secret, message: request.body).hexadecimal
        #expect(request.headers["X-Smallstep-Signature"] == [signature])
        #expect(request.headers["X-Smallstep-Webhook-ID"] == ["8be5-hook"])
        #expect(UUID(uuidString: request.headers.first(name: "X-Request-Id") ?? "") != nil)
        #expect(request.headers["Content-Type"].isEmpty)
        #expect(request.headers["Authorization"].isEmpty)
        let body = try JSONValue(strictly: request.body)
        guard case .object(let members) = body else { throw MalformedJSON() }
        #expect(
            Set(members.keys) == [
                "timestamp", "provisionerName", "scepChallenge", "scepTransactionID", "x509CertificateRequest",
            ]
        )
        #expect(body["timestamp"] == .string("2030-03-17T17:46:40.250Z"))
        #expect(body["provisionerName"] == .string("phones"))
        #expect(body["scepChallenge"] == .string("the challenge"))
        #expect(body["scepTransactionID"] == .string("TX-1"))
        let csr = try #require(body["x509CertificateRequest"])
        #expect(csr["raw"] == .string(Data(question.request.der).base64EncodedString()))
        #expect(csr["publicKey"] == .string(Data(question.request.subjectPublicKeyInfo.der).base64EncodedString()))
        #expect(csr["publicKeyAlgorithm"] == .string("RSA"))
        #expect(csr["signatureAlgorithm"] == .string("SHA256-RSA"))
        #expect(
            csr["subject"]
                == .object(["commonName": .string("device-1"), "organization": .array([.string("Example")])])
        )
        #expect(csr["dnsNames"] == .array([.string("vpn.example")]))
        #expect(csr["emailAddresses"] == .array([.string("a@b.example")]))
        #expect(csr["sans"]?[at: 0] == .object(["type": .string("dns"), "value": .string("vpn.example")]))
        #expect(csr["extensions"]?[at: 0]?["id"] == .string("2.5.29.17"))
    }

    @Test func asksInItsOwnFlatForm() async throws {
        let question = try Questions.make()
        let (_, requests) = try await ask(question) {
            $0.form = .json
        } answering: { _ in
            .json(#"{"allow":true}"#)
        }
        let request = try #require(requests.first)
        #expect(request.headers["Content-Type"] == ["application/json"])
        let signature = MessageAuthentication.sha256(key: Self.secret, message: request.body).hexadecimal
        #expect(request.headers["X-Smallstep-Signature"] == [signature])
        #expect(
            try JSONValue(strictly: request.body)
                == .object([
                    "profile": .string("phones"), "raProfile": .string("default"), "transactionID": .string("TX-1"),
                    "challenge": .string("the challenge"), "subject": .string("CN=device-1,O=Example"),
                    "names": .array([.string("dns:vpn.example"), .string("email:a@b.example")]),
                    "key": .string("RSA-2048"), "csr": .string(Data(question.request.der).base64EncodedString()),
                ])
        )
    }

    @Test func authenticatesByBearerTokenOrByBasic() async throws {
        try folder.write("token", Array("t0ken\n".utf8))
        let token = SecretReference.file(folder.file("token"))
        let bearer = try await ask(nil) {
            $0.bearerToken = token
        } answering: { _ in
            .json(#"{"allow":true}"#)
        }
        #expect(bearer.requests.first?.headers["Authorization"] == ["Bearer t0ken"])
        let basic = try await ask(nil) {
            $0.basicAuth = BasicCredentials(user: "u", password: token)
        } answering: { _ in
            .json(#"{"allow":true}"#)
        }
        #expect(basic.requests.first?.headers["Authorization"] == ["Basic dTp0MGtlbg=="])
    }

    // MARK: - The answer

    @Test func keepsWhatTheHookSaysOfTheDevice() async throws {
        let data = #"{"device":{"serial":"C02","asset":17,"managed":true,"none":null},"groups":["a","b"],"x.y":1.50}"#
        let (answer, _) = try await ask { _ in .json(#"{"allow":true,"data":\#(data)}"#) }
        #expect(
            answer.attributes == [
                "webhook.device.serial": ["C02"], "webhook.device.asset": ["17"], "webhook.device.managed": ["true"],
                "webhook.groups": ["a", "b"], "webhook.x.y": ["1.50"],
            ]
        )
    }

    @Test func aNoIsARefusalWithItsReasonOrLeftToTheNextSource() async throws {
        let step = #"{"allow":false,"error":{"code":"gone","message":"device \u001b[31m is retired\nsecond"}}"#
        let (refused, _) = try await ask { _ in .json(step) }
        #expect(refused.summary == "reject challenge.refused device")
        let (flat, _) = try await ask(nil) {
            $0.form = .json
        } answering: { _ in
            .json(#"{"allow":false,"reason":"\#(String(repeating: "r", count: 300))"}"#)
        }
        #expect(flat.summary == "reject challenge.refused \(String(repeating: "r", count: 200))…")
        let (echo, _) = try await ask { _ in .json(#"{"allow":false,"reason":"'the challenge\u0301' is not known"}"#) }
        #expect(echo.summary == "reject challenge.refused '…\u{301}' is not known")
        let padding = String(repeating: "r", count: 195)
        let (cut, _) = try await ask { _ in .json(#"{"allow":false,"reason":"\#(padding)the challenge"}"#) }
        #expect(cut.summary == "reject challenge.refused \(padding)…")
        let (next, _) = try await ask(nil) {
            $0.deny = .next
        } answering: { _ in
            .json(#"{"allow":false}"#)
        }
        #expect(next == .notMine)
    }

    @Test(
        arguments: [
            "", "yes", "[true]", "{}", #"{"allow":"true"}"#, #"{"allow":1}"#, #"{"Allow":true}"#, #"{"allow":true}x"#,
            #"{"allow":false,"allow":true}"#, #"{"allow":true,}"#, "\u{FEFF}{\"allow\":true}",
        ]
    )
    func takesNothingForAYesButAYes(_ text: String) async throws {
        let (answer, requests) = try await ask { _ in .json(text) }
        #expect(answer.summary == "unavailable its answer is not JSON with 'allow' true or false")
        #expect(requests.count == 1)
    }

    @Test(arguments: [400, 401, 404, 429]) func anErrorOfOursIsNoAnswer(_ status: Int) async throws {
        let (answer, requests) = try await ask { _ in .reply(.init(statusCode: status), [], #"{"allow":true}"#) }
        #expect(answer.summary == "unavailable it answered with HTTP \(status)")
        #expect(requests.count == 1)
    }

    @Test func followsNoRedirect() async throws {
        try await StandIn.run { _ in
            .json(#"{"allow":true}"#)
        } during: { elsewhere async throws in
            let target = elsewhere.url()
            for status in [301, 302, 307, 308] {
                let (answer, _) = try await ask { _ in
                    .reply(.init(statusCode: status), [("Location", target)], #"{"allow":true}"#)
                }
                #expect(answer.summary == "unavailable it answered with HTTP \(status)")
            }
            #expect(elsewhere.requests.isEmpty)
        }
    }

    // MARK: - Trouble

    @Test func asksOnceMoreWithTheSameQuestionWhenTheHookFails() async throws {
        let failures: [StandIn.Answer] = [.reply(.internalServerError, [], ""), .close, .half(#"{"allow":true}"#)]
        for failure in failures {
            let (answer, requests) = try await ask { $0 == 1 ? failure : .json(#"{"allow":true}"#) }
            #expect(answer.summary == "accept")
            #expect(requests.count == 2)
            #expect(Set(requests.map(\.body)).count == 1)
            #expect(Set(requests.map { $0.headers["X-Request-Id"] }).count == 1)
        }
    }

    @Test func failsClosedWhenTheHookFailsTwice() async throws {
        let (broken, requests) = try await ask { _ in .reply(.badGateway, [], #"{"allow":true}"#) }
        #expect(broken.summary == "unavailable it answered with HTTP 502")
        #expect(requests.count == 2)
        let (closed, twice) = try await ask { _ in .close }
        #expect(closed.summary == "unavailable the connection ended before the answer")
        #expect(twice.count == 2)
        let (half, _) = try await ask { _ in .half(#"{"allow":true}"#) }
        #expect(half.summary.hasPrefix("unavailable "))
        let nobody = WebhookSource(settings("http://127.0.0.1:1/"), retryDelay: .zero)
        #expect(await nobody.judge(try Questions.make()).summary == "unavailable it could not be reached")
    }

    @Test(arguments: ["silence", "drip", "late"]) func waitsNoLongerThanItsTime(_ kind: String) async throws {
        let begin = ContinuousClock.now
        let (answer, _) = try await ask(nil) {
            $0.timeout = 1
        } answering: { _ in
            switch kind {
            case "silence": .silence
            case "drip": .drip
            default: .late(.seconds(120), #"{"allow":true}"#)
            }
        }
        #expect(answer.summary.hasPrefix("unavailable there was no answer in "))
        #expect(ContinuousClock.now - begin < .seconds(60))
    }

    @Test func theSecondTryIsWithinTheSameTime() async throws {
        let begin = ContinuousClock.now
        let answer = try await StandIn.run { _ in
            .reply(.badGateway, [], "")
        } during: { hook async throws in
            let source = WebhookSource(settings(hook.url()) { $0.timeout = 2 }, retryDelay: .seconds(120))
            return await source.judge(try Questions.make())
        }
        #expect(answer.summary == "unavailable there was no answer in 2 s")
        #expect(ContinuousClock.now - begin < .seconds(60))
    }

    @Test func readsNoMoreThanItsLimit() async throws {
        let (flood, _) = try await ask { _ in .flood(10_485_760) }
        #expect(flood.summary == "unavailable the answer is longer than 65536 bytes")
        let padding = String(repeating: " ", count: WebhookSource.maximumAnswerByteCount)
        let (long, _) = try await ask { _ in .json(#"{"allow":true}"# + padding) }
        #expect(long.summary == "unavailable the answer is longer than 65536 bytes")
        let (fitting, _) = try await ask { _ in .json(#"{"allow":true}"# + padding.dropFirst(14)) }
        #expect(fitting.summary == "accept")
    }

    @Test func refusesMoreThanItMayAskAtOnceAndGivesPlacesBack() async throws {
        let isFree = Atomic(false)
        try await StandIn.run { _ in
            .held({ isFree.load(ordering: .relaxed) }, #"{"allow":true}"#)
        } during: {
            hook async throws in
            let source = WebhookSource(settings(hook.url()) { $0.parallel = 2 })
            let question = try Questions.make()
            async let first = source.judge(question).summary
            async let second = source.judge(question).summary
            while hook.requests.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(await source.judge(question).summary == "unavailable 2 questions are on their way already")
            isFree.store(true, ordering: .relaxed)
            #expect(await [first, second] == ["accept", "accept"])
            #expect(await source.judge(question).summary == "accept")
        }
    }

    @Test func trustsTheNamedCertificatesAndNoOthers() async throws {
        let (identity, other) = (try TestIdentity(), try TestIdentity())
        let elsewhere = try TestIdentity(address: [127, 0, 0, 2])
        for (file, found) in [("own.pem", identity), ("other.pem", other), ("else.pem", elsewhere)] {
            try folder.write(file, Array(found.pem.utf8))
        }
        func summary(_ server: TestIdentity, _ roots: String?) async throws -> String {
            try await ask(nil, tls: server) {
                $0.trustRoots = roots.map(folder.file)
            } answering: { _ in
                .json(#"{"allow":true}"#)
            }
            .answer.summary
        }
        let untrusted = "unavailable its TLS certificate is not trusted, or the handshake failed"
        #expect(try await summary(identity, "own.pem") == "accept")
        #expect(try await summary(identity, "other.pem") == untrusted)
        #expect(try await summary(identity, nil) == untrusted)
        #expect(try await summary(elsewhere, "else.pem") == untrusted)
        #expect(try await summary(identity, "none.pem").contains("there is no certificate in the file"))
    }

    @Test func asksNobodyInADryRunOrWithoutItsSecret() async throws {
        let (dry, none) = try await ask(try Questions.make(isDryRun: true)) { _ in .json(#"{"allow":true}"#) }
        #expect(dry == .unavailable("not asked in a dry run"))
        #expect(none.isEmpty)
        try folder.write("secret", Array("!not base64!".utf8))
        let (unsigned, still) = try await ask { _ in .json(#"{"allow":true}"#) }
        #expect(unsigned == .unavailable("the secret is not base64"))
        #expect(still.isEmpty)
    }
}

extension JSONValue {
    fileprivate subscript(at index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }
}
