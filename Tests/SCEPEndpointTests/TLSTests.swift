// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import SCEPEndpoint
import Testing

struct TLSTests {
    /// Runs `openssl`, gives it the input, and gives its standard output.
    private static func openssl(_ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        let (stdin, stdout) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        stdin.fileHandleForWriting.write(Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    /// A self-signed certificate and its key in a folder of their own, removed after the body.
    private func withCredential(
        _ keyArguments: [String],
        _ body: @Sendable (ListenerConfiguration.TLS) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificate = folder.appendingPathComponent("certificate.pem").path
        let key = folder.appendingPathComponent("key.pem").path
        _ = try await offPool {
            try Self.openssl(
                ["req", "-x509", "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", key, "-out", certificate]
                    + keyArguments
            )
        }
        try await body(ListenerConfiguration.TLS(certificateChainFile: certificate, privateKeyFile: key))
    }

    private func request(_ port: Int, _ text: String, _ arguments: [String] = []) async throws -> String {
        try await offPool {
            let arguments = ["s_client", "-connect", "127.0.0.1:\(port)", "-quiet", "-ign_eof"] + arguments
            return try Self.openssl(arguments, input: text)
        }
    }

    @Test(arguments: [
        (["-newkey", "rsa:2048"], ["-tls1_2"]), (["-newkey", "rsa:2048"], ["-tls1_3"]),
        (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], []),
    ])
    func answersOverTLS(keyArguments: [String], clientArguments: [String]) async throws {
        try await withCredential(keyArguments) { tls in
            let responder = RecordingResponder()
            try await withListener(tls: tls, responder: responder) { port in
                let text = "GET /scep?operation=GetCACaps HTTP/1.1\r\nConnection: close\r\n\r\n"
                let answer = try await request(port, text, clientArguments)
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.hasSuffix("POSTPKIOperation\nSHA-256\n"))
                #expect(responder.requests.map(\.isSecure) == [true])
            }
        }
    }

    @Test func asksForNoClientCertificateAndRefusesTLS11() async throws {
        try await withCredential(["-newkey", "rsa:2048"]) { tls in
            try await withListener(tls: tls) { port in
                let report = try await offPool {
                    try Self.openssl(["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_2"])
                }
                #expect(report.contains("No client certificate CA names sent"))
                #expect(!report.contains("Acceptable client certificate CA names"))
                #expect(report.contains("Cipher is ECDHE"))
                let old = try await offPool {
                    try Self.openssl([
                        "s_client", "-connect", "127.0.0.1:\(port)", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0",
                    ])
                }
                #expect(old.contains("Cipher is (NONE)"))
            }
        }
    }

    @Test func refusesALargeBodyOverTLS() async throws {
        try await withCredential(["-newkey", "rsa:2048"]) { tls in
            try await withListener(tls: tls) { port in
                let answer = try await request(port, "POST /scep HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test func survivesPlainHTTPOnATLSPort() async throws {
        try await withCredential(["-newkey", "rsa:2048"]) { tls in
            try await withListener(tls: tls) { port in
                let answer = try? await exchange(port, "GET /healthz HTTP/1.1\r\n\r\n")
                #expect(answer?.contains("HTTP/1.1 200") != true)
                let secure = try await request(port, "GET /healthz HTTP/1.0\r\n\r\n")
                #expect(secure.hasSuffix("ok\n"))
            }
        }
    }

    @Test func explainsUnusableFiles() async throws {
        try await withCredential(["-newkey", "rsa:2048"]) { tls in
            try await withCredential(["-newkey", "rsa:2048"]) { other in
                let cases: [(String, String, ListenerError)] = [
                    ("/nowhere.pem", tls.privateKeyFile, .unusableCertificateChain(file: "/nowhere.pem")),
                    (tls.certificateChainFile, "/nowhere.pem", .unusablePrivateKey(file: "/nowhere.pem")),
                    (
                        tls.certificateChainFile, other.privateKeyFile,
                        .unusableCredential(
                            certificateChainFile: tls.certificateChainFile,
                            privateKeyFile: other.privateKeyFile
                        )
                    ),
                ]
                for (chain, key, expected) in cases {
                    let wrong = ListenerConfiguration.TLS(certificateChainFile: chain, privateKeyFile: key)
                    await #expect(throws: expected) {
                        try await withListener(tls: wrong) { _ in }
                    }
                }
            }
        }
    }
}
