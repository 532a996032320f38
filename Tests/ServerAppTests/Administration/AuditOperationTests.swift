// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import StrictJSON
internal import TestSupport
internal import Testing

@testable internal import ServerApp

/// The audit log as administrators see it.
@Suite struct AuditOperationTests {
    @Test func oneVerificationIsUnderWayAtATime() async throws {
        let bench = try await AdminBench()
        try await VerifyAudit.alone(bench.state.opened.folder.path) {
            let other = try await bench.ask("GET", "/audit/verification")
            #expect(other.status == 503)
            #expect(other.fields["Retry-After"] == "30")
        }
        #expect(try await bench.ask("GET", "/audit/verification").status == 200)
        #expect(VerifyAudit.takesLong && !ListAudit.takesLong)
    }

    @Test func anActThatChangesNothingLeavesNoEvent() async throws {
        let bench = try await AdminBench()
        let unknown = "00000000-0000-7000-8000-000000000000"
        #expect(try await bench.ask("DELETE", "/challenges/\(unknown)").status == 404)
        let events = try await bench.ask("GET", "/audit/events", query: "action=challenge")
        #expect(events.body["items"]?.elements.count == 0)
    }

    @Test func codesAreNowhereInTheLog() async throws {
        let bench = try await AdminBench()
        let body = #"{"profile":"default","staticName":"lab","code":"Static-Challenge-0815"}"#
        #expect(try await bench.ask("POST", "/challenges", body).status == 201)
        let log = try await bench.ask("GET", "/audit/rows", query: "limit=1000").body.written
        #expect(log.contains("challenge.new"))
        #expect(!log.contains("Static-Challenge-0815"))
    }

    @Test func pagesGiveEveryEventOnce() async throws {
        let bench = try await AdminBench()
        for _ in 0..<7 { _ = try await bench.ask("POST", "/challenges", #"{"profile":"default"}"#) }
        var (seen, next): ([JSONValue], String?) = ([], nil)
        repeat {
            let after = next.map { "&after=\($0)" } ?? ""
            let page = try await bench.ask("GET", "/audit/events", query: "limit=3&actor=test\(after)").body
            seen += page["items"]?.elements ?? []
            next = page["next"]?.text
        } while next != nil
        #expect(seen.count == 7)
        #expect(Set(seen.compactMap { $0["sequence"]?.number }).count == 7)
    }

    @Test(arguments: ["after=x", "after=1:2:3", "since=yesterday", "limit=0", "action=%00", "stray=1"])
    func nonsenseIsRefused(_ query: String) async throws {
        #expect(try await AdminBench().ask("GET", "/audit/events", query: query).status == 400)
    }

    @Test func whoMayNotReadTheLogIsTurnedAway() async throws {
        let approver = Principal(name: "a", origin: "-", roles: [.approver])
        let auditor = Principal(name: "a", origin: "-", roles: [.auditor])
        for path in ["/audit/events", "/audit/rows", "/audit/verification"] {
            #expect(try await AdminBench(as: approver).ask("GET", path).status == 403)
            #expect(try await AdminBench(as: auditor).ask("GET", path).status == 200)
        }
    }

    @Test func anExportCanBeCheckedElsewhere() async throws {
        let bench = try await AdminBench()
        for _ in 0..<5 { _ = try await bench.ask("POST", "/challenges", #"{"profile":"default"}"#) }
        try await bench.state.opened.audit.writeAuditCheckpoint(at: SystemTimeSource().now)
        var (lines, next): ([String], String?) = ([], nil)
        repeat {
            let after = next.map { "&after=\($0)" } ?? ""
            let page = try await bench.ask("GET", "/audit/rows", query: "limit=2\(after)").body
            lines += (page["items"]?.elements ?? []).map(\.written)
            next = page["next"]?.text
        } while next != nil
        func check(_ lines: [String]) throws -> AuditVerificationDocument {
            var check = try AuditExportCheck(bench.state.opened.folder)
            for line in lines { check.check(line) }
            return check.finish()
        }
        let whole = try check(lines)
        #expect(whole.inOrder, "\(whole.findings)")
        #expect(whole.events >= 6 && whole.checkpoints == 2)
        #expect(try !check(lines.map { $0.replacing(#""actor":"test""#, with: #""actor":"rest""#) }).inOrder)
        #expect(try !check(Array(lines.dropLast())).inOrder)
        #expect(try check(lines + ["{"]).findings.contains { $0.row == "line \(lines.count + 1)" })
    }
}
