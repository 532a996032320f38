// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

/// `sceptic registration` at the command line.
@Suite struct RegistrationCommandTests {
    private static func rows(_ state: String) async throws -> [[String: Any]] {
        let run = try await Sceptic.run("registration", "list", "--data", state, "--json")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    }

    private static func attempt(
        _ state: String,
        _ arguments: String...,
        input: String = ""
    ) async throws
        -> Sceptic.Run
    {
        try await Sceptic.attempt(["registration"] + arguments + ["--data", state], input: input)
    }

    @Test func registersShowsRevokesAndRegistersNobodyTwice() async throws {
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        try await Sceptic.initialise(state)
        let made = try await Self.attempt(
            state,
            "new",
            "printer-17",
            "--san",
            "dns:printer-17.example",
            "--attribute",
            "site=berlin",
            "--uses",
            "many",
            "--expires",
            "2099-12-31"
        )
        #expect(made.status == 0)
        #expect(made.firstLine.count == 32)
        let given = try await Self.attempt(state, "new", "printer-18", "--secret-file", "-", input: "given secret\n")
        #expect(given.status == 0)
        #expect(given.output.isEmpty)
        let short = try await Self.attempt(state, "new", "printer-19", "--secret-file", "-", input: "short\n")
        #expect(short.status == 64)
        let again = try await Self.attempt(state, "new", "PRINTER-17")
        #expect(again.status == 73)
        #expect(again.errors.contains("'PRINTER-17' is registered already."))
        let shown = try await Self.attempt(state, "show", "Printer-17")
        #expect(shown.output.contains("\"registration.site\": ["))
        #expect(shown.output.contains("dns:printer-17.example"))
        #expect(!shown.output.contains(made.firstLine))
        #expect(try await Self.attempt(state, "unlock", "printer-17").status == 73)
        #expect(try await Self.attempt(state, "revoke", "printer-17").status == 0)
        #expect(try await Self.attempt(state, "revoke", "printer-17").status == 73)
        #expect(try await Self.attempt(state, "show", "nobody").status == 73)
        #expect(try await Self.rows(state).compactMap { $0["state"] as? String } == ["revoked", "open"])
    }

    @Test func importsATableAndKeepsTheSecretsThatItMakes() async throws {
        let folder = try TemporaryFolder()
        let (state, secrets) = (folder.file("state"), folder.file("secrets.csv"))
        try await Sceptic.initialise(state)
        let table = [
            "name,secret,subject,san,key-type,uses,expires,attribute.site",
            "\"first, the\",,\"CN=first,O=Example\",dns:a.example ip:192.0.2.1,rsa2048,once,2099-12-31,\"berlin\n\"\"mitte\"\"\"",
            "",
            "second,given secret,,none,,many,,",
            "",
        ].joined(separator: "\r\n")
        let missing = try await Self.attempt(state, "import", "-", input: table)
        #expect(missing.status == 64)
        #expect(missing.errors.contains("--secrets-out"))
        let run = try await Self.attempt(state, "import", "-", "--secrets-out", secrets, "--json", input: table)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("\"registered\": 2"))
        let mode = try FileManager.default.attributesOfItem(atPath: secrets)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let written = String(decoding: try folder.read("secrets.csv"), as: UTF8.self)
        #expect(written.split(separator: "\r\n").count == 2)
        #expect(written.hasPrefix("name,secret\r\n\"first, the\","))
        let secret = written.split(separator: "\r\n").last.map { String($0.suffix(32)) } ?? ""
        #expect(!(run.output + run.errors).contains(secret))
        #expect(!(run.output + run.errors).contains("given secret"))
        let rows = try await Self.rows(state).sorted { "\($0["name"] ?? "")" < "\($1["name"] ?? "")" }
        #expect(rows.compactMap { $0["name"] as? String } == ["first, the", "second"])
        #expect(rows.first?["boundNames"] as? [String] == ["dns:a.example", "ip:192.0.2.1"])
        let attributes = rows.first?["attributes"] as? [String: [String]]
        #expect(attributes == ["registration.site": ["berlin\n\"mitte\""]])
    }

    /// A table that is refused whole, and what is said of it.
    struct Wrong: Sendable, CustomTestStringConvertible {
        var table: String
        var sentence: String
        var testDescription: String { sentence }
    }

    @Test(arguments: [
        Wrong(table: "", sentence: "can't be read, or is empty."),
        Wrong(table: "secret\nabcdefgh\n", sentence: "Line 1: there is no column 'name'."),
        Wrong(table: "name,colour\n", sentence: "Line 1: the column 'colour' is not known."),
        Wrong(table: "name,name\n", sentence: "Line 1: a column stands there twice."),
        Wrong(table: "name,attribute.name\n", sentence: "Line 1: the column 'attribute.name' is not known."),
        Wrong(table: "name\na\nb,c\n", sentence: "Line 3: 2 fields under 1 headings."),
        Wrong(table: "name\na\n\"b\nb\"\nA\n", sentence: "Line 5: 'A' stands on line 2 already."),
        Wrong(table: "name\n\"a\n", sentence: "Line 2: the closing quotation mark is missing."),
        Wrong(table: "name\na\"b\n", sentence: "Line 2: a quotation mark stands inside a field that is not quoted."),
        Wrong(table: "name,secret\na,short\n", sentence: "Line 2: the secret has fewer than 8 characters."),
        Wrong(table: "name,uses\na,twice\n", sentence: "Line 2: uses is 'once' or 'many'."),
        Wrong(table: "name,key-type\na,dsa\n", sentence: "Line 2: key-type is one of"),
        Wrong(table: "name,subject\na,nonsense\n", sentence: "Line 2: The subject can't be read"),
        Wrong(table: "name,expires\na,tomorrow\n", sentence: "Line 2: expires is a day"),
        Wrong(table: "name,san\n\"\",none\n", sentence: "Line 2: the name is missing"),
        Wrong(table: "name\nfresh\nknown\n", sentence: "Line 3: 'known' is registered already."),
    ])
    func refusesAWrongTableWhole(_ wrong: Wrong) async throws {
        let folder = try TemporaryFolder()
        let (state, secrets) = (folder.file("state"), folder.file("secrets.csv"))
        try await Sceptic.initialise(state)
        try await Sceptic.run("registration", "new", "known", "--data", state)
        let run = try await Self.attempt(state, "import", "-", "--secrets-out", secrets, input: wrong.table)
        #expect(run.status == 64 || run.status == 73)
        #expect(run.errors.contains(wrong.sentence), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: secrets))
        #expect(try await Self.rows(state).count == 1)
    }

    @Test func saysHowMoreCodesMayBeOutstanding() async throws {
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        try await Sceptic.initialise(state)
        try await Sceptic.run("profile", "set", "default", "--data", state, "--maximum-outstanding-codes", "3")
        try await Sceptic.run("challenge", "new", "--data", state, "--count", "2")
        let run = try await Sceptic.attempt(["challenge", "new", "--data", state, "--count", "2"])
        #expect(run.status == 73)
        #expect(run.errors.contains("has 2 codes outstanding, and may have 3."))
        #expect(run.errors.contains("--maximum-outstanding-codes N"))
        try await Sceptic.run("challenge", "new", "--data", state, "--device", "asset 4711", "--ra-profile", "default")
        let list = try await Sceptic.run("challenge", "list", "--data", state)
        #expect(list.output.contains("RA profile default"))
    }
}
