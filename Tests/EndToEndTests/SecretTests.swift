// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEPCrafting
internal import TestPeers
internal import TestSupport
internal import Testing

/// Nothing that is secret lies anywhere in the clear: files, log, traces, lists.
@Suite struct SecretTests {
    /// The forms in which a challenge could lie about.
    private func forms(of code: String) -> [(String, [UInt8])] {
        let bytes = Array(code.utf8)
        var forms: [(String, [UInt8])] = [
            ("plain", bytes), ("lower case", Array(code.lowercased().utf8)), ("backwards", bytes.reversed()),
            ("UTF-16BE", bytes.flatMap { [0, $0] }), ("UTF-16LE", bytes.flatMap { [$0, 0] }),
            ("hexadecimal", Array(bytes.hex.utf8)), ("HEXADECIMAL", Array(bytes.hex.uppercased().utf8)),
        ]
        // Whatever stands before it in base64: three alignments, without the letters that its neighbours share.
        for shift in 0..<3 {
            let text = Base64.plain(Array(repeating: 0, count: shift) + bytes)
            let start = shift == 0 ? 0 : 4
            let inner = text.dropFirst(start).prefix(max(0, (bytes.count - 3) / 3 * 4 - 4))
            forms.append(("base64, \(shift)", Array(String(inner).utf8)))
        }
        return forms.filter { $0.1.count >= 12 }
    }

    @Test func requirement111ChallengesAreNowhereInFilesLogsAndTraces() async throws {
        let outputs = try TemporaryFolder()
        let log = outputs.file("audit.jsonl")
        let server = try await Server.start(["--audit-file", log])
        let device = try await Device(of: server)
        let other = try await Device("device-2", key: try TestKeys.other, of: server)
        let fixed = "Static-Challenge-0815-Grusel"
        try await Sceptic.run(
            "challenge",
            "new",
            "--data",
            server.state,
            "--static",
            "lab",
            "--code-file",
            "-",
            input: fixed
        )
        let codes = try await server.codes(6)
        let wrong = "This-Challenge-Is-Wrong-4711"

        // Successes, by POST, by GET and again.
        #expect(try await server.post(try device.message(codes[0], "s-1")).isSuccess)
        let byGet = Base64.escaped(try device.message(codes[1], "s-2"))
        #expect(try await server.get("/scep/default?operation=PKIOperation&message=" + byGet).isSuccess)
        #expect(try await server.post(try device.message(codes[0], "s-1")).isSuccess)
        #expect(try await server.post(try other.message(fixed, "s-3")).isSuccess)
        // Refusals.
        #expect(try await server.post(try other.message(codes[0], "r-1")).certRep == Failure.uniform)
        #expect(try await server.post(try device.message(wrong, "r-2")).certRep == Failure.uniform)
        try await beRefused([codes[2], fixed, wrong], by: server, device)
        try await sendInTheClear(codes[3], to: server, device)

        // The audit log's output comes a moment later.
        for _ in 0..<200 where !Self.text(log).contains("enrollment.issued") {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(Self.text(log).contains("enrollment.issued"))
        try await expectNowhere(codes + [fixed, wrong], of: server, also: [log])
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// Sends each challenge in messages that are refused for other reasons.
    private func beRefused(_ codes: [String], by server: Server, _ device: Device) async throws {
        for code in codes {
            let messages = [
                try device.message(code, "m-1", request: { $0.signer = try TestKeys.other }),
                try device.message(code, "m-2", request: { $0.attributes += $0.attributes }),
                try device.message(
                    code,
                    "m-3",
                    envelope: { $0.plaintext = Array("challengePassword=\(code)".utf8) }
                ),
                try device.message(code, "m-4", request: { $0.subject = TLV.sequence() }),
                try device.message(code, "m-5", envelope: { $0.spoilContent = { $0.dropLast(16) } }),
            ]
            for message in messages { #expect(try await !server.post(message).isSuccess) }
        }
    }

    /// Sends a bare request, whose challenge stands in the clear: in the message and instead of it.
    private func sendInTheClear(_ code: String, to server: Server, _ device: Device) async throws {
        let bare = try HandMadeRequest("device-1", key: device.key, challenge: code).der()
        let wrapped = try device.message(nil, "b-1", outer: { $0.content = bare })
        #expect(try await server.post(wrapped).certRep == Failure.uniform)
        #expect(try await server.post(bare).status == 400)
        let query = "/scep/default?operation=PKIOperation&message=" + Base64.escaped(bare)
        #expect(try await server.get(query).status == 400)
    }

    /// Ends the server, and looks for challenges in all that it wrote and said.
    private func expectNowhere(
        _ codes: [String],
        of server: Server,
        explaining: [String] = [],
        also paths: [String] = []
    ) async throws {
        var texts = try await told(server)
        for id in explaining { texts.append((id, Haystack(Data(try await server.explanation(id).utf8)))) }
        try await server.kill9()
        let others = try paths.map { ($0, Haystack(try Data(contentsOf: URL(fileURLWithPath: $0)))) }
        let files = try contents(of: server) + others
        #expect(files.map(\.0).contains("sceptic.sqlite-wal"))
        for code in codes {
            for (form, bytes) in forms(of: code) {
                for (name, haystack) in files + texts {
                    #expect(!haystack.contains(bytes), "\(name) holds a challenge as \(form)")
                }
            }
        }
    }

    @Test func challengeThatAClientCopiesIntoTheClearIsNowhereEither() async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        let codes = try await server.codes(2)
        for (code, inside) in [(codes[0], codes[0]), (codes[1], "wrong")] {
            // macOS puts a copy of the challenge among the signed attributes, where everybody can read it.
            let message = try device.message(
                inside,
                "copy-\(inside == code)",
                outer: { $0.attributes.append(TLV.attribute(OID.challengePassword, TLV.printable(code))) }
            )
            #expect(message.contains(run: Array(code.utf8)))
            #expect(try await server.post(message).isSuccess == (inside == code))
        }
        try await expectNowhere(codes, of: server)
    }

    @Test func secretsOfChallengeSourcesAreNowhereEither() async throws {
        let (server, directory) = (try await Server.start(), try await DirectoryServer.shared())
        let folder = try TemporaryFolder()
        let secrets = [
            "hook": "d2ViaG9vay1zZWNyZXQtMDgxNS00NzExLUdydXNlbA==", "bearer": "Bearer-Of-The-Hook-0815-4711",
            "token": "Signing-Secret-Of-Tokens-0123456789-Grusel",
        ]
        for (name, secret) in secrets { try folder.write(name, Array(secret.utf8)) }
        try await StandIn.run { count in
            // The hook says no, tells what it should not, and fails.
            switch count {
            case 1: .json(#"{"allow": true}"#)
            case 2: .json(#"{"allow": false, "reason": "retired"}"#)
            default: .reply(.unauthorized, [], secrets["bearer"] ?? "")
            }
        } during: { hook in
            let yaml = """
                scepProfiles:
                  hook:
                    raProfile: default
                    challengeSources:
                      - { type: webhook, name: mdm, url: "\(hook.url())", allowInsecure: true,
                          secret: { file: \(folder.file("hook")) }, bearerToken: { file: \(folder.file("bearer")) } }
                  tokens:
                    raProfile: default
                    challengeSources: [{ type: token, name: portal, secret: { file: \(folder.file("token")) } }]
                  staff:
                    raProfile: default
                    challengeSources:
                      - { type: directory, name: staff, url: "ldaps://127.0.0.1:\(directory.tlsPort)", mode: bind,
                          roots: \(directory.roots), base: "dc=example", filter: "(uid=${csr.subject.UID})",
                          account: { dn: "\(DirectoryServer.account)", password: { file: \(directory.passwordFile) } } }
                  printers:
                    raProfile: default
                    challengeSources: [{ type: registration }]
                """
            try await Sceptic.run("profile", "apply", "-f", "-", "--data", server.state, input: yaml)
            for profile in ["hook", "tokens", "staff", "printers"] { try await server.servesSoon(profile, within: 5) }
            let registered = try await Sceptic.run(
                "registration",
                "new",
                "printer-17",
                "--profile",
                "printers",
                "--data",
                server.state
            ).firstLine
            let jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJleHAiOjE5MDAwMDAwMDAsImp0aSI6ImEifQ", "c2lnbmF0dXJlLW9mLW5vYm9keQ"]
            let asked: [(profile: String, challenge: String, subject: String)] = [
                ("hook", "Challenge-That-The-Hook-Knows", "CN=a"), ("hook", "Challenge-That-Is-Refused", "CN=a"),
                ("hook", "Challenge-Without-An-Answer", "CN=a"), ("tokens", jwt.joined(separator: "."), "CN=a"),
                ("staff", "password of alice", "UID=alice"), ("staff", "Wrong-Password-Of-Bob", "UID=bob"),
                ("printers", registered, "CN=printer-17"), ("printers", "Wrong-Secret-Of-Printer", "CN=printer-17"),
            ]
            var granted = 0
            for (number, (profile, challenge, subject)) in asked.enumerated() {
                let device = try await Device("a", of: server, path: "/scep/\(profile)")
                let message = try device.message(challenge, "q-\(number)") { $0.subject = try Name(subject).der }
                let reply = try await server.post(message, "/scep/\(profile)?operation=PKIOperation")
                granted += reply.isSuccess ? 1 : 0
            }
            #expect(granted == 3)
            try await expectNowhere(
                secrets.values + asked.map(\.challenge) + [DirectoryServer.accountPassword, jwt[2]],
                of: server,
                explaining: asked.indices.map { "q-\($0)" }
            )
        }
    }

    @Test func keysAreNowhereInTheClear() async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        #expect(try await server.post(try device.message(try await server.code(), "keys")).isSuccess)
        let master = try String(contentsOfFile: server.state + "/master.key", encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines
        )
        #expect(master.count == 64)
        let texts = try await told(server)
        try await server.kill9()
        let files = try contents(of: server).filter { $0.0 != "master.key" }
        // The beginnings of a PrivateKeyInfo and of an RSAPrivateKey of 2048 bits, and of PEM.
        let beginnings = [
            [UInt8](hex: "0201003 00d06092a864886f70d0101010500"), [UInt8](hex: "0201000282010100"),
            Array("PRIVATE KEY".utf8),
        ]
        for (name, content) in files + texts {
            #expect(!content.contains(Array(master.utf8)), "\(name)")
            #expect(!content.contains([UInt8](hex: master)), "\(name)")
            for beginning in beginnings { #expect(!content.contains(beginning), "\(name)") }
        }
    }

    @Test func filesAreForTheirOwnerAlone() async throws {
        let server = try await Server.start()
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(server.state) == 0o700)
        let names = try FileManager.default.contentsOfDirectory(atPath: server.state)
        #expect(names.count >= 4)
        for name in names { #expect(try mode(server.state + "/" + name) == 0o600, "\(name)") }
        try await server.kill9()
    }

    /// The files of the state folder.
    private func contents(of server: Server) throws -> [(String, Haystack)] {
        try FileManager.default.contentsOfDirectory(atPath: server.state).map { name in
            (name, Haystack(try Data(contentsOf: URL(fileURLWithPath: server.state + "/" + name))))
        }
    }

    /// Everything that the server and its commands say.
    private func told(_ server: Server) async throws -> [(String, Haystack)] {
        try await Task.sleep(for: .milliseconds(600))
        var texts: [(String, Haystack)] = []
        for command in [
            ["request", "list", "--limit", "100"], ["challenge", "list"], ["certificate", "list"], ["ca", "show"],
            ["profile", "list"], ["registration", "list"],
            ["audit", "list"],
        ] {
            for more in [[], ["--json"]] {
                let run = try await Sceptic.attempt(command + ["--data", server.state] + more)
                #expect(run.succeeded)
                texts.append((command.joined(separator: " "), Haystack(Data((run.output + run.errors).utf8))))
            }
        }
        let metrics = try await HTTPReply.exchange(port: server.adminPort, "GET /metrics HTTP/1.0\r\n\r\n")
        return texts + [("the log", Haystack(Data(server.log.utf8))), ("the metrics", Haystack(Data(metrics.body)))]
    }
}

/// Bytes that are searched.
private struct Haystack {
    private let data: Data

    init(_ data: Data) { self.data = data }

    func contains(_ needle: [UInt8]) -> Bool { data.range(of: Data(needle)) != nil }
}
