// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import StrictJSON
internal import Testing

@testable internal import ServerApp

@Suite struct RegistrationOperationTests {
    private static let issuer = Principal(
        name: "token:mdm (operator:anna)",
        origin: "192.0.2.1",
        roles: [.codeIssuer],
        profiles: ["default"]
    )

    @Test func devicesAreRegisteredListedShownAndTakenBack() async throws {
        let bench = try await AdminBench(as: Self.issuer)
        let made = try await bench.ask(
            "POST",
            "/registrations",
            #"{"profile":"default","device":{"name":"a/b c","uses":"many","attributes":{"site":"berlin"}}}"#
        )
        #expect(made.status == 201)
        #expect(made.body["secret"]?.text?.count == 32)
        let own = try await bench.ask(
            "POST",
            "/registrations",
            #"{"profile":"default","device":{"name":"second","secret":"12345678"}}"#
        )
        #expect(own.body["secret"] == nil)
        let list = try await bench.ask("GET", "/registrations", query: "profile=default")
        #expect(list.body["items"]?.elements.map { $0["name"]?.text } == ["a/b c", "second"])
        let shown = try await bench.ask("GET", "/registrations/default/a%2Fb%20c")
        #expect(shown.body["attributes"]?["registration.site"]?.elements.first?.text == "berlin")
        #expect(shown.body["state"]?.text == "open")
        #expect(shown.body["expiresAt"] == nil)
        #expect(try await bench.ask("DELETE", "/registrations/default/second").status == 204)
        #expect(try await bench.ask("DELETE", "/registrations/default/second").status == 409)
        #expect(try await bench.ask("GET", "/registrations/default/absent").status == 404)
    }

    @Test func manyAreRegisteredAllOrNone() async throws {
        let bench = try await AdminBench(as: Self.issuer)
        let path = "/registration-imports"
        let made = try await bench.ask(
            "POST",
            path,
            #"{"profile":"default","devices":[{"name":"a"},{"name":"b","secret":"12345678"}]}"#
        )
        #expect(made.body["registered"] == .integer(2))
        #expect(made.body["secrets"]?.elements.map { $0["name"]?.text } == ["a"])
        let again = try await bench.ask("POST", path, #"{"profile":"default","devices":[{"name":"c"},{"name":"A"}]}"#)
        #expect(again.status == 409)
        #expect(again.body["violations"]?.elements.first?["pointer"]?.text == "/devices/1")
        #expect(try await bench.ask("GET", "/registrations/default/c").status == 404)
        let twice = try await bench.ask("POST", path, #"{"profile":"default","devices":[{"name":"d"},{"name":"D"}]}"#)
        #expect(twice.status == 422)
        #expect(try await bench.ask("POST", path, #"{"profile":"default","devices":[]}"#).status == 400)
    }

    @Test(arguments: [
        (#"{"profile":"absent","device":{"name":"a"}}"#, 404), (#"{"profile":"default","device":{"name":""}}"#, 400),
        (#"{"profile":"default","device":{"name":" "}}"#, 422),
        (#"{"profile":"default","device":{"name":"a","secret":"short"}}"#, 400),
        (#"{"profile":"default","device":{"name":"a","subject":"nonsense"}}"#, 422),
        (#"{"profile":"default","device":{"name":"a","attributes":{"name":"b"}}}"#, 422),
        (#"{"profile":"default","device":{"name":"a","stray":1}}"#, 400),
        (#"{"profile":"default"}"#, 400),
    ])
    func nonsenseIsRefused(_ body: String, _ status: Int) async throws {
        #expect(try await AdminBench().ask("POST", "/registrations", body).status == status)
    }

    @Test func aCodeIssuerStaysWithinItsProfiles() async throws {
        let bench = try await AdminBench(as: Self.issuer)
        #expect(try await bench.ask("GET", "/registrations").status == 403)
        let body = #"{"profile":"other","device":{"name":"a"}}"#
        #expect(try await bench.ask("POST", "/registrations", body).status == 403)
        #expect(try await bench.ask("DELETE", "/registrations/other/a").status == 403)
        #expect(try await bench.ask("POST", "/registrations/default/a/unlock").status == 403)
        #expect(try await bench.ask("GET", "/certificates").status == 403)
    }

    @Test func onlyWhatIsLockedIsUnlocked() async throws {
        let bench = try await AdminBench()
        let body = #"{"profile":"default","device":{"name":"a","secret":"12345678"}}"#
        _ = try await bench.ask("POST", "/registrations", body)
        #expect(try await bench.ask("POST", "/registrations/default/a/unlock").status == 409)
        let store = bench.state.opened.registrations
        let name = try #require(RegisteredName("a"))
        let record = try #require(try await store.registration(profile: "default", name: name))
        _ = try await store.countGuess(record.id, guess: [1], maximum: 1, at: record.createdAt)
        let shown = try await bench.ask("GET", "/registrations/default/a")
        #expect(shown.body["state"]?.text == "locked")
        #expect(try await bench.ask("POST", "/registrations/default/a/unlock").status == 204)
    }
}
