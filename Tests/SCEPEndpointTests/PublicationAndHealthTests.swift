// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEPEndpoint
import Testing

struct PublicationAndHealthTests {
    @Test func publishesCRLsAndCertificates() async throws {
        try await withListener(roles: [.publication]) { port in
            let crl = try await ask(port, "GET /crl/issuing-1.crl HTTP/1.1\r\n\r\n")
            #expect(crl.status == 200)
            #expect(crl.body == [1, 2, 3, 4])
            #expect(crl.fields["content-type"] == "application/pkix-crl")
            #expect(crl.fields["cache-control"] == "max-age=300")
            #expect(crl.fields["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
            let certificate = try await ask(port, "GET /ca/issuing-1.cer HTTP/1.1\r\n\r\n")
            #expect(certificate.body == [5, 6])
            #expect(certificate.fields["cache-control"] == nil)
            #expect(certificate.fields["last-modified"] == nil)
        }
    }

    @Test func answersHeadWithoutABody() async throws {
        try await withListener(roles: [.publication]) { port in
            let answer = try await exchange(port, "HEAD /crl/issuing-1.crl HTTP/1.0\r\n\r\n")
            #expect(answer.contains("\r\nContent-Length: 4\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
            let health = try await exchange(port, "HEAD /healthz HTTP/1.0\r\n\r\n")
            #expect(health.contains("\r\nContent-Length: 3\r\n"))
            #expect(health.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func hasNoOtherDocuments() async throws {
        try await withListener(roles: [.publication]) { port in
            let answer = try await ask(port, "GET /crl/other.crl HTTP/1.1\r\n\r\n")
            #expect(answer.status == 404)
            #expect(answer.text == "There is no such document.\n")
            #expect(answer.fields["retry-after"] == nil)
        }
    }

    @Test func saysWhenToAskAgainForWhatCannotBeHadNow() async throws {
        try await withListener(roles: [.publication]) { port in
            let answer = try await ask(port, "GET /crl/unavailable-1.crl HTTP/1.1\r\n\r\n")
            #expect(answer.status == 503)
            #expect(answer.fields["retry-after"] == "7")
            #expect(answer.fields["cache-control"] == "no-store")
            #expect(answer.text == "The document can't be had now. Try again later.\n")
        }
    }

    @Test func onlyReadsDocuments() async throws {
        try await withListener(roles: [.publication]) { port in
            let answer = try await ask(port, "POST /crl/issuing-1.crl HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
            #expect(answer.status == 405)
            #expect(answer.fields["allow"] == "GET, HEAD")
        }
    }

    @Test(arguments: [ListenerRole.scep, .publication, .admin])
    func answersHealthOnEachListener(role: ListenerRole) async throws {
        try await withListener(roles: [role]) { port in
            let health = try await ask(port, "GET /healthz HTTP/1.1\r\n\r\n")
            #expect(health.text == "ok\n")
            let readiness = try await ask(port, "GET /readyz HTTP/1.1\r\n\r\n")
            #expect(readiness.status == 200)
            let metrics = try await ask(port, "GET /metrics HTTP/1.1\r\n\r\n")
            #expect(metrics.status == (role == .admin ? 200 : 404))
        }
    }

    @Test func tellsThatItIsNotReady() async throws {
        try await withListener(health: FixedHealth(ready: false)) { port in
            let readiness = try await ask(port, "GET /readyz HTTP/1.1\r\n\r\n")
            #expect(readiness.status == 503)
            #expect(readiness.text == "not ready\n")
            let health = try await ask(port, "GET /healthz HTTP/1.1\r\n\r\n")
            #expect(health.status == 200)
        }
    }

    @Test func givesMetricsInThePrometheusFormat() async throws {
        try await withListener(roles: [.admin]) { port in
            let answer = try await ask(port, "GET /metrics HTTP/1.1\r\n\r\n")
            #expect(answer.fields["content-type"] == "text/plain; version=0.0.4")
            #expect(answer.text == "sceptic_up 1\n")
        }
    }
}
