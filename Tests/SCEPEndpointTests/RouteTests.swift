// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Testing

@testable import SCEPEndpoint

struct RouteTests {
    private func route(_ path: String, _ roles: Set<ListenerRole> = [.scep, .publication, .admin]) -> Route {
        Route(path: path, roles: roles)
    }

    @Test(arguments: [
        "/scep", "/scep/", "/scep/pkiclient.exe", "/scep:8080/pkiclient.exe", "/scep:8080",
        "/scep/cgi-bin/pkiclient.exe",
        "/scep/certsrv/mscep/mscep.dll", "/cgi-bin/pkiclient.exe", "/cgi-bin/pkiclient.exe/",
        "//cgi-bin//pkiclient.exe",
        "/certsrv/mscep/mscep.dll", "/certsrv/mscep/mscep.dll/", "/certsrv/mscep/mscep.dll/pkiclient.exe",
        "/CertSrv/mscep/mscep.dll",
    ])
    func leadsToTheDefaultProfile(path: String) {
        #expect(route(path) == .scep(.default))
    }

    @Test(arguments: [
        "/scep/printers-2", "/scep/printers-2/", "/scep/printers-2/pkiclient.exe",
        "/scep/printers-2/cgi-bin/pkiclient.exe", "/scep/printers-2/any/thing/at/all",
        "/scep:8080/printers-2/pkiclient.exe",
        "/api/v1/protocols/scep/printers-2/pkiclient.exe", "/api/v1/protocols/scep/printers-2",
    ])
    func leadsToTheNamedProfile(path: String) {
        #expect(route(path) == .scep(.named("printers-2")))
    }

    @Test func leadsToAnRAProfile() {
        #expect(route("/api/v1/protocols/scep/raProfile/web-1/pkiclient.exe") == .scep(.raProfile("web-1")))
        #expect(route("/api/v1/protocols/scep/raProfile/web-1") == .scep(.raProfile("web-1")))
        #expect(route("/api/v1/protocols/scep/raProfile") == .nowhere)
        #expect(route("/api/v1/protocols/scep/raProfile/Web") == .nowhere)
    }

    @Test(arguments: [
        "", "/", "*", "/scepx", "/SCEP", "/scep/Printers", "/scep/a b", "/scep:", "/scep:80a", "/scep:123456",
        "/cgi-bin",
        "/cgi-bin/other.exe", "/certsrv/mscep", "/certsrv", "/api", "/api/v1/protocols/scep",
        "/api/v1/protocols/scep/x.y",
        "/crl", "/crl/a", "/crl/a.cer", "/crl/.crl", "/crl/..crl", "/crl/a%2fb.crl", "/crl/a/b.crl", "/ca/../x.cer",
        "/healthz/x", "/index.html",
    ])
    func leadsNowhere(path: String) {
        #expect(route(path) == .nowhere)
    }

    @Test func servesOnlyWhatTheRolesSay() {
        #expect(route("/scep", [.publication, .admin]) == .nowhere)
        #expect(route("/crl/a.crl", [.scep, .admin]) == .nowhere)
        #expect(route("/ca/a.cer", [.scep, .admin]) == .nowhere)
        #expect(route("/metrics", [.scep, .publication]) == .nowhere)
        #expect(route("/metrics", [.admin]) == .metrics)
        #expect(route("/api/v1/challenges", [.scep, .publication]) == .nowhere)
        #expect(route("/api/v1/challenges", [.admin]) == .admin)
        #expect(route("/api/v1/protocols/scep/phones", [.admin]) == .nowhere)
        #expect(route("/api/v1/protocols/scep/phones", [.admin, .scep]) == .scep(.named("phones")))
        #expect(route("/api/v2/challenges", [.admin]) == .nowhere)
        #expect(route("/metrics", [.metrics]) == .metrics)
        #expect(route("/api/v1/challenges", [.metrics]) == .nowhere)
        #expect(route("/healthz", []) == .health)
        #expect(route("/readyz", []) == .readiness)
    }

    @Test func passesOnThePublishedPath() {
        #expect(route("/crl/issuing-1.crl") == .publication(path: "/crl/issuing-1.crl"))
        #expect(route("//ca//Root_2.g1.cer/") == .publication(path: "/ca/Root_2.g1.cer"))
    }

    @Test func splitsTargets() {
        let target = RequestTarget("/scep/x?operation=GetCACert&message=a%20b&x&=y&message=second")
        #expect(target.path == "/scep/x")
        #expect(target.parameter("message").map { PercentDecoding.string($0) } == "a b")
        #expect(target.parameter("x").map { PercentDecoding.string($0) } == "")
        #expect(target.parameter("Operation") == nil)
        #expect(RequestTarget("http://ca.example/scep?operation=GetCACaps").path == "/scep")
        #expect(RequestTarget("http://ca.example").path == "")
        #expect(RequestTarget("/scep?a=?b&c=d").parameter("c").map { PercentDecoding.string($0) } == "d")
    }
}
