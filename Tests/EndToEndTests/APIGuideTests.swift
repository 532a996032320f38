// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Foundation
internal import Testing

/// The examples of `docs/api.md`, which run as they stand but for the server's address.
@Suite struct APIGuideTests {
    private static let page = "docs/api.md"

    private static func guide(_ section: String) async throws -> (guide: Guide, first: String) {
        var guide = try await Guide(section, of: page)
        guide.substitutions.append(("127.0.0.1:9090", "127.0.0.1:\(guide.server.adminPort)"))
        let first = try Guide.text(of: page).components(separatedBy: "\n```sh\n")[1]
            .components(separatedBy: "\n```")[0]
        return (guide, guide.substitutions.reduce(first) { $0.replacing($1.0, with: $1.1) } + "\n")
    }

    @Test func theServerSaysWhomItTakesOneFor() async throws {
        let (guide, first) = try await Self.guide("First steps")
        #expect(try await guide.shell(first + guide.block("sh")).contains("token:guide"))
        #expect(try await guide.shell(first + guide.block("sh", 1)).hasPrefix("ID "))
    }

    @Test func aCodeIsMadeOnceAndGoodForItsDevice() async throws {
        let (guide, first) = try await Self.guide("A code for each device")
        try await guide.shell(first + guide.block("sh"))
        let code = try #require(try guide.lines("code").first)
        // Another token is somebody else, to whom the key says nothing: this has to be the same one.
        let list = try await guide.shell(first + guide.block("sh") + guide.block("sh") + guide.block("sh", 1))
        #expect(list.split(separator: "\n").count == 2, "\(list)")
        #expect(list.contains("open\tCN=phone-17"))
        try await guide.expectAccepted("default", code, "api-1", subject: "CN=phone-17", says: "accepted")
    }

    @Test func aListIsReadPageByPage() async throws {
        let (guide, first) = try await Self.guide("Lists")
        let codes = try await guide.server.codes(3)
        for (index, code) in codes.enumerated() {
            try await guide.expectAccepted("default", code, "l-\(index)", subject: "CN=l-\(index)", says: "accepted")
        }
        let pages = try guide.block("sh").replacing("limit=100", with: "limit=2")
        let list = try await guide.shell(first + pages)
        #expect(list.split(separator: "\n").map { $0.split(separator: "\t").last } == ["CN=l-0", "CN=l-1", "CN=l-2"])
    }

    @Test func whatIsWrongIsNamed() async throws {
        let (guide, first) = try await Self.guide("When something is wrong")
        let answer = try await guide.shell(first + guide.block("sh"))
        #expect(answer.contains(#""pointer":"/count""#), "\(answer)")
        let page = try Guide.text(of: Self.page)
        for code in ProblemCode.allCases {
            #expect(page.contains("`\(code.rawValue)`") && page.contains("\(code.status)"), "\(code.rawValue)")
        }
    }

    @Test func whoKnewAnOlderProfileChangesNothing() async throws {
        let (guide, first) = try await Self.guide("Two people, one profile")
        let script = first + (try guide.block("sh"))
        #expect(try await guide.shell(script) == "2\n")
        // The tag that was read before is old by now.
        let change = try #require(script.components(separatedBy: "\ncurl -sS -X PATCH").last)
        let again =
            script.replacing("\"needed\": 2", with: "\"needed\": 3") + "curl -sS -X PATCH"
            + change.replacing(" | jq .approvers.needed", with: "")
        #expect(try await guide.shell(again).contains("changed-meanwhile"))
    }
}
