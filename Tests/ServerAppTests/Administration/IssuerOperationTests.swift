// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Foundation
internal import SCEPCrafting
internal import StrictJSON
internal import TestSupport
internal import Testing

@testable internal import ServerApp

@Suite struct IssuerOperationTests {
    @Test func aCAGetsItsNextKey() async throws {
        let bench = try await AdminBench()
        let path = "/issuers/issuing/next-key"
        #expect(try await bench.ask("POST", path + "/activate").status == 409)
        let next = try await bench.ask("POST", path, #"{"keyType":"p384"}"#)
        #expect(next.status == 201)
        #expect(next.body["state"]?.text == "next")
        #expect(try await bench.ask("POST", path).status == 409)
        #expect(try await bench.ask("POST", path + "/cancel").body["state"]?.text == "former")
        _ = try await bench.ask("POST", path)
        #expect(try await bench.ask("POST", path + "/activate").body["key"] == .integer(3))
        let keys = try await bench.ask("GET", "/issuers/issuing/keys")
        #expect(keys.body["items"]?.elements.map { $0["state"]?.text } == ["former", "former", "active"])
        #expect(try await bench.ask("GET", "/issuers").body["items"]?.elements.count == 4)
        for path in ["/issuers/absent/keys", "/issuers/absent/crl", "/issuers/issuing/crl?key=9"] {
            let parts = path.split(separator: "?").map(String.init)
            let answer = try await bench.ask("GET", parts[0], query: parts.dropFirst().first ?? "")
            #expect(answer.status == 404, "\(path)")
        }
    }

    @Test func anRAGetsANewKey() async throws {
        let bench = try await AdminBench()
        let rotated = try await bench.ask("POST", "/issuers/issuing/ra")
        #expect(rotated.status == 201)
        #expect(rotated.body["generation"] == .integer(2))
        #expect(try await bench.ask("POST", "/issuers/issuing/ra/2/retire").status == 409)
        #expect(try await bench.ask("POST", "/issuers/issuing/ra/1/retire").status == 204)
        #expect(try await bench.ask("POST", "/issuers/issuing/ra/x/retire").status == 400)
        #expect(try await bench.ask("POST", "/issuers/absent/ra").status == 404)
    }

    @Test func certificatesAndCRLsAreShown() async throws {
        let bench = try await AdminBench()
        let own = try await bench.ask("GET", "/ca")
        #expect(own.body["items"]?.elements.map { $0["role"]?.text } == ["root", "issuing CA", "RA"])
        let crl = try await bench.ask("GET", "/issuers/issuing/crl")
        #expect(crl.body["revoked"] == .integer(0))
        #expect(Data(base64Encoded: crl.body["crl"]?.text ?? "")?.first == 0x30)
    }

    @Test func othersCAsAreKept() async throws {
        let bench = try await AdminBench()
        var certificate = HandMadeCertificate("Other CA", key: try TestKeys.client)
        certificate.extensions = [
            HandMadeCertificate.extension([0x06, 0x03, 0x55, 0x1D, 0x13], TLV.sequence([0x01, 0x01, 0xFF]))
        ]
        let der = Data(try certificate.der()).base64EncodedString()
        let body = "{\"name\":\"other\",\"certificate\":\"\(der)\"}"
        #expect(try await bench.ask("POST", "/authorities", body).status == 204)
        #expect(try await bench.ask("POST", "/authorities", body).status == 409)
        let list = try await bench.ask("GET", "/authorities")
        #expect(list.body["items"]?.elements.first?["crl"]?.text == "missing")
        #expect(list.body["items"]?.elements.first?["crlNextUpdate"] == nil)
        #expect(try await bench.ask("PUT", "/authorities/other/crl", #"{"crl":"AAAA"}"#).status == 422)
        #expect(try await bench.ask("PUT", "/authorities/absent/crl", #"{"crl":"AAAA"}"#).status == 404)
        let nonsense = #"{"name":"third","certificate":"????"}"#
        #expect(try await bench.ask("POST", "/authorities", nonsense).status == 422)
        #expect(try await bench.ask("DELETE", "/authorities/other").status == 204)
        #expect(try await bench.ask("DELETE", "/authorities/other").status == 404)
    }
}
