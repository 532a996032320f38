// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

/// The examples of `docs/challenge-sources.md`: what an administrator copies from it works as it says.
@Suite struct ChallengeGuideTests {
    @Test func codesOfThisServerAreGoodForWhatTheyAreBoundTo() async throws {
        let guide = try await Guide("Codes of this server: one-time and static")
        try await guide.apply(serving: "phones")
        // One line after the other, since two of them write the same file.
        let lines = try guide.block("sh").split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        try await guide.shell(lines[0])
        let bound = try #require(try guide.lines("code").first)
        try await guide.shell(lines[1])
        let named = try #require(try guide.lines("code").first)
        try await guide.shell(lines[2])
        let many = try guide.lines("codes")
        #expect(many.count == 50)
        #expect(try await guide.shell(lines[3]).contains("RA profile default"))

        try await guide.expectRefused(
            "phones",
            bound,
            "c-1",
            subject: "CN=phone-18",
            says: "=> challenge.identity",
            "phone-17"
        )
        let tried = try await guide.tried("phones", bound, subject: "CN=phone-17")
        #expect(tried.status == 0, "\(tried.text)")
        try await guide.expectAccepted(
            "phones",
            bound,
            "c-2",
            subject: "CN=phone-17",
            says: "accepted by stored challenges"
        )
        try await guide.expectRefused(
            "phones",
            bound,
            "c-3",
            subject: "CN=phone-17",
            isOther: true,
            says: "=> challenge.used"
        )
        try await guide.expectAccepted("phones", named, "c-4", subject: "CN=any", says: "accepted by stored challenges")
        try await guide.expectAccepted(
            "phones",
            many[49],
            "c-5",
            subject: "CN=a",
            says: "accepted by stored challenges"
        )
        try await guide.expectRefused("phones", "mistyped", "c-6", subject: "CN=a", says: "=> challenge.unknown")
    }

    @Test func staticCodesAreChangedWithoutAnOutage() async throws {
        var guide = try await Guide("Codes of this server: one-time and static")
        try await guide.apply(serving: "phones")
        try await guide.shell("sceptic challenge new --static 2026 --profile phones >old-code")
        let list = try await guide.shell("sceptic challenge list --profile phones --json")
        let rows = try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: String]]
        guide.substitutions.append((" ID ", " \(try #require(rows?.first?["id"])) "))
        let lines = try guide.block("sh", 1).split(separator: "\n").map(String.init)
        try await guide.shell(lines.dropLast().joined(separator: "\n"))
        let (old, new) = (
            try #require(try guide.lines("old-code").first), try #require(try guide.lines("new-code").first)
        )
        for (index, code) in [old, new, new].enumerated() {
            try await guide.expectAccepted(
                "phones",
                code,
                "s-\(index)",
                subject: "CN=s\(index)",
                says: "accepted by stored challenges"
            )
        }
        try await guide.shell(try #require(lines.last))
        try await guide.expectRefused("phones", old, "s-4", subject: "CN=s4", says: "=> challenge.revoked")
        try await guide.expectAccepted("phones", new, "s-5", subject: "CN=s5", says: "accepted by stored challenges")
    }

    @Test func registeredDevicesHaveTheirOwnSecrets() async throws {
        let guide = try await Guide("Registered devices")
        try await guide.apply(serving: "printers")
        try guide.folder.write("given.txt", Array("a given secret\n".utf8))
        try guide.folder.write("printers.csv", Array(try guide.block("csv").utf8))
        let listed = try await guide.shell(try guide.block("sh"))
        for number in 17...20 { #expect(listed.contains("printer-\(number)")) }
        let secret = try #require(try guide.lines("secret").first)

        let tried = try await guide.tried("printers", secret, subject: "CN=printer-17")
        #expect(tried.status == 0, "\(tried.text)")
        try await guide.expectAccepted(
            "printers",
            secret,
            "r-1",
            subject: "CN=printer-17",
            says: "accepted by registered devices"
        )
        try await guide.expectRefused(
            "printers",
            secret,
            "r-2",
            subject: "CN=printer-17",
            isOther: true,
            says: "=> challenge.used",
            "'printer-17' is registered for one certificate"
        )
        try await guide.expectAccepted(
            "printers",
            "a given secret",
            "r-3",
            subject: "CN=PRINTER-18",
            names: [Guide.dns("printer-18.example")],
            says: "accepted by registered devices"
        )
        let made = try #require(try guide.lines("secrets.csv").first { $0.hasPrefix("printer-19,") }).dropFirst(11)
        try await guide.expectAccepted(
            "printers",
            String(made),
            "r-4",
            subject: "CN=printer-19,O=Example",
            names: [Guide.dns("printer-19.example")],
            says: "accepted by registered devices"
        )
        try await guide.expectRefused(
            "printers",
            secret,
            "r-5",
            subject: "CN=nobody",
            says: "not known to registered devices"
        )
        for guess in 1...10 {
            try await guide.expectRefused(
                "printers",
                "wrong secret \(guess)",
                "g-\(guess)",
                subject: "CN=printer-20",
                says: guess < 10 ? "not the secret of 'printer-20': guess \(guess) of 10" : "which is locked now",
                "=> challenge.unknown"
            )
        }
        try await guide.expectRefused(
            "printers",
            "jzQ4mk2pTTnH",
            "r-6",
            subject: "CN=printer-20",
            says: "'printer-20' is locked",
            "=> registration.locked"
        )
        try await guide.shell(
            try guide.command("sceptic registration unlock").replacing("printer-17", with: "printer-20")
        )
        try await guide.expectAccepted(
            "printers",
            "jzQ4mk2pTTnH",
            "r-7",
            subject: "CN=printer-20",
            says: "accepted by registered devices"
        )
    }

    @Test func programSaysWhichChallengesAreGood() async throws {
        var guide = try await Guide("A program")
        let program = guide.folder.file("verify-device")
        guide.substitutions.append(("/usr/local/libexec/verify-device", program))
        try guide.folder.write("verify-device", Array(try guide.block("sh").utf8))
        try guide.folder.write("challenges", Array("first challenge\nsecond\n".utf8))
        try await guide.shell("chmod 0755 verify-device")
        try await guide.apply(serving: "phones")
        let tried = try await guide.tried("phones", "second", subject: "CN=p")
        #expect(tried.status == 1 && tried.text.contains("not asked in a dry run"), "\(tried.text)")
        try await guide.expectAccepted("phones", "second", "p-1", subject: "CN=p", says: "accepted by program 'verify'")
        try await guide.expectRefused(
            "phones",
            "third",
            "p-2",
            subject: "CN=p",
            says: "=> challenge.refused",
            "the challenge is not in the list"
        )
        try FileManager.default.removeItem(atPath: program)
        try await guide.expectRefused("phones", "second", "p-3", subject: "CN=p", says: "=> challenge.unavailable")
    }
}
