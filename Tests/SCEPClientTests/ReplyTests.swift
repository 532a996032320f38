// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct ReplyTests {
    @Test func acceptsAReplyThatIsMadeByHand() async throws {
        // What the tests below change is right to begin with.
        let run = try await enroll { request, server in
            let content = try server.envelope(request, [server.issue(request)])
            return try server.make(.init(content: content), to: request)
        }
        #expect(run.error == nil)
    }

    @Test func requirement117RejectsAReplyWithAnotherRecipientNonce() async throws {
        let run = try await enroll { request, server in
            let content = try server.envelope(request, [server.issue(request)])
            return try server.make(
                .init(recipientNonce: [UInt8](repeating: 7, count: 16), content: content),
                to: request
            )
        }
        #expect(isRejected(run, because: "recipientNonce"))
    }

    @Test func requirement117RejectsARecipientNonceThatIsEmpty() async throws {
        let run = try await enroll { request, server in
            try server.make(.init(recipientNonce: [], status: "3"), to: request)
        }
        #expect(run.error != nil)
        guard case .replyRejected = run.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test(arguments: ["1", "4", "", "00", "abc", "2 "])
    func requirement118RejectsAnUnknownPkiStatus(_ status: String) async throws {
        let run = try await enroll { request, server in
            let content = try server.envelope(request, [server.issue(request)])
            return try server.make(.init(status: status, content: content), to: request)
        }
        #expect(isRejected(run, because: "pkiStatus"))
    }

    @Test(arguments: ["9", "", "badAlg", "-1", "99999999999999999999"])
    func requirement119TakesAnUnknownFailInfoForAFailure(_ failInfo: String) async throws {
        let run = try await enroll { request, server in
            try server.make(.init(status: "2", failInfo: failInfo), to: request)
        }
        guard case .refused(nil, nil, _) = run.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test(arguments: FailInfo.allCases)
    func requirement120DoesNotInterpretFailInfoText(_ failInfo: FailInfo) async throws {
        for text in ["0", "SUCCESS", "badTime", "pending"] {
            let run = try await enroll { request, server in
                try server.make(.init(status: "2", failInfo: failInfo.rawValue, failInfoText: text), to: request)
            }
            guard case .refused(failInfo, text, let id) = run.error else {
                Issue.record("\(run.result)")
                return
            }
            #expect(run.error?.sentence.contains(failInfo.description) == true)
            #expect(run.error?.hint?.contains(id.text) == true)
        }
    }

    @Test func explainsARefusalInWords() async throws {
        let run = try await enroll { request, server in
            try server.make(.init(status: "2", failInfo: "2", failInfoText: "no\u{1B}[31m"), to: request)
        }
        let id = try #require(run.error?.transactionID)
        #expect(
            run.error?.sentence
                == "the server refused the request: it is not permitted or not served, or its challenge is wrong, used "
                + "or expired (badRequest, it says: 'no[31m')"
        )
        #expect(run.error?.hint == "the server's `sceptic request explain \(id)` tells why")
    }

    @Test func requirement121RejectsAnotherTransactionID() async throws {
        let run = try await enroll { request, server in
            try server.make(.init(transactionID: "another", status: "3"), to: request)
        }
        #expect(isRejected(run, because: "transactionID"))
    }

    @Test func requirement121RejectsABadSignature() async throws {
        let run = try await enroll { request, server in
            var bytes = try server.make(.init(status: "3"), to: request)
            bytes[bytes.count - 1] ^= 1
            return bytes
        }
        #expect(isRejected(run, because: "signature"))
    }

    @Test func requirement121RejectsContentThatWasNotSigned() async throws {
        let run = try await enroll { request, server in
            var bytes = try server.make(.init(status: "3", content: Array("0123456789".utf8)), to: request)
            let place = try #require(bytes.firstRange(of: Array("0123456789".utf8)))
            bytes.replaceSubrange(place, with: Array("0123456780".utf8))
            return bytes
        }
        #expect(isRejected(run, because: "messageDigest"))
    }

    @Test func requirement121RejectsASignerThatIsNotFromGetCACert() async throws {
        let run = try await enroll { request, server in
            let key = try TestCertificates.otherKey()
            let signer = try TestCertificates.make("CN=Stranger", key: key, issuer: "CN=Stranger", issuerKey: key)
            return try server.make(.init(status: "3", signer: signer, key: key), to: request)
        }
        #expect(isRejected(run, because: "signer"))
    }

    @Test func requirement121RejectsASignerThatOnlyUsesTheNameOfTheRA() async throws {
        let run = try await enroll { request, server in
            try server.make(.init(status: "3", key: TestCertificates.otherKey()), to: request)
        }
        #expect(isRejected(run, because: "signature"))
    }

    @Test func requirement12RejectsAReplySignedWithMD5() async throws {
        let run = try await enroll { request, server in
            try server.make(.init(status: "3", digest: .insecureMD5), to: request)
        }
        #expect(isRejected(run, because: "MD5"))
    }

    @Test(arguments: ["0", "17", "19", "20", "99", ""])
    func rejectsAnotherMessageType(_ type: String) async throws {
        let run = try await enroll { request, server in
            try server.make(.init(messageType: type, status: "3"), to: request)
        }
        #expect(isRejected(run, because: "messageType"))
    }

    @Test(arguments: [[], [0x30], Array("<html>".utf8), [UInt8](repeating: 0x30, count: 5000)] as [[UInt8]])
    func rejectsWhatIsNoMessage(_ bytes: [UInt8]) async throws {
        let run = try await enroll { _, _ in bytes }
        guard case .replyRejected = run.error else {
            Issue.record("\(run.result)")
            return
        }
    }

    @Test func readsNothingElseFromAReplyWithAFlippedBit() async throws {
        // One exchange gives a reply; then each of its bytes is damaged and read again.
        var generator = SystemRandomNumberGenerator()
        let server = try FakeServer()
        let key = try TestCertificates.deviceKey()
        let csr = try CertificationRequest.make(subject: try Name("CN=a"), key: key)
        let message = try ClientRequest.pkcsReq(
            csr,
            parties: ClientRequest.Parties(
                signer: try TemporaryCertificate.make(subject: csr.subject, key: key, now: Date(), using: &generator),
                key: key,
                recipient: try TestCertificates.ra.get()
            ),
            options: .init(digest: .sha256, cipher: .aes128CBC),
            now: Date(),
            using: &generator
        )
        let request = try server.open(message.bytes)
        let reply = try server.make(.init(content: server.envelope(request, [server.issue(request)])), to: request)
        let authorities = CACertificates(certificates: server.certificates)
        let intact = try ReceivedReply(bytes: reply, to: message, authorities: authorities)
        let issued = try #require(intact.issued)
        for index in reply.indices {
            var damaged = reply
            damaged[index] ^= UInt8(1 << (index % 8))
            // What no signature covers, such as the certificate that comes along, may change; what is read may not.
            guard let read = try? ReceivedReply(bytes: damaged, to: message, authorities: authorities) else { continue }
            #expect(read.issued == issued)
        }
    }

    @Test func rejectsACertificateForAnotherKey() async throws {
        let run = try await enroll { request, server in
            let issued = try server.issue(request, key: TestCertificates.otherKey())
            return try server.make(.init(content: server.envelope(request, [issued])), to: request)
        }
        #expect(isRejected(run, because: "does not hold the certificate"))
    }

    @Test func rejectsACertificateThatTheCADidNotSign() async throws {
        let run = try await enroll { request, server in
            let issued = try server.issue(request, issuerKey: TestCertificates.otherKey())
            return try server.make(.init(content: server.envelope(request, [issued])), to: request)
        }
        #expect(isRejected(run, because: "not signed by the CA"))
    }

    @Test func rejectsACertificateThatTheRASigned() async throws {
        let run = try await enroll { request, server in
            let issued = try TestCertificates.make(
                "CN=device-1",
                key: TestCertificates.deviceKey(),
                issuer: "CN=Test RA",
                issuerKey: TestCertificates.raKey()
            )
            return try server.make(.init(content: server.envelope(request, [issued])), to: request)
        }
        #expect(isRejected(run, because: "not signed by the CA"))
    }

    @Test func findsTheCertificateWhateverItsPlace() async throws {
        let run = try await enroll { request, server in
            let issued = try server.issue(request)
            return try server.make(
                .init(
                    content: server.envelope(request, [TestCertificates.root.get(), TestCertificates.ra.get(), issued])
                ),
                to: request
            )
        }
        #expect(try run.result.get().certificate.subjectPublicKeyInfo.keyBits == TestCertificates.deviceKeyBits())
    }

    @Test func takesAnIntermediateFromTheReply() async throws {
        let sub = try TestCertificates.make("CN=Sub", key: TestCertificates.otherKey(), kind: .authority())
        let run = try await enroll { request, server in
            let issued = try TestCertificates.make(
                "CN=device-1",
                key: TestCertificates.deviceKey(),
                issuer: "CN=Sub",
                issuerKey: TestCertificates.otherKey()
            )
            return try server.make(.init(content: server.envelope(request, [issued, sub])), to: request)
        }
        #expect(try run.result.get().chain == [sub, try TestCertificates.root.get()])
    }

    @Test func saysThatARequestIsPending() async throws {
        let run = try await enroll { request, server in try server.make(.init(status: "3"), to: request) }
        let id = try #require(run.error?.transactionID)
        #expect(run.error == .pending(id))
    }
}

extension ReceivedReply {
    var issued: EncodedCertificate? {
        if case .success(let issued, _) = self { return issued }
        return nil
    }
}

extension TestCertificates {
    static func deviceKeyBits() throws -> [UInt8] {
        try SubjectPublicKeyInfo(deviceKey().publicKey).keyBits
    }
}
