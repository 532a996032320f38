// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct InputTests {
    @Test(arguments: [
        "", "ca.example", "ca.example:80/scep", "ftp://ca.example/", "http:///scep", "http://user@ca.example/",
        "http://u:p@ca.example/",
        "http://ca.example/#a", "http://ca example/", "mailto:a@b.example",
    ])
    func refusesWhatIsNoURLOfAServer(_ text: String) {
        #expect(throws: SCEPClientError.self) { try ServerURL(text) }
    }

    @Test(arguments: [
        ("http://ca.example", "http://ca.example/cgi-bin/pkiclient.exe"),
        ("https://ca.example:8443/scep/a", "https://ca.example:8443/scep/a"),
        ("http://[2001:db8::1]/scep", "http://[2001:db8::1]/scep"),
        ("http://ca.example/scep?a=b", "http://ca.example/scep"),
    ])
    func readsURLs(_ text: String, expected: String) throws {
        #expect(try ServerURL(text).description == expected)
    }

    @Test(arguments: [
        "", "ab", String(repeating: "a", count: 63), String(repeating: "g", count: 64),
        String(repeating: "a", count: 128),
    ])
    func refusesWhatIsNoFingerprint(_ text: String) {
        #expect(throws: SCEPClientError.self) { try Fingerprint(text) }
    }

    @Test func writesAndReadsFingerprints() throws {
        let root = try TestCertificates.root.get()
        for digest in [DigestAlgorithm.sha256, .sha1] {
            let fingerprint = Fingerprint(of: root, digest: digest)
            #expect(try Fingerprint(fingerprint.description) == fingerprint)
            #expect(fingerprint.matches(root))
            #expect(!fingerprint.matches(try TestCertificates.ra.get()))
        }
    }

    @Test(arguments: [
        "", "dns", "dns:", "a.example", "mail:a@b", "email:ab", "uri:noscheme", "ip:", "ip:1.2.3", "ip:1.2.3.256",
        "ip:1.2.3.4.5",
        "ip:+1.2.3.4", "ip:::1::", "ip:1:2:3:4:5:6:7", "ip:1:2:3:4:5:6:7:8:9", "ip:12345::", "ip:::1%eth0", "dns:a b",
        "dns:ä.example",
        "ip:1:2:3:4:5:6:7::8",
    ])
    func refusesWhatIsNoAlternativeName(_ text: String) {
        #expect(throws: SCEPClientError.self) { try RequestedName(text) }
    }

    @Test(arguments: [
        "ip:::", "ip:::1", "ip:1::", "ip:1:2:3:4:5:6:7:8", "ip:1:2:3:4:5:6::8", "ip:fe80::1:2", "DNS:*.a.example",
    ])
    func readsAlternativeNames(_ text: String) throws {
        #expect(throws: Never.self) { try RequestedName(text) }
    }

    @Test func writesAndReadsPEM() throws {
        let root = try TestCertificates.root.get().der
        let text = PEM.encode(root, label: PEM.certificate) + PEM.encode([1, 2, 3], label: PEM.privateKey)
        #expect(text.hasPrefix("-----BEGIN CERTIFICATE-----\n"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 64 })
        let blocks = PEM.decode(
            "comment\n" + text.replacing("\n", with: "\r\n") + "-----BEGIN X-----\n!\n-----END X-----\n"
        )
        #expect(blocks.map(\.label) == ["CERTIFICATE", "PRIVATE KEY"])
        #expect(blocks.map(\.der) == [root, [1, 2, 3]])
    }

    @Test func hasASentenceForEveryErrorAndNoFullStop() throws {
        let id = try #require(TransactionID("1"))
        let errors: [SCEPClientError] = [
            .invalidInput("a"), .unsupportedKey("a"), .challengeMissing("a"), .network(.getCACert, .timedOut),
            .nextCARejected("a"), .pollingEnded(id, polls: 1), .pollingEnded(id, polls: 2),
            .http(.getNextCACert, status: 404, line: nil, location: nil),
            .network(.pkiOperation(id), .tls("a")),
            .http(.getCACaps, status: 404, line: nil, location: nil), .oversizedAnswer(.getCACert, limit: 1),
            .standardNotAnnounced, .unusableCACertificates("a"), .untrustedCACertificate("a"), .requestNotMade("a"),
            .fingerprintMismatch(expected: try Fingerprint(String(repeating: "a", count: 64)), offered: []),
            .refused(nil, text: nil, id), .refused(.badAlg, text: "x", id), .pending(id), .replyRejected("a", id),
        ]
        for error in errors {
            #expect(!error.sentence.isEmpty)
            #expect(!error.sentence.hasSuffix("."))
            #expect(error.hint?.hasSuffix(".") != true)
        }
    }
}
