// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import NIOHTTP1
internal import SCEP
internal import SCEPClient
internal import Synchronization
internal import Testing

@Suite struct HTTPTests {
    @Test(arguments: ["", "/"])
    func requirement43TakesTheDefaultPathWhenThereIsNone(_ path: String) async throws {
        let run = try await enroll(try FakeServer(), path: path)
        #expect(run.error == nil)
        #expect(run.requests.allSatisfy { $0.path == "/cgi-bin/pkiclient.exe" })
    }

    @Test func keepsThePathAndTheQueryOfTheURL() async throws {
        let run = try await enroll(try FakeServer(), path: "/scep/a%20b?tenant=1")
        #expect(run.error == nil)
        #expect(run.requests.allSatisfy { $0.uri.hasPrefix("/scep/a%20b?tenant=1&operation=") })
    }

    @Test(arguments: ["SCEPStandard", "POSTPKIOperation"])
    func requirement45SendsMessagesByPOSTWhenTheServerSaysSo(_ keyword: String) async throws {
        var server = try FakeServer()
        server.capabilities = .text(keyword)
        let run = try await enroll(server)
        #expect(run.error == nil)
        #expect(run.requests.map(\.method) == [.GET, .GET, .POST])
    }

    @Test func requirement45SendsMessagesByGETOtherwise() async throws {
        var server = try FakeServer()
        server.capabilities = .text("AES\nSHA-256")
        let run = try await enroll(server)
        #expect(run.error == nil)
        #expect(run.requests.map(\.method) == [.GET, .GET, .GET])
    }

    @Test(arguments: Transport.allCases)
    func sendsMessagesAsItIsTold(_ transport: Transport) async throws {
        let run = try await enroll(try FakeServer(), options: EnrollmentOptions(transport: transport))
        #expect(try run.result.get().transport == transport)
        #expect(run.requests("PKIOperation").map(\.method) == [transport == .get ? .GET : .POST])
    }

    @Test func requirement46And48SendTheOperationAndTheContentTypeWithPOST() async throws {
        let run = try await enroll(try FakeServer())
        let post = try #require(run.requests.last)
        #expect(post.uri == "/scep?operation=PKIOperation")
        #expect(post.headers["Content-Type"] == ["application/x-pki-message"])
    }

    @Test func requirement50And51EscapeStandardBase64() async throws {
        var escapes: Set<String> = []
        for length in 1...3 {
            let id = try #require(TransactionID(String(repeating: "x", count: length)))
            let run = try await enroll(
                try FakeServer(),
                options: EnrollmentOptions(transport: .get),
                transactionID: id
            )
            // The fake server refuses unescaped characters and anything but standard base64.
            #expect(run.error == nil)
            let message = try #require(run.requests("PKIOperation").first?.parameter("message"))
            for escape in ["%2B", "%2F", "%3D"] where message.contains(escape) { escapes.insert(escape) }
        }
        #expect(escapes == ["%2B", "%2F", "%3D"])
    }

    @Test func sendsTheCAIdentifierWhereItBelongs() async throws {
        var session = quick
        session.caIdentifier = "Example CA/1"
        let run = try await enroll(try FakeServer(), session: session)
        #expect(run.requests("GetCACaps").first?.parameter("message") == "Example%20CA%2F1")
        #expect(run.requests("GetCACert").first?.parameter("message") == "Example%20CA%2F1")
        #expect(run.requests("PKIOperation").first?.parameter("message") == nil)
    }

    @Test func sendsTheVerySameBytesAgainWhenTheReplyIsLost() async throws {
        for transport in Transport.allCases {
            let losses = Losses(2)
            var server = try FakeServer()
            server.message = { try losses.next() ? .close : $1.success($0) }
            let run = try await enroll(server, options: EnrollmentOptions(transport: transport))
            #expect(run.error == nil)
            let sent = run.requests("PKIOperation")
            #expect(sent.count == 3)
            #expect(Set(sent.map { try? FakeServer.pkiMessage($0) }).count == 1)
        }
    }

    @Test func givesUpAfterAsManyResendsAsItIsTold() async throws {
        var server = try FakeServer()
        server.message = { _, _ in .close }
        let run = try await enroll(server)
        let id = try #require(run.error?.transactionID)
        #expect(run.error == .network(.pkiOperation(id), .connectionClosed))
        #expect(run.requests("PKIOperation").count == 3)
    }

    @Test func doesNotSendAgainWhatWasAnsweredOrTimedOut() async throws {
        var server = try FakeServer()
        server.message = { _, _ in .text("too many requests\r\nsecond line", .serviceUnavailable) }
        let busy = try await enroll(server)
        let id = try #require(busy.error?.transactionID)
        #expect(busy.error == .http(.pkiOperation(id), status: 503, line: "too many requests", location: nil))
        #expect(busy.requests("PKIOperation").count == 1)

        server.message = { _, _ in .silence }
        let silent = try await enroll(server, session: .init(timeout: .seconds(2), resends: 2))
        let other = try #require(silent.error?.transactionID)
        #expect(silent.error == .network(.pkiOperation(other), .timedOut))
        #expect(silent.requests("PKIOperation").count == 1)
    }

    @Test func doesNotFollowRedirects() async throws {
        var server = try FakeServer()
        server.caAnswer = .reply(.movedPermanently, [("Location", "http://127.0.0.1:1/other")], [])
        let run = try await enroll(server)
        #expect(run.error == .http(.getCACert, status: 301, line: nil, location: "http://127.0.0.1:1/other"))
        #expect(run.requests("GetCACert").count == 1)
    }

    @Test func refusesAnAnswerThatIsTooLong() async throws {
        var server = try FakeServer()
        server.caAnswer = .bytes([UInt8](repeating: 0x30, count: 1_048_577))
        let run = try await enroll(server)
        #expect(run.error == .oversizedAnswer(.getCACert, limit: 1_048_576))
    }

    @Test func keepsControlCharactersOfAnErrorTextAwayFromTheTerminal() async throws {
        var server = try FakeServer()
        server.caAnswer = .text("\u{1B}[2Jgone\u{9B}1m", .forbidden)
        let run = try await enroll(server)
        #expect(run.error == .http(.getCACert, status: 403, line: "[2Jgone1m", location: nil))
    }

    @Test func saysWhenNobodyListens() async throws {
        let url = try await LoopbackServer.run({ _ in .close }, { $0.url() })
        let server = try ServerURL(url)
        let error = await #expect(throws: SCEPClientError.self) {
            try await SCEPSession.run(with: server, options: quick) { session in
                _ = try await session.capabilities()
            }
        }
        #expect(error == .network(.getCACaps, .notReached("connection refused")))
    }
}

/// Says yes so many times.
final class Losses: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) {
        self.left = Mutex(count)
    }

    func next() -> Bool {
        left.withLock { count in
            defer { count -= 1 }
            return count > 0
        }
    }
}
