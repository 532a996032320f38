// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import TestPeers
import TestSupport
import Testing

@testable import Connectors

/// Challenges against a real slapd.
@Suite struct DirectoryTests {
    private static func isReject(_ answer: ChallengeAnswer) -> Bool {
        if case .reject(.challengeUnknown, _) = answer { return true }
        return false
    }

    private static func unavailability(_ answer: ChallengeAnswer) -> String? {
        if case .unavailable(let sentence) = answer { return sentence }
        return nil
    }

    private static let accepted = ChallengeAnswer.accept(claims: [], strength: .unknown)

    // MARK: - Passwords

    @Test(arguments: DirectoryServer.Way.allCases)
    func passwordOfTheEntryIsAcceptedAndNoOther(way: DirectoryServer.Way) async throws {
        let server = try await DirectoryServer.shared()
        for rest in [DirectoryServer.named, server.searching("bind")] {
            let source = try server.source(rest, way)
            // Never strong enough that a reply were encrypted under it.
            #expect(await source.judge(try question("password of alice")) == Self.accepted)
            #expect(Self.isReject(await source.judge(try question("password of bob"))))
            #expect(Self.isReject(await source.judge(try question("password of alic"))))
            #expect(await source.judge(try question("password of bob", subject: "UID=bob")) == Self.accepted)
        }
    }

    @Test func emptyPasswordNeverBindsThoughTheDirectoryWouldTakeIt() async throws {
        let server = try await DirectoryServer.shared()
        for rest in [DirectoryServer.named, server.searching("bind")] {
            let source = try server.source(rest)
            for challenge in ["", "\0", "password of alice\0"] {
                #expect(Self.isReject(await source.judge(try question(challenge))))
            }
        }
        // Nor does the session take one, whoever asks it; the directory itself does, as a client without qualms finds out.
        let settings = try directorySettings(
            #"{"mode":"bind","url":"ldap://127.0.0.1:\#(server.port)","allowInsecure":true,"bindDN":"uid=${csr.subject.UID}"}"#
        )
        let answer = await DirectoryPool().run(within: .seconds(30)) { _, job in
            let outcomes = [[], [0]].map { (password: [UInt8]) -> Bool in
                let session = try? DirectorySession(settings, for: job)
                let dn = "uid=alice,ou=people,dc=example"
                return (try? session?.bind(dn, password: password, until: job.deadline)) == .accepted
            }
            return outcomes.contains(true) ? Self.accepted : .notMine
        }
        #expect(answer == .notMine)
        let whoami = Process()
        whoami.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        whoami.arguments = [
            "python3", "-c",
            """
            import socket
            dn = b"uid=alice,ou=people,dc=example"
            op = b"\\x02\\x01\\x03\\x04" + bytes([len(dn)]) + dn + b"\\x80\\x00"
            op = b"\\x02\\x01\\x01\\x60" + bytes([len(op)]) + op
            s = socket.create_connection(("127.0.0.1", \(server.port)))
            s.sendall(b"\\x30" + bytes([len(op)]) + op)
            raise SystemExit(s.recv(100)[9])
            """,
        ]
        try whoami.run()
        whoami.waitUntilExit()
        #expect(whoami.terminationStatus == 0)
    }

    @Test func nobodyIsAskedAsADeviceInADryRun() async throws {
        let server = try await DirectoryServer.shared()
        for rest in [DirectoryServer.named, server.searching("bind")] {
            for challenge in ["password of alice", "wrong"] {
                let answer = await (try server.source(rest)).judge(try question(challenge, isDryRun: true))
                #expect(answer == .unavailable("not asked in a dry run"))
            }
        }
        // A search counts no guess.
        let source = try server.source(server.searching("lookup", rest: #","attribute":"employeeNumber""#))
        #expect(await source.judge(try question("code-42", isDryRun: true)) == Self.accepted)
    }

    @Test func attributesOfTheEntryAreKeptForTemplates() async throws {
        let server = try await DirectoryServer.shared()
        let rest = #","attributes":["mail","departmentNumber","title"]"#
        for (source, challenge) in [
            (try server.source(DirectoryServer.named + rest), "password of alice"),
            (try server.source(server.searching("bind", rest: rest)), "password of alice"),
            (try server.source(server.searching("lookup", rest: rest + #","attribute":"employeeNumber""#)), "code-42"),
        ] {
            guard case .accept(_, let attributes, .unknown) = await source.judge(try question(challenge)) else {
                Issue.record("not accepted")
                continue
            }
            #expect(
                attributes.values == [
                    "directory.mail": ["alice@example"], "directory.departmentNumber": ["7", "8"],
                ]
            )
        }
    }

    // MARK: - Look-ups

    @Test func valueOfTheEntryIsAcceptedAndNoOther() async throws {
        let server = try await DirectoryServer.shared()
        for rest in [
            server.searching("lookup", rest: #","attribute":"employeeNumber""#),
            server.searching("lookup", "(&(uid=${csr.subject.UID})(employeeNumber=${challenge}))"),
        ] {
            let source = try server.source(rest)
            #expect(await source.judge(try question("code-42")) == Self.accepted)
            for challenge in ["code-43", "code-4", "code-422", "*", "code-*", "code-42)(uid=*"] {
                #expect(await source.judge(try question(challenge)) != Self.accepted, "\(challenge)")
            }
        }
    }

    @Test func searchReachesAsFarAsItsScopeAndNeedsWhatIsThere() async throws {
        let server = try await DirectoryServer.shared()
        let rest = #","attribute":"employeeNumber""#
        let people = server.searching("lookup", rest: rest + #","scope":"one""#)
            .replacing(#""base":"dc=example""#, with: #""base":"ou=people,dc=example""#)
        #expect(await (try server.source(people)).judge(try question("code-42")) == Self.accepted)
        let above = server.searching("lookup", rest: rest + #","scope":"one""#)
        #expect(await (try server.source(above)).judge(try question("code-42")) == .notMine)
        for (settings, word) in [
            (server.searching("lookup", "(uid=${csr.subject.UID}", rest: rest), "malformed"),
            (
                server.searching("lookup", rest: rest).replacing("dc=example\",\"filter", with: "dc=no\",\"filter"),
                "No such object"
            ),
        ] {
            let answer = await (try server.source(settings)).judge(try question("code-42"))
            #expect(Self.unavailability(answer)?.contains(word) == true, "\(answer)")
        }
    }

    @Test func entryThatIsNotThereIsNotItsOwn() async throws {
        let server = try await DirectoryServer.shared()
        let nobody = try question("password of alice", subject: "UID=nobody")
        #expect(await (try server.source(server.searching("bind"))).judge(nobody) == .notMine)
        #expect(Self.isReject(await (try server.source(DirectoryServer.named)).judge(nobody)))
    }

    @Test func twoEntriesAreNoEntry() async throws {
        let server = try await DirectoryServer.shared()
        let filter = "(mail=${csr.san.email})"
        let source = try server.source(server.searching("lookup", filter, rest: #","attribute":"employeeNumber""#))
        let answer = await source.judge(try question("code-44", email: ["twin@example"]))
        guard case .reject(.challengeUnknown, let detail) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(detail == "more than one entry fits (mail=twin@example)")
        // The connection that was left in the middle is not used for the next question.
        #expect(await source.judge(try question("code-42", email: ["alice@example"])) == Self.accepted)
    }

    @Test func requestHasToNameExactlyOneEntry() async throws {
        let server = try await DirectoryServer.shared()
        let source = try server.source(server.searching("bind"))
        for subject in ["CN=alice", "UID=alice,UID=bob", "UID=" + String(repeating: "a", count: 257)] {
            #expect(
                Self.isReject(await source.judge(try question("password of alice", subject: subject))),
                "\(subject)"
            )
        }
    }

    // MARK: - Injection

    @Test(arguments: [
        "*", "ali*", "*)(uid=*", "alice)(|(uid=*", "alice)(userPassword=*", "\\\\2a", "alice\\00", "\\00",
        "alice\\,ou=people",
        "alice\\+cn=x", "\\\"alice\\\"", "\\#616c696365", "alice\\0A", "(uid=alice)", "&", "|", "!",
    ])
    func valueCanNotBecomeMoreThanAValue(value: String) async throws {
        let server = try await DirectoryServer.shared()
        let subject = "UID=\(value)"
        let sources = [
            try server.source(DirectoryServer.named), try server.source(server.searching("bind")),
            try server.source(server.searching("lookup", rest: #","attribute":"employeeNumber""#)),
            try server.source(
                server.searching(
                    "lookup",
                    "(|(cn=${csr.subject.UID})(uid=${csr.subject.UID}))",
                    rest: #","attribute":"sn""#
                )
            ),
        ]
        for source in sources {
            for challenge in ["password of alice", "code-42", "Person"] {
                let answer = await source.judge(try question(challenge, subject: subject))
                #expect(answer == .notMine || Self.isReject(answer), "\(answer)")
            }
        }
    }

    @Test func oddNamesAreFoundWhereTheyAreMeant() async throws {
        let server = try await DirectoryServer.shared()
        for (subject, name) in [("m\u{FC}ller", "m\u{FC}ller"), (#"a*b(c)\\d\,e"#, #"a*b(c)\d,e"#)] {
            for rest in [DirectoryServer.named, server.searching("bind")] {
                let source = try server.source(rest)
                #expect(
                    await source.judge(try question("password of \(name)", subject: "UID=\(subject)")) == Self.accepted
                )
            }
        }
    }

    @Test func valuesAreEscapedByteByByte() {
        #expect(DirectoryText.escapedForFilter("a*(\\)\0\u{E9}.@-_") == "a\\2a\\28\\5c\\29\\00\\c3\\a9.@-_")
        #expect(DirectoryText.escapedForName("a,+\"\\<>;= #") == "a\\2c\\2b\\22\\5c\\3c\\3e\\3b\\3d\\20\\23")
    }

    // MARK: - Trust

    @Test(arguments: [DirectoryServer.Way.tls, .startTLS])
    func directoryWithAnotherNameOrRootIsNotTrusted(way: DirectoryServer.Way) async throws {
        let server = try await DirectoryServer.shared()
        let other = try await DirectoryServer(name: "DNS:other.example")
        defer { try? other.stop() }
        // The right root and the wrong name; the right name and the wrong root.
        for source in [
            try other.source(DirectoryServer.named, way),
            try server.source(DirectoryServer.named, way, roots: other.roots),
            try server.source(server.searching("bind"), way, roots: other.roots),
        ] {
            let answer = await source.judge(try question("password of alice"))
            #expect(Self.unavailability(answer)?.hasPrefix("no TLS that can be trusted") == true, "\(answer)")
        }
        let rootless = try server.source(DirectoryServer.named, way, roots: "/nowhere")
        let answer = await rootless.judge(try question("password of alice"))
        #expect(Self.unavailability(answer) == "the file '/nowhere' can't be read")
    }

    @Test func accountThatIsRefusedOrHasNoPasswordIsNotTheDevicesFault() async throws {
        let server = try await DirectoryServer.shared()
        for (file, word) in [("wrong", "refuses the account"), ("missing", "can't be read")] {
            try server.openssl.write("wrong", "not of the account".utf8)
            let rest = server.searching("bind").replacing("/account\"}", with: "/\(file)\"}")
            let answer = await (try server.source(rest)).judge(try question("password of alice"))
            #expect(Self.unavailability(answer)?.contains(word) == true, "\(answer)")
        }
    }
}
