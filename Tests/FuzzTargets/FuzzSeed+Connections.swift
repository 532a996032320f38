// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import struct Foundation.Data

extension FuzzSeed {
    /// A message with every digit of base64 in it.
    private static let message =
        [0x30, 0x82, 0x00, 0x80] + (0..<128).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 5) }

    /// What clients write, each in its way (client-quirks A and B).
    static var connections: [FuzzSeed] {
        let base64 = Data(message).base64EncodedString()
        let lines = stride(from: 0, to: base64.count, by: 64).map { String(base64.dropFirst($0).prefix(64)) }
        let texts = [
            ("getcacaps", "GET /scep?operation=GetCACaps&message=TRUSTPOINT-1 HTTP/1.0\r\nUser-Agent: a\r\n\r\n"),
            ("getcacert", "GET /scep/default?operation=GetCACert&message=a%20b HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("getnextcacert", "GET http://ca.example/scep/a?operation=GetNextCACert HTTP/1.1\nHost: a\n\n"),
            ("ndes-path", "GET /CertSrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACert HTTP/1.1\r\n\r\n"),
            ("port-in-path", "GET /scep:8080/pkiclient.exe?operation=GetCACert HTTP/1.0\r\n\r\n"),
            ("ra-profile", "GET /api/v1/protocols/scep/raProfile/vpn/?operation=GetCACaps HTTP/1.1\r\n\r\n"),
            ("keep-alive", "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n\r\nHEAD /readyz HTTP/1.1\r\n\r\n"),
            ("upgrade", "GET /crl/1.crl HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
        ]
        let queries = [
            ("get-escaped", base64.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")),
            ("get-spaces", base64.replacing("+", with: " ")), ("get-lines", lines.joined(separator: "%0A")),
            ("get-url-alphabet", base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")),
        ].map { ($0, "GET /scep?operation=PKIOperation&message=\($1) HTTP/1.0\r\n\r\n") }
        let pem = "-----BEGIN CMS-----\n\(base64)\n-----END CMS-----\n"
        let posts = [
            ("post", post(message, "Content-Type: application/x-pki-message")),
            ("post-text", post(Array(lines.joined(separator: "\r\n").utf8), "Content-Type: text/plain")),
            ("post-pem", post(Array(pem.utf8), "Expect: 100-continue")),
            ("post-twice", post(message, "Host: a") + post(message, "Connection: close")),
            ("post-chunked", chunkedPost),
        ]
        return ((texts + queries).map { ($0, Array($1.utf8)) } + posts).map { FuzzSeed(.httpConnection, $0, $1) }
    }

    private static func post(_ body: [UInt8], _ field: String) -> [UInt8] {
        let line = "POST /cgi-bin/pkiclient.exe?operation=PKIOperation HTTP/1.1"
        return Array("\(line)\r\n\(field)\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    private static let chunkedPost =
        Array("POST /scep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n".utf8) + message.prefix(4)
        + Array("\r\n80;a=b\r\n".utf8) + message.dropFirst(4) + Array("\r\n0\r\n\r\n".utf8)
}
