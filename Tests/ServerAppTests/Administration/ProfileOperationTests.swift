// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import Foundation
internal import StrictJSON
internal import Testing

@testable internal import ServerApp

@Suite struct ProfileOperationTests {
    @Test func profilesAreMadeShownChangedReplacedAndDeleted() async throws {
        let bench = try await AdminBench()
        let made = try await bench.ask(
            "POST",
            "/profiles",
            #"{"name":"phones","raProfile":"default","aliases":["tel"]}"#
        )
        #expect(made.status == 201)
        #expect(made.body["served"] == .boolean(true))
        #expect(made.body["version"] == .integer(1))
        #expect(made.body["approvalDays"] == .integer(14))
        #expect(try await bench.ask("POST", "/profiles", #"{"name":"phones"}"#).status == 409)

        let set = try await bench.ask(
            "PATCH",
            "/profiles/phones",
            #"{"renewal":{"graceDays":7},"approvalDays":3,"maximumClockSkew":60}"#
        )
        #expect(set.status == 200)
        #expect(set.body["renewal"]?["graceDays"] == .integer(7))
        #expect(set.body["renewal"]?["window"] == .string("always"))
        #expect(set.body["aliases"] == .array([.string("tel")]))
        // Null is the default.
        let unset = try await bench.ask(
            "PATCH",
            "/profiles/phones",
            #"{"renewal":{"graceDays":null},"maximumClockSkew":null,"approvalDays":null}"#
        )
        #expect(unset.body["renewal"]?["graceDays"] == .integer(0))
        #expect(unset.body["maximumClockSkew"] == nil)
        #expect(unset.body["approvalDays"] == .integer(14))

        #expect(try await bench.ask("POST", "/profiles/phones/disable").body["enabled"] == .boolean(false))
        let replaced = try await bench.ask("PUT", "/profiles/phones", #"{"raProfile":"default"}"#)
        #expect(replaced.body["aliases"] == .array([]))
        #expect(replaced.body["enabled"] == .boolean(false))
        #expect(replaced.body["reason"] == .string("it is disabled"))
        #expect(try await bench.ask("POST", "/profiles/phones/enable").body["served"] == .boolean(true))
        #expect(try await bench.ask("DELETE", "/profiles/phones").status == 204)
        for (method, path, body) in [
            ("GET", "/profiles/phones", nil), ("DELETE", "/profiles/phones", nil), ("PUT", "/profiles/phones", "{}"),
            ("PATCH", "/profiles/phones", "{}"), ("POST", "/profiles/phones/enable", nil),
        ] {
            #expect(try await bench.ask(method, path, body).status == 404, "\(method)")
        }
    }

    @Test func registrationProfilesAreTheSame() async throws {
        let bench = try await AdminBench()
        let made = try await bench.ask("POST", "/ra-profiles", #"{"name":"vpn","template":{"validityHours":12}}"#)
        #expect(made.status == 201)
        #expect(made.body["template"]?["validityHours"] == .integer(12))
        // Two answers to one question.
        let both = try await bench.ask("PATCH", "/ra-profiles/vpn", #"{"template":{"validityDays":1}}"#)
        #expect(both.status == 422)
        #expect(both.body["violations"]?.elements.first?["pointer"] == .string("/template"))
        let days = try await bench.ask(
            "PATCH",
            "/ra-profiles/vpn",
            #"{"template":{"validityDays":1,"validityHours":null}}"#
        )
        #expect(days.body["template"]?["validityDays"] == .integer(1))
    }

    @Test func listsAreReadPageByPage() async throws {
        let bench = try await AdminBench()
        for name in ["c", "a", "b"] { _ = try await bench.ask("POST", "/ra-profiles", #"{"name":"\#(name)"}"#) }
        var names: [String] = []
        var query = "limit=2"
        for _ in 0..<3 {
            let page = try await bench.ask("GET", "/ra-profiles", query: query).body
            names += page["items"]?.elements.compactMap { $0["name"]?.text } ?? []
            guard let next = page["next"]?.text else { break }
            query = "limit=2&after=\(next)"
        }
        #expect(names == ["a", "b", "c", "default"])
    }

    @Test func whoReadsBeforeSomebodyElseChangesHearsOfIt() async throws {
        let bench = try await AdminBench()
        let tag = try #require(try await bench.ask("GET", "/profiles/default").fields["ETag"])
        func field(_ tag: String) -> [(name: String, value: String)] {
            [("content-type", "application/json"), ("if-match", tag)]
        }
        let first = try await bench.ask("PATCH", "/profiles/default", #"{"approvalDays":3}"#, fields: field(tag))
        #expect(first.status == 200)
        let next = try #require(first.fields["ETag"])
        #expect(next != tag)
        for (method, path, body) in [
            ("PATCH", "/profiles/default", #"{"approvalDays":4}"#), ("PUT", "/profiles/default", "{}"),
            ("POST", "/profiles/default/disable", "{}"), ("POST", "/profiles/default/enable", "{}"),
            ("DELETE", "/profiles/default", nil),
        ] {
            let second = try await bench.ask(method, path, body, fields: field(tag))
            #expect(second.status == 412, "\(method)")
            #expect(second.body["code"] == .string("changed-meanwhile"))
        }
        #expect(try await bench.ask("GET", "/profiles/default").body["approvalDays"] == .integer(3))
        #expect(try await bench.ask("DELETE", "/profiles/default", fields: [("if-match", next)]).status == 204)
        // One that was made anew is another one, though it counts from 1 as well.
        let anew = try await bench.ask("POST", "/profiles", #"{"name":"default","raProfile":"default"}"#)
        #expect(anew.body["version"] == .integer(1))
        #expect(anew.fields["ETag"] != tag)
    }

    @Test func changesOfDifferentSettingsAtTheSameTimeAreBothMade() async throws {
        let bench = try await AdminBench()
        for name in ["a", "b", "c"] {
            _ = try await bench.ask("POST", "/profiles", #"{"name":"\#(name)","raProfile":"default"}"#)
        }
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for name in ["a", "b", "c"] {
                group.addTask { try await bench.ask("PATCH", "/profiles/\(name)", #"{"approvalDays":5}"#).status }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses == [200, 200, 200])
        for name in ["a", "b", "c"] {
            #expect(try await bench.ask("GET", "/profiles/\(name)").body["approvalDays"] == .integer(5))
        }
    }

    @Test(
        arguments: [
            ("POST", "/profiles", #"{"name":"Phones"}"#, 400, "/name"),
            ("POST", "/profiles", #"{"name":"cgi-bin","raProfile":"default"}"#, 422, nil),
            ("POST", "/profiles", #"{"name":"a","aproval":"all"}"#, 400, "/aproval"),
            ("POST", "/profiles", #"{"name":"a","approvalDays":"3"}"#, 400, "/approvalDays"),
            ("POST", "/profiles", #"{"name":"a","raProfile":null}"#, 400, "/raProfile"),
            ("POST", "/profiles", #"{"name":"a","raProfile":"absent"}"#, 409, "/raProfile"),
            ("POST", "/profiles", #"{"name":"a","renewal":{"window":"0%"}}"#, 422, "/renewal/window"),
            (
                "POST", "/profiles", #"{"name":"a","challengeSources":[{"type":"stored","url":"x"}]}"#, 400,
                "/challengeSources/0/url"
            ),
            (
                "POST", "/profiles", #"{"name":"a","challengeSources":[{"type":"none"}]}"#, 400,
                "/challengeSources/0/type"
            ),
            (
                "POST", "/profiles",
                #"{"name":"a","challengeSources":[{"type":"webhook","url":"https://u:p@a.example","secret":{"file":"/a"}}]}"#,
                422, "/challengeSources/0/url"
            ),
            (
                "POST", "/profiles",
                #"{"name":"a","challengeSources":[{"type":"webhook","url":"https://a.example","secret":"hunter2"}]}"#,
                400,
                "/challengeSources/0/secret"
            ),
            (
                "POST", "/profiles",
                #"{"name":"a","challengeSources":[{"type":"token","secret":{"file":"/a","environment":"B"}}]}"#, 422,
                "/challengeSources/0/secret"
            ),
            ("POST", "/profiles", #"{"name":"a","challengeSources":[]}"#, 422, nil),
            ("POST", "/profiles", #"{"name":"a","approval":"rules"}"#, 422, "/approval"),
            ("POST", "/profiles", #"{"name":"a","aliases":["b","b"]}"#, 422, nil),
            ("POST", "/ra-profiles", #"{"name":"a","template":{"subject":5}}"#, 400, "/template/subject"),
            ("POST", "/ra-profiles", #"{"name":"a","template":{"subject":"nonsense"}}"#, 422, "/template/subject"),
            ("POST", "/ra-profiles", #"{"name":"a","template":{"names":["dns:${nothing"]}}"#, 422, "/template/names/0"),
            (
                "POST", "/ra-profiles", #"{"name":"a","template":{"extendedKeyUsages":["anyExtendedKeyUsage"]}}"#, 422,
                nil
            ),
            ("POST", "/ra-profiles", #"{"name":"a","issuer":"absent"}"#, 409, "/issuer"),
            ("POST", "/ra-profiles", #"{"name":"a","duplicates":{"graceDays":3}}"#, 422, "/duplicates/graceDays"),
            ("PATCH", "/profiles/default", #"{"renewal":{"graceDays":-1}}"#, 400, "/renewal/graceDays"),
            ("PATCH", "/profiles/default", #"{"name":"b"}"#, 400, nil),
            ("PATCH", "/profiles/default", #"{"enabled":null}"#, 400, "/enabled"),
            ("DELETE", "/ra-profiles/default", nil, 409, nil),
            ("POST", "/profile-file", #"{"document":"scepProfiles: ["}"#, 422, nil),
            ("POST", "/profile-file", #"{"document":"scepProfiles: {}","prune":true}"#, 409, nil),
        ] as [(String, String, String?, Int, String?)]
    )
    func nonsenseIsRefusedWithItsPlace(
        _ method: String,
        _ path: String,
        _ body: String?,
        _ status: Int,
        _ pointer: String?
    ) async throws {
        let answer = try await AdminBench().ask(method, path, body)
        #expect(answer.status == status, "\(answer.body.written)")
        if let pointer {
            #expect(answer.body["violations"]?.elements.first?["pointer"] == .string(pointer), "\(answer.body.written)")
        }
    }

    @Test func auditorsLookAndChangeNothing() async throws {
        let bench = try await AdminBench(as: Principal(name: "a", origin: "-", roles: [.auditor]))
        #expect(try await bench.ask("GET", "/profiles").status == 200)
        #expect(try await bench.ask("GET", "/profile-file").status == 200)
        for (method, path, body) in [
            ("POST", "/profiles", #"{"name":"a"}"#), ("PATCH", "/profiles/default", "{}"),
            ("PUT", "/profiles/default", "{}"), ("POST", "/profiles/default/disable", nil),
            ("DELETE", "/profiles/default", nil), ("POST", "/profile-file", #"{"document":"","dryRun":true}"#),
        ] {
            #expect(try await bench.ask(method, path, body).status == 403, "\(method) \(path)")
        }
    }

    @Test func filesAreAppliedAndExported() async throws {
        let bench = try await AdminBench()
        let document = JSONValue.string("scepProfiles:\n  phones: {raProfile: default, approvalDays: 3}\n").written
        let plan = try await bench.ask("POST", "/profile-file", "{\"document\":\(document),\"dryRun\":true}")
        #expect(plan.status == 200)
        #expect(plan.body["changed"] == .boolean(true))
        #expect(plan.body["applied"] == .boolean(false))
        let differences = plan.body["profiles"]?.elements.first?["differences"]?.elements ?? []
        #expect(differences.map { $0["path"]?.text } == ["approvalDays", "raProfile"])
        #expect(try await bench.ask("GET", "/profiles/phones").status == 404)
        let applied = try await bench.ask("POST", "/profile-file", "{\"document\":\(document)}")
        #expect(applied.body["applied"] == .boolean(true))
        #expect(try await bench.ask("GET", "/profiles/phones").body["approvalDays"] == .integer(3))
        let again = try await bench.ask("POST", "/profile-file", "{\"document\":\(document)}")
        #expect(again.body["changed"] == .boolean(false))
        let export = try await bench.ask("GET", "/profile-file", query: "names=phones")
        #expect(export.body["document"]?.text?.contains("approvalDays: 3") == true)
        #expect(try await bench.ask("GET", "/profile-file", query: "names=absent").status == 404)
        let wrong = try await bench.ask(
            "POST",
            "/profile-file",
            #"{"document":"scepProfiles:\n  a:\n    aproval: all"}"#
        )
        #expect(wrong.body["detail"]?.text == "Line 3, scepProfiles.a: there is no setting 'aproval' here.")
        #expect(wrong.body["hint"]?.text == "Did you mean 'approval'?")
    }

    /// What the audit log is told: the profile before and after, and no file.
    @Test func changesAreDescribedForTheAuditLog() async throws {
        let state = try await State()
        let act = AuditAct(id: .init(), action: "profile.set", actor: "a", origin: "-", input: "{}")
        let principal = Principal(name: "a", origin: "-", roles: [.administrator])
        let context = AdministrationContext(state: state.opened, principal: principal, now: .now)
        let change = SetProfile<SCEPProfiles>.Input(.init(name: "default", settings: ["approvalDays": .integer(3)]))
        _ = try await AuditAct.$current.withValue(act) {
            try await SetProfile<SCEPProfiles>.run(change, context)
        }
        #expect(act.subject.target == "profile default")
        #expect(act.subject.before?.contains(#""approvalDays":14"#) == true)
        #expect(act.subject.after?.contains(#""approvalDays":3"#) == true)
        let input = try AuditedDocument.text(ApplyProfiles.Input(document: "hunter2"))
        #expect(!input.contains("hunter2"))
    }

    @Test func answersAreAsDescribed() async throws {
        let bench = try await AdminBench()
        let scep = try await bench.ask("GET", "/profiles/default").body
        #expect(ProfileDocument<SCEPProfiles>.schema.violations(in: scep).isEmpty)
        let registration = try await bench.ask("GET", "/ra-profiles/default").body
        #expect(ProfileDocument<RAProfiles>.schema.violations(in: registration).isEmpty)
        let file = try await bench.ask("GET", "/profile-file").body
        #expect(ExportProfiles.Output.schema.violations(in: file).isEmpty)
    }
}
