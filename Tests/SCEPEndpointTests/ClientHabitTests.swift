// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import SCEPEndpoint
import Testing

/// Requests as single clients send them, down to the bytes (client-quirks A and B).
struct ClientHabitTests {
    /// A message of a usual size, with every digit of base64 in it.
    private static let long =
        [0x30, 0x82, 0x08, 0x00] + (0..<2047).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 5) }

    /// Base64 in lines of 64 digits, each ended as the client ends it, and some digits escaped.
    private static func lines(_ bytes: [UInt8], end: String, escaping escaped: Set<Character>) -> String {
        var text = ""
        for (offset, digit) in Data(bytes).base64EncodedString().enumerated() {
            if offset > 0, offset % 64 == 0 { text += end }
            text += escaped.contains(digit) ? String(format: "%%%02X", digit.asciiValue ?? 0) : String(digit)
        }
        return text + end
    }

    private static func base64(_ bytes: [UInt8], escaping escaped: Set<Character>) -> String {
        lines(bytes, end: "", escaping: escaped)
    }

    // MARK: - Cisco IOS (A1, A2, A3, A4, B2)

    @Test func iosAsksByGetOverHTTP10WithoutHostInLinesAndWithThePortInThePath() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let agent = "User-Agent: Mozilla/4.0 (compatible; MSIE 5.0; Cisco PKI)\r\n"
            let path = "/scep:\(port)/pkiclient.exe"
            for query in ["GetCACaps&message=TRUSTPOINT-1", "GetCACert&message=TRUSTPOINT-1"] {
                let answer = try await exchange(port, "GET \(path)?operation=\(query) HTTP/1.0\r\n\(agent)\r\n")
                #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
            }
            let text = Self.lines(Self.long, end: "%0A", escaping: ["+", "/", "="])
            let bytes = try await offPool {
                let client = try RawClient(port: port)
                let target = "\(path)?operation=PKIOperation&message=\(text)"
                try client.send("GET \(target) HTTP/1.0\r\n\(agent)\r\n")
                // The whole answer stands before the end of the connection, which the server ends.
                var leftover: [UInt8] = []
                let answer = try client.receiveResponse(&leftover)
                #expect(try client.receive().isEmpty && leftover.isEmpty)
                return answer
            }
            #expect(bytes.statusLine == "HTTP/1.0 200 OK")
            #expect(bytes.fields["content-length"] == "\(Self.long.count)")
            #expect(bytes.fields["transfer-encoding"] == nil && bytes.fields["connection"] == "close")
            #expect(bytes.body == Self.long)
            #expect(responder.operations == [.getCACaps, .getCACert, .pkiOperation(Self.long)])
            #expect(responder.requests.prefix(2).map(\.message) == ["TRUSTPOINT-1", "TRUSTPOINT-1"])
            #expect(responder.requests.allSatisfy { $0.profile == .default })
        }
    }

    // MARK: - Apple (A4, A7, B1)

    @Test func macOSPostsOctetsWithATransferEncodingAndCloses() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send(
                    "POST /scep/default?operation=PKIOperation HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
                        + "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
                        + "Connection: close\r\nContent-Length: \(Self.long.count)\r\n\r\n"
                )
                try client.send(Self.long)
                var leftover: [UInt8] = []
                let answer = try client.receiveResponse(&leftover)
                #expect(try client.receive().isEmpty)
                return answer
            }
            #expect(answer.status == 200 && answer.body == Self.long)
            #expect(answer.fields["connection"] == "close")
            #expect(responder.operations == [.pkiOperation(Self.long)])
        }
    }

    @Test func appleEscapesNothingButTheEqualsSigns() async throws {
        let text = Self.base64(Self.long, escaping: ["="])
        #expect(text.contains("+") && text.contains("/") && text.hasSuffix("%3D"))
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let target = "/scep?operation=PKIOperation&message=\(text)"
            let answer = try await ask(port, "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(answer.body == Self.long)
            #expect(responder.operations == [.pkiOperation(Self.long)])
        }
    }

    // MARK: - strongSwan (A2, A7, A8, B2)

    @Test func strongSwanAsksByGetInLinesAndPostsWithoutAContentType() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let text = Self.lines(Self.long, end: "%0A", escaping: ["+", "="])
            let target = "/scep/default?operation=PKIOperation&message=\(text)"
            #expect(try await ask(port, "GET \(target) HTTP/1.0\r\n\r\n").body == Self.long)
            let posted = try await offPool {
                let client = try RawClient(port: port)
                // An empty Expect field is no expectation.
                try client.send(
                    "POST /scep/default?operation=PKIOperation HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nExpect:\r\n"
                        + "Content-Length: \(Self.long.count)\r\n\r\n"
                )
                try client.send(Self.long)
                return try client.receiveResponse()
            }
            #expect(posted.statusLine == "HTTP/1.1 200 OK" && posted.body == Self.long)
        }
        #expect(responder.operations == [.pkiOperation(Self.long), .pkiOperation(Self.long)])
    }

    // MARK: - The message of the GET queries (A4)

    @Test(arguments: [
        "/certsrv/mscep/mscep.dll?operation=GetCACert&message=default",  // Windows
        "/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACert&message=default",
        "/scep?operation=GetCACert&message=CAIdentifier",  // sscep
        "/scep?operation=GetCACert&message=ignored",  // an old scepclient
        "/scep?operation=GetCACert&message=*",  // an old cryptlib
        "/scep/?operation=GetCACert&message=Corporate%20Wi-Fi",  // Apple, the name in the payload
        "/scep?operation=GetCACert",  // Apple, without one
        "/cgi-bin/pkiclient.exe?operation=GetCACert&message=TRUSTPOINT-1",  // Cisco IOS
        "/scep?message=a/../b&operation=GetCACert",
        "/scep?operation=GetCACert&message=%FF%00%0D%0A",
    ])
    func messageThatNamesACASelectsNothing(target: String) async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            for request in ["GET \(target) HTTP/1.0\r\n\r\n", "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n"] {
                let answer = try await ask(port, request)
                #expect(answer.status == 200)
            }
            #expect(responder.operations == [.getCACert, .getCACert])
            #expect(responder.requests.allSatisfy { $0.profile == .default })
        }
    }

    // MARK: - Bodies (A6, A8, B3, B5)

    @Test func javaPostsAFormThatIsNone() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            // What a form's parser would cut: "&", "=", "+", "%".
            let body = [0x30, 0x06] + Array("&=+%26".utf8)
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send(
                    "POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: a\r\nUser-Agent: Java/1.8.0\r\n"
                        + "Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\n"
                        + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.count)\r\n\r\n"
                )
                try client.send(body)
                return try client.receiveResponse()
            }
            #expect(answer.status == 200 && answer.body == body)
            #expect(responder.operations == [.pkiOperation(body)])
        }
    }

    @Test func streamingClientAwaitsContinueBeforeItsChunks() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let (interim, final) = try await offPool {
                let client = try RawClient(port: port)
                try client.send(
                    "POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                        + "Expect: 100-continue\r\n\r\n"
                )
                let interim = String(decoding: try client.receive(), as: UTF8.self)
                for start in stride(from: 0, to: Self.long.count, by: 1000) {
                    let part = Self.long.dropFirst(start).prefix(1000)
                    try client.send(String(part.count, radix: 16) + "\r\n")
                    try client.send(Array(part) + Array("\r\n".utf8))
                }
                try client.send("0\r\n\r\n")
                return (interim, try client.receiveResponse())
            }
            #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(final.status == 200 && final.body == Self.long)
            #expect(final.fields["content-length"] == "\(Self.long.count)")
            #expect(responder.operations == [.pkiOperation(Self.long)])
        }
    }

    @Test func base64OfAnIndefiniteLengthInABodyIsDecodedToo() async throws {
        // It begins with MIA, not with MII.
        let message: [UInt8] = [0x30, 0x80, 0x06, 0x03, 0x2A, 0x03, 0xFB, 0xFF, 0x00, 0x00]
        let text = Data(message).base64EncodedString()
        #expect(text.hasPrefix("MIA"))
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            for body in [text, text.replacing("+", with: "-").replacing("/", with: "_"), text + "\r\n"] {
                let head = "POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                let answer = try await ask(port, head + body)
                #expect(answer.body == message)
            }
        }
    }

    @Test func micromdmOfOldUsesTheAlphabetOfURLs() async throws {
        let text = Self.base64(Self.long, escaping: []).replacing("+", with: "-").replacing("/", with: "_")
        #expect(text.contains("-") && text.contains("_"))
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            for message in [text, text.replacing("=", with: "%3D"), text.replacing("=", with: "")] {
                let target = "/scep?operation=PKIOperation&message=\(message)"
                let answer = try await ask(port, "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(answer.body == Self.long)
            }
        }
    }

    // MARK: - Long requests (A11)

    @Test func getWithALargeKeyAndAnIntuneChallengeFitsEvenFullyEscaped() async throws {
        // 16 KiB of challenge, encrypted, in a CMS message with a certificate and a signature of RSA-4096.
        let message = [0x30, 0x82, 0x50, 0x00] + (0..<0x5000).map { UInt8(truncatingIfNeeded: $0 &* 251) }
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let text = Self.lines(message, end: "%0D%0A", escaping: ["+", "/", "="])
            let target = "/scep?operation=PKIOperation&message=\(text)"
            let answer = try await ask(port, "GET \(target) HTTP/1.0\r\n\r\n")
            #expect(answer.body == message)
        }
    }

    // MARK: - What no SCEP client understands (A10, C3)

    @Test(arguments: [
        "GET /scep?operation=GetCACaps HTTP/1.1\r\n\r\n", "GET /scep?operation=GetCACert HTTP/1.1\r\n\r\n",
        "GET /scep?operation=PKIOperation&message=\(messageBase64) HTTP/1.1\r\n\r\n",
        "GET /scep?operation=Nonsense HTTP/1.1\r\n\r\n", "GET /scep HTTP/1.1\r\nAccept: text/html\r\n\r\n",
        "GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n", "PUT /scep HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "POST /scep HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "GET //scep//?operation=GetCACaps HTTP/1.1\r\n\r\n",
        "POST /scep HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
    ])
    func answersAreNoRedirectsNoLoginPagesAndNoHTML(request: String) async throws {
        try await withListener { port in
            let answer = try await ask(port, request)
            #expect(!(300..<400).contains(answer.status) && answer.status != 401)
            for field in ["location", "www-authenticate", "set-cookie", "refresh", "alt-svc"] {
                #expect(answer.fields[field] == nil)
            }
            // No parameters either: sscep before 0.9 and PySCEP compare the type as it stands.
            let types = ["text/plain", "application/x-pki-message", "application/x-x509-ca-cert"]
            #expect(types.contains(answer.fields["content-type"] ?? ""))
        }
    }
}
