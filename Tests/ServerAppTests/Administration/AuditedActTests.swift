// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import Foundation
internal import SCEPCrafting
internal import StrictJSON
internal import TestSupport
internal import Testing

@testable internal import ServerApp

extension AdminBench {
    /// The status of what is asked.
    fileprivate func status(_ method: String, _ path: String, _ body: String? = nil) async throws -> Int {
        try await ask(method, path, body).status
    }

    /// The id of the newest row of a list.
    fileprivate func newestID(_ path: String) async throws -> String {
        try #require(try await ask("GET", path).body["items"]?.elements.last?["id"]?.text)
    }

    fileprivate func operatorNamed(_ name: String) async throws {
        _ = try await status("POST", "/operators", "{\"name\":\"\(name)\",\"roles\":[\"approver\"]}")
    }

    fileprivate func device(_ name: String) async throws {
        let body = "{\"profile\":\"default\",\"device\":{\"name\":\"\(name)\",\"secret\":\"12345678\"}}"
        _ = try await status("POST", "/registrations", body)
    }

    /// Another server's CA becomes one of those that are kept here, with that server's CRL at hand.
    fileprivate func otherCA() async throws -> (status: Int, crl: String) {
        let other = try await AdminBench()
        let certificate = try #require(
            try await other.ask("GET", "/ca").body["items"]?.elements.first { $0["role"]?.text == "issuing CA" }?[
                "certificate"
            ]?.text
        )
        let crl = try #require(try await other.ask("GET", "/issuers/issuing/crl").body["crl"]?.text)
        let status = try await status(
            "POST",
            "/authorities",
            "{\"name\":\"other\",\"certificate\":\"\(certificate)\"}"
        )
        return (status, crl)
    }
}

/// Whatever somebody changes is in the audit log, with what it was about, before and after.
@Suite struct AuditedActTests {
    /// What an event has to show besides its target.
    enum Shown: Sendable, CaseIterable {
        case before
        case after
        case both
        /// What was asked for tells everything; the rest is secret, or too much.
        case inputOnly

        var hasBefore: Bool { self == .before || self == .both }
        var hasAfter: Bool { self == .after || self == .both }
    }

    /// How an operation is made to change something.
    struct Act: Sendable {
        var shown: Shown
        var target: String
        var perform: @Sendable (AdminBench) async throws -> Int

        init(
            _ target: String,
            _ shown: Shown,
            _ perform: @escaping @Sendable (AdminBench) async throws -> Int
        ) {
            self.target = target
            self.shown = shown
            self.perform = perform
        }

        /// One request does it.
        init(_ target: String, _ shown: Shown, _ method: String, _ path: String, _ body: String? = nil) {
            self.init(target, shown) { try await $0.status(method, path, body) }
        }
    }

    /// How each operation is made to change something, by its name.
    ///
    /// A new operation needs its line here, or this suite fails.
    private static let acts: [String: Act] = [codes, people, requests, certificates, issuers, authorities, devices]
        .reduce(into: profiles("profile").merging(profiles("ra-profile")) { $1 }) { $0.merge($1) { $1 } }
        .merging(["profile.apply": file]) { $1 }

    private static let codes: [String: Act] = [
        "challenge.new": Act("profile default", .inputOnly, "POST", "/challenges", #"{"profile":"default"}"#),
        "challenge.revoke": Act("challenge ", .inputOnly) { bench in
            _ = try await bench.status("POST", "/challenges", #"{"profile":"default"}"#)
            return try await bench.status("DELETE", "/challenges/\(bench.newestID("/challenges"))")
        },
    ]

    private static let people: [String: Act] = [
        "operator.new": Act("operator anna", .after, "POST", "/operators", #"{"name":"anna","roles":["approver"]}"#),
        "operator.set": Act("operator anna", .both) { bench in
            try await bench.operatorNamed("anna")
            return try await bench.status("PATCH", "/operators/anna", #"{"roles":["auditor"]}"#)
        },
        "operator.disable": Act("operator anna", .both) { bench in
            try await bench.operatorNamed("anna")
            return try await bench.status("POST", "/operators/anna/disable")
        },
        "operator.enable": Act("operator anna", .both) { bench in
            try await bench.operatorNamed("anna")
            _ = try await bench.status("POST", "/operators/anna/disable")
            return try await bench.status("POST", "/operators/anna/enable")
        },
        "operator.password": Act("operator anna", .both) { bench in
            try await bench.operatorNamed("anna")
            return try await bench.status("PUT", "/operators/anna/password", #"{"password":"correct horse battery"}"#)
        },
        "operator.delete": Act("operator anna", .before) { bench in
            try await bench.operatorNamed("anna")
            return try await bench.status("DELETE", "/operators/anna")
        },
        "token.new": Act("token mdm", .after, "POST", "/tokens", #"{"name":"mdm","roles":["monitor"]}"#),
        "token.revoke": Act("token mdm", .before) { bench in
            _ = try await bench.status("POST", "/tokens", #"{"name":"mdm","roles":["monitor"]}"#)
            return try await bench.status("DELETE", "/tokens/\(bench.newestID("/tokens"))")
        },
    ]

    private static let requests: [String: Act] = [
        "request.approve": Act("request ", .both) { bench in
            _ = try await bench.wait("first")
            return try await bench.status("POST", "/waiting-requests/first/approve", #"{"note":"known"}"#)
        },
        "request.deny": Act("request ", .both) { bench in
            _ = try await bench.wait("first")
            return try await bench.status("POST", "/waiting-requests/first/deny")
        },
    ]

    private static let certificates: [String: Act] = [
        "certificate.revoke": Act("certificate ", .both) { bench in
            let serial = try await bench.issue("Device-1").serialNumber.hexadecimal
            return try await bench.status("POST", "/certificates/\(serial)/revoke", "{}")
        },
        "certificate.release": Act("certificate ", .both) { bench in
            let serial = try await bench.issue("Device-1").serialNumber.hexadecimal
            let path = "/certificates/\(serial)"
            _ = try await bench.status("POST", path + "/revoke", #"{"reason":"certificateHold"}"#)
            return try await bench.status("POST", path + "/release")
        },
        "certificate.revoke-all": Act("certificate ", .both) { bench in
            let serials = [
                try await bench.issue("Device-1").serialNumber.hexadecimal,
                try await bench.issue("Device-2").serialNumber.hexadecimal,
            ]
            let body = "{\"certificates\":[\"\(serials[0])\",\"\(serials[1])\"]}"
            return try await bench.status("POST", "/certificate-revocations", body)
        },
    ]

    private static let nextKey = "/issuers/issuing/next-key"

    private static let issuers: [String: Act] = [
        "ca.rollover-prepare": Act("issuer issuing 2", .after, "POST", nextKey),
        "ca.rollover-activate": Act("issuer issuing 2", .both) { bench in
            _ = try await bench.status("POST", nextKey)
            return try await bench.status("POST", nextKey + "/activate")
        },
        "ca.rollover-cancel": Act("issuer issuing 2", .both) { bench in
            _ = try await bench.status("POST", nextKey)
            return try await bench.status("POST", nextKey + "/cancel")
        },
        "ca.rotate-ra": Act("RA 2 of issuer issuing", .after, "POST", "/issuers/issuing/ra"),
        "ca.retire-ra": Act("RA 1 of issuer issuing", .both) { bench in
            _ = try await bench.status("POST", "/issuers/issuing/ra")
            return try await bench.status("POST", "/issuers/issuing/ra/1/retire")
        },
    ]

    private static let authorities: [String: Act] = [
        "ca.authority-add": Act("authority other", .after) { try await $0.otherCA().status },
        "ca.authority-crl": Act("authority other", .both) { bench in
            let crl = try await bench.otherCA().crl
            return try await bench.status("PUT", "/authorities/other/crl", "{\"crl\":\"\(crl)\"}")
        },
        "ca.authority-remove": Act("authority other", .before) { bench in
            _ = try await bench.otherCA()
            return try await bench.status("DELETE", "/authorities/other")
        },
    ]

    private static let devices: [String: Act] = [
        "registration.new": Act(
            "registration default/a",
            .after,
            "POST",
            "/registrations",
            #"{"profile":"default","device":{"name":"a"}}"#
        ),
        "registration.import": Act(
            "2 registrations of default",
            .inputOnly,
            "POST",
            "/registration-imports",
            #"{"profile":"default","devices":[{"name":"a"},{"name":"b"}]}"#
        ),
        "registration.revoke": Act("registration default/a", .both) { bench in
            try await bench.device("a")
            return try await bench.status("DELETE", "/registrations/default/a")
        },
        "registration.unlock": Act("registration default/a", .both) { bench in
            try await bench.device("a")
            let (store, name) = (bench.state.opened.registrations, try #require(RegisteredName("a")))
            let record = try #require(try await store.registration(profile: "default", name: name))
            _ = try await store.countGuess(record.id, guess: [1], maximum: 1, at: record.createdAt)
            return try await bench.status("POST", "/registrations/default/a/unlock")
        },
    ]

    private static func profiles(_ noun: String) -> [String: Act] {
        let (path, target) = ("/\(noun)s", "\(noun) phones")
        let settings = noun == "profile" ? #""approvalDays":3"# : #""template":{"validityDays":3}"#
        func made(_ method: String, _ more: String, _ body: String? = nil) -> @Sendable (AdminBench) async throws -> Int
        {
            { bench in
                _ = try await bench.status("POST", path, #"{"name":"phones"}"#)
                if more == "/enable" { _ = try await bench.status("POST", path + "/phones/disable") }
                return try await bench.status(method, path + "/phones" + more, body)
            }
        }
        return [
            "\(noun).new": Act(target, .after, "POST", path, #"{"name":"phones"}"#),
            "\(noun).replace": Act(target, .both, made("PUT", "", "{\(settings)}")),
            "\(noun).set": Act(target, .both, made("PATCH", "", "{\(settings)}")),
            "\(noun).disable": Act(target, .both, made("POST", "/disable")),
            "\(noun).enable": Act(target, .both, made("POST", "/enable")),
            "\(noun).delete": Act(target, .before, made("DELETE", "")),
        ]
    }

    private static let file = Act(
        "profiles",
        .after,
        "POST",
        "/profile-file",
        #"{"document":"scepProfiles: {phones: {raProfile: default}}"}"#
    )

    /// The operations that change something.
    private static let names: [String] = {
        var names: [String] = []
        for operation in LocalOperations.all where !operation.isReading { names.append(operation.id) }
        return names
    }()

    @Test func everyOperationThatChangesSomethingIsTriedHere() {
        #expect(Set(Self.names) == Set(Self.acts.keys), "Each operation that changes something needs a case here.")
        #expect(!Self.names.contains(TryRequest.id))
    }

    @Test(arguments: names)
    func everyOperationThatChangesSomethingHasItsEvent(_ name: String) async throws {
        let act = try #require(Self.acts[name])
        let bench = try await AdminBench()
        let status = try await act.perform(bench)
        #expect((200..<300).contains(status), "\(name) gave \(status)")
        let listed = try await bench.ask("GET", "/audit/events", query: "action=\(name)").body
        let events = listed["items"]?.elements ?? []
        #expect(!events.isEmpty, "\(name) left no event")
        for event in events {
            #expect(event["actor"]?.text == "test")
            #expect(event["origin"]?.text == "192.0.2.1")
            #expect(event["target"]?.text?.hasPrefix(act.target) == true, "\(name): \(event["target"]?.text ?? "-")")
            #expect(event["input"] != nil)
            #expect(event["after"] == nil || event["after"] != event["before"], "\(name) shows no difference")
        }
        // The event that came first: a second one of the same act may have found something there.
        let first = events.last
        #expect((first?["before"] != nil) == act.shown.hasBefore, "\(name)")
        #expect((first?["after"] != nil) == act.shown.hasAfter, "\(name)")
        #expect(try await bench.ask("GET", "/audit/verification").body["inOrder"] == .boolean(true))
    }

    @Test func tryingARequestIsNoChangeThoughItIsAPOST() async throws {
        let bench = try await AdminBench()
        let request = Data(try HandMadeRequest("device", key: try TestKeys.client).der()).base64EncodedString()
        let body = "{\"request\":\"\(request)\",\"profile\":\"default\",\"challenge\":\"nonsense\"}"
        #expect(try await bench.status("POST", "/trials", body) == 200)
        let events = try await bench.ask("GET", "/audit/events", query: "actor=test")
        #expect(events.body["items"]?.elements.isEmpty == true)
    }

    @Test func decisionsTellWhatTheyMakeOfARequest() async throws {
        let bench = try await AdminBench()
        _ = try await bench.wait("first")
        _ = try await bench.status("POST", "/waiting-requests/first/approve", #"{"note":"known"}"#)
        let event = try await bench.ask("GET", "/audit/events", query: "action=request.approve").body["items"]?.elements
            .first
        let before = try JSONValue(strictly: Array(try #require(event?["before"]?.text).utf8))
        let after = try JSONValue(strictly: Array(try #require(event?["after"]?.text).utf8))
        #expect(before["state"]?.text == "pending")
        #expect(after["state"]?.text == "approved")
        #expect(after["decidedBy"]?.text == "test")
        #expect(after["note"]?.text == "known")
    }

    @Test func theFirstEventTellsOfInit() async throws {
        let bench = try await AdminBench()
        let events = try await bench.ask("GET", "/audit/events").body["items"]?.elements ?? []
        #expect(events.count == 1)
        let first = try #require(events.last)
        #expect(first["action"]?.text == "init")
        #expect(first["actor"]?.text == "local:\(StateFolder.user)")
        #expect(first["target"]?.text == "state")
        #expect(first["input"]?.text?.contains(#""name":"Example""#) == true)
        #expect(first["after"]?.text?.contains("CN=Example Root") == true)
        #expect(try await bench.ask("GET", "/audit/verification").body["checkpoints"] == .integer(1))
    }
}
