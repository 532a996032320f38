// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import SwiftASN1
internal import Testing
internal import X509

@Suite struct RequestTests {
    private func opened(_ request: EnrollmentRequest) async throws -> (OpenedRequest, CertificationRequest) {
        let server = try FakeServer()
        let run = try await enroll(server, request: request)
        let opened = try server.open(FakeServer.pkiMessage(try #require(run.requests("PKIOperation").first)))
        guard case .enroll(let csr) = opened.content else { throw SCEPError.unreadable("content") }
        return (opened, csr)
    }

    @Test func requirement15Enrols() async throws {
        let run = try await enroll(try FakeServer())
        let enrolled = try run.result.get()
        #expect(enrolled.certificate.subject.isEquivalent(to: try Name("CN=device-1,O=Example")))
        #expect(enrolled.chain == [try TestCertificates.root.get()])
    }

    @Test func requirement103SignsWithASelfSignedCertificateForSigningAndEncipherment() async throws {
        let (request, _) = try await opened(request())
        let signer = request.message.signer
        #expect(signer.isSigned(by: try TestCertificates.deviceKey().publicKey))
        #expect(signer.isSelfIssued)
        let usage = try #require(signer.keyUsage)
        #expect(usage.digitalSignature)
        #expect(usage.keyEncipherment)
        #expect(!usage.keyCertSign)
        let start = try #require(signer.notBefore)
        let end = try #require(signer.notAfter)
        #expect(start < Date(timeIntervalSinceNow: -600))
        #expect(end.timeIntervalSince(start) < 3 * 86_400)
    }

    @Test func requirement104TakesSubjectAndKeyOfTheRequest() async throws {
        let (request, csr) = try await opened(request())
        #expect(request.message.signer.subject == csr.subject)
        #expect(request.message.signer.subjectPublicKeyInfo == csr.subjectPublicKeyInfo)
    }

    @Test func requirement105And106SignWithItsKeyAndIncludeIt() async throws {
        // The server's stages take the signer from the message and verify with its key; they throw otherwise.
        let (request, csr) = try await opened(request())
        #expect(request.message.signerKey.subjectPublicKeyInfo == csr.subjectPublicKeyInfo.der)
    }

    @Test func carriesSubjectChallengeAndAlternativeNames() async throws {
        let names = try [
            "dns:a.example", "email:a@b.example", "uri:https://a.example/", "ip:192.0.2.1", "ip:2001:db8::1",
        ]
        .map { try RequestedName($0) }
        let (_, csr) = try await opened(request("pä ss", names: names))
        #expect(csr.challengePassword == "pä ss")
        #expect(csr.isSigned(by: try TestCertificates.deviceKey().publicKey))
        let san = try #require(csr.requestedExtensions.first { $0.oid == .PKIX.subjectAltName })
        #expect(
            Array(try SubjectAlternativeNames(san)) == [
                .dnsName("a.example"), .rfc822Name("a@b.example"), .uniformResourceIdentifier("https://a.example/"),
                .ipAddress(ASN1OctetString(contentBytes: [192, 0, 2, 1])),
                .ipAddress(ASN1OctetString(contentBytes: [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
            ]
        )
    }

    @Test func leavesTheChallengeOutWhenThereIsNone() async throws {
        let (_, csr) = try await opened(request(""))
        #expect(csr.challengePassword == nil)
        #expect(csr.requestedExtensions.isEmpty)
    }

    @Test func requirement169GivesEachOperationAnIDOfItsOwn() async throws {
        var ids: Set<String> = []
        for _ in 0..<5 {
            let run = try await enroll(try FakeServer())
            let id = try run.result.get().transactionID.text
            #expect(id.allSatisfy { $0.isLetter || $0.isNumber })
            ids.insert(id)
        }
        #expect(ids.count == 5)
    }

    @Test func neverShowsTheChallenge() throws {
        let wanted = try request("swordfish")
        var dumped = ""
        dump(wanted, to: &dumped)
        #expect(!"\(wanted) \(String(reflecting: wanted)) \(dumped)".contains("swordfish"))
    }
}
