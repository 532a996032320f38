// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Testing
import Yams

@testable import Connectors

/// The examples of `docs/challenge-sources.md`.
@Suite struct GuideTests {
    private struct Profile: Decodable {
        var challengeSources: [ChallengeSourceSettings]?
        var authorizedSigners: [AuthorizedSigner]?
    }

    private struct Configuration: Decodable {
        var scepProfiles: [String: Profile]
    }

    /// The first block of YAML in a section.
    private func example(_ section: String) throws -> String {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/challenge-sources.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let rest = try #require(text.components(separatedBy: "\n## \(section)\n").dropFirst().first)
        let body = try #require(rest.components(separatedBy: "\n## ").first)
        let block = try #require(body.components(separatedBy: "```yaml\n").dropFirst().first)
        return try #require(block.components(separatedBy: "```").first)
    }

    @Test func exampleOfADirectoryWorks() async throws {
        let server = try await DirectoryServer.shared()
        let yaml = try example("A directory")
            .replacing(
                "ldaps://ldap.example.com",
                with: "ldaps://127.0.0.1:\(server.tlsPort)\n        roots: \(server.roots)"
            )
            .replacing("/etc/sceptic/ldap.password", with: server.passwordFile)
            .replacing("dc=example,dc=com", with: "dc=example")
        let profiles = try YAMLDecoder().decode(Configuration.self, from: yaml).scepProfiles
        guard case .directory(let settings) = profiles["staff"]?.challengeSources?.first else {
            Issue.record("no directory in it")
            return
        }
        let source = DirectoryChallengeSource(settings)
        guard case .accept(_, let attributes, .unknown) = await source.judge(try question("password of alice")) else {
            Issue.record("not accepted")
            return
        }
        #expect(attributes.values["directory.mail"] == ["alice@example"])
    }

    @Test func exampleOfAnAuthorisedSignerIsRead() throws {
        let profiles = try YAMLDecoder().decode(Configuration.self, from: try example("An authorised signer"))
            .scepProfiles
        let rule = try #require(profiles["byod"]?.authorizedSigners?.first)
        #expect(rule.identity == .issued(through: "proxies", subject: "CN=ise.example.com,O=Example"))
        #expect(Set(rule.names.keys) == ["csr.subject.CN", "csr.subject.OU", "csr.san.dns"])
        #expect(rule.challenge == .waived)
        #expect(profiles["proxies"] != nil)
    }
}
