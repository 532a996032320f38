// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// A section of a guide, and a server that an administrator sets up by its examples.
///
/// The examples run as they stand, but for the places and hosts that they name.
struct Guide: Sendable {
    private let section: String
    let server: Server
    let folder: TemporaryFolder
    /// What stands in the guide, and what is meant by it here.
    var substitutions: [(String, String)]

    /// The text of a page of the project's.
    static func text(of page: String) throws -> String {
        let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: project.appending(path: page), encoding: .utf8)
    }

    init(_ section: String, of page: String = "docs/challenge-sources.md") async throws {
        let text = try Self.text(of: page)
        let rest = try #require(text.components(separatedBy: "\n## \(section)\n").dropFirst().first)
        self.section = try #require(rest.components(separatedBy: "\n## ").first)
        self.folder = try TemporaryFolder()
        self.server = try await Server.start()
        self.substitutions = [("/etc/sceptic/", folder.path + "/"), ("2027-12-31", "2099-12-31")]
        try FileManager.default.createSymbolicLink(atPath: folder.file("sceptic"), withDestinationPath: Sceptic.path)
    }

    /// A block of code, the first of its language unless told otherwise.
    func block(_ language: String, _ index: Int = 0) throws -> String {
        let blocks = section.components(separatedBy: "\n```\(language)\n").dropFirst()
        let block = try #require(blocks.dropFirst(index).first?.components(separatedBy: "\n```").first)
        return substitutions.reduce(block) { $0.replacing($1.0, with: $1.1) } + "\n"
    }

    /// A command in the text that begins so.
    func command(_ beginning: String) throws -> String {
        let text = try #require(section.components(separatedBy: "`\(beginning)").dropFirst().first)
        return beginning + (try #require(text.components(separatedBy: "`").first))
    }

    /// Runs lines of the shell in the folder, with the binary in the path; all have to work.
    @discardableResult
    func shell(_ script: String, input: String = "") async throws -> String {
        let run = try await Sceptic.attempt(
            ["-c", "set -e; cd '\(folder.path)'\n\(script)"],
            input: input,
            environment: [
                "SCEPTIC_DATA": server.state,
                "PATH": folder.path + ":" + (Sceptic.cleanEnvironment["PATH"] ?? "/usr/bin:/bin"),
            ],
            program: "/bin/sh"
        )
        guard run.succeeded else { throw Sceptic.Failure(description: "\(script): \(run.status): \(run.errors)") }
        return run.output
    }

    /// Writes the block of YAML to a file, applies it by the given commands, and waits until a profile is served.
    func apply(
        _ file: String = "profiles.yaml",
        by commands: String = "sceptic profile apply -f profiles.yaml",
        input: String = "",
        serving profile: String
    ) async throws {
        try folder.write(file, Array(try block("yaml").utf8))
        try await shell(commands, input: input)
        try await server.servesSoon(profile, within: 5)
    }

    /// The commands of a block that shows prompts.
    func commands() throws -> String {
        try block("console").split(separator: "\n").filter { $0.hasPrefix("$ ") }.map { $0.dropFirst(2) }
            .joined(separator: "\n")
    }

    /// The lines of a file that a command wrote.
    func lines(_ file: String) throws -> [String] {
        String(decoding: try folder.read(file), as: UTF8.self).split { $0.isNewline }.map(String.init)
    }

    /// Asks for a certificate.
    func ask(
        _ profile: String,
        _ challenge: String?,
        _ transactionID: String,
        subject: String,
        names: [[UInt8]] = [],
        isOther: Bool = false
    ) async throws -> HTTPReply {
        let key = isOther ? try TestKeys.other : try TestKeys.client
        let device = try await Device("device", key: key, of: server, path: "/scep/\(profile)")
        let message = try device.message(challenge, transactionID) {
            $0.subject = try Self.name(subject)
            if !names.isEmpty { $0.attributes.append(Self.extensions(names)) }
        }
        return try await server.post(message, "/scep/\(profile)?operation=PKIOperation")
    }

    /// Asks, and expects a certificate and a line in the trace.
    func expectAccepted(
        _ profile: String,
        _ challenge: String?,
        _ transactionID: String,
        subject: String,
        names: [[UInt8]] = [],
        says text: String
    ) async throws {
        let reply = try await ask(profile, challenge, transactionID, subject: subject, names: names)
        let explanation = try await server.explanation(transactionID)
        #expect(reply.isSuccess, "\(explanation)")
        #expect(explanation.contains(text), "\(explanation)")
    }

    /// Asks, and expects the one uniform failure and what is told of it in the trace.
    func expectRefused(
        _ profile: String,
        _ challenge: String?,
        _ transactionID: String,
        subject: String,
        names: [[UInt8]] = [],
        isOther: Bool = false,
        says texts: String...
    ) async throws {
        let reply = try await ask(
            profile,
            challenge,
            transactionID,
            subject: subject,
            names: names,
            isOther: isOther
        )
        #expect(try reply.certRep == Failure.uniform)
        let explanation = try await server.explanation(transactionID)
        for text in texts { #expect(explanation.contains(text), "\(explanation)") }
        if let challenge { #expect(!explanation.contains(challenge)) }
    }

    /// What `sceptic request try` says of a request with a challenge, and its exit code.
    func tried(_ profile: String, _ challenge: String, subject: String) async throws -> (status: Int32, text: String) {
        var request = HandMadeRequest("device", key: try TestKeys.client)
        request.subject = try Self.name(subject)
        try folder.write("tried.csr", try request.der())
        let run = try await Sceptic.attempt(
            [
                "request", "try", "--data", server.state, "--csr", folder.file("tried.csr"), "--profile", profile,
                "--challenge-file", "-",
            ],
            input: challenge
        )
        return (run.status, run.output + run.errors)
    }

    private static func name(_ text: String) throws -> [UInt8] { try Name(text).der }

    /// An extensionRequest for alternative names.
    static func extensions(_ names: [[UInt8]]) -> [UInt8] {
        let value = TLV.encode(0x30, names.flatMap(\.self))
        let names = HandMadeCertificate.extension([UInt8](hex: "0603551d11"), value)
        return TLV.attribute([UInt8](hex: "06092a864886f70d01090e"), TLV.sequence(names))
    }

    /// A dNSName.
    static func dns(_ name: String) -> [UInt8] { TLV.encode(0x82, Array(name.utf8)) }
}
