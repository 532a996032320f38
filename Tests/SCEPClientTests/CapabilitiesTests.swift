// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import NIOHTTP1
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct CapabilitiesTests {
    @Test(arguments: [
        "AES\nSHA-256\nPOSTPKIOperation\n", "AES\r\nSHA-256\r\nPOSTPKIOperation\r\n",
        "AES\nSHA-256\r\nPOSTPKIOperation",
    ])
    func requirement24ReadsListsSeparatedByLFAndByCRLF(_ body: String) async throws {
        let (capabilities, _) = try await capabilities(.text(body))
        #expect(capabilities.keywords == ["AES", "SHA-256", "POSTPKIOperation"])
    }

    @Test func requirement25IgnoresUnknownKeywords() async throws {
        var server = try FakeServer()
        server.capabilities = .text("Example-Keyword\nMD5\nAES\n!?\nSHA-256\nPOSTPKIOperation\n")
        let run = try await enroll(server)
        let enrolled = try run.result.get()
        #expect(enrolled.cipher == .aes128CBC)
        #expect(enrolled.digest == .sha256)
        #expect(enrolled.transport == .post)
    }

    @Test func requirement26ComparesKeywordsInAnyCase() async throws {
        let (capabilities, _) = try await capabilities(.text("scepstandard\npostPkiOperation\n"))
        #expect(capabilities.isSCEPStandard)
        #expect(capabilities.supportsPOST)
    }

    @Test(arguments: ["text/html", "application/octet-stream", "application/x-pki-message", ""])
    func requirement27IgnoresTheContentType(_ type: String) async throws {
        let fields = type.isEmpty ? [] : [("Content-Type", type)]
        let (capabilities, _) = try await capabilities(.reply(.ok, fields, Array("SCEPStandard\n".utf8)))
        #expect(capabilities.keywords == ["SCEPStandard"])
    }

    @Test func requirement28TakesAnEmptyAnswerForNoCapabilities() async throws {
        #expect(try await capabilities(.bytes([])).0.keywords.isEmpty)
    }

    @Test func requirement28TakesAnHTTPErrorForNoCapabilities() async throws {
        #expect(try await capabilities(.text("SCEPStandard", .notFound)).0.keywords.isEmpty)
        #expect(try await capabilities(.text("SCEPStandard", .internalServerError)).0.keywords.isEmpty)
    }

    @Test func requirement28TakesAClosedConnectionForNoCapabilities() async throws {
        #expect(try await capabilities(.close).0.keywords.isEmpty)
    }

    @Test func requirement28EnrolsWithoutCapabilities() async throws {
        var server = try FakeServer()
        server.capabilities = .text("", .notFound)
        let enrolled = try await enroll(server).result.get()
        #expect(enrolled.transport == .get)
    }

    @Test(arguments: [
        ("SCEPStandard", DigestAlgorithm.sha256, ContentCipher.aes128CBC),
        ("SHA-1\nSHA-256\nSHA-512\nDES3\nAES", .sha256, .aes128CBC),
        ("SHA-1\nDES3", .sha1, .tripleDESCBC),
    ])
    func requirement29PrefersSHA256AndAES128(
        _ body: String,
        digest: DigestAlgorithm,
        cipher: ContentCipher
    ) async throws {
        var server = try FakeServer()
        server.capabilities = .text(body)
        let run = try await enroll(server)
        let enrolled = try run.result.get()
        #expect(enrolled.digest == digest)
        #expect(enrolled.cipher == cipher)
        let sent = try #require(run.requests("PKIOperation").first)
        let message = try server.open(FakeServer.pkiMessage(sent)).message
        #expect(message.digest == digest)
        #expect(message.cipher == cipher)
    }

    @Test func requirement14NeverFallsToDESOrMD5() async throws {
        var server = try FakeServer()
        server.capabilities = .text("DES\nMD5\nPOSTPKIOperation")
        let run = try await enroll(server)
        let sent = try #require(run.requests("PKIOperation").first)
        let message = try server.open(FakeServer.pkiMessage(sent)).message
        #expect(message.digest == .sha256)
        #expect(message.cipher == .aes128CBC)
    }

    @Test(arguments: [
        EnrollmentOptions(digest: .insecureMD5), EnrollmentOptions(cipher: .insecureDESCBC),
    ])
    func requirement11And12RefuseToSendDESAndMD5(_ options: EnrollmentOptions) async throws {
        let run = try await enroll(try FakeServer(), options: options)
        guard case .requestNotMade = run.error else {
            Issue.record("\(run.result)")
            return
        }
        #expect(run.requests("PKIOperation").isEmpty)
    }

    @Test func requirement30StopsWhenSCEPStandardIsExpectedAndMissing() async throws {
        var server = try FakeServer()
        server.capabilities = .text("AES\nSHA-256\nPOSTPKIOperation\n")
        let run = try await enroll(server, options: EnrollmentOptions(standard: .required))
        #expect(run.error == .standardNotAnnounced)
        #expect(run.requests("PKIOperation").isEmpty)
    }

    @Test func requirement30GoesOnWhenSCEPStandardIsExpectedAndThere() async throws {
        let run = try await enroll(try FakeServer(), options: EnrollmentOptions(standard: .required))
        #expect(run.error == nil)
    }

    @Test func usesTheAlgorithmsThatAreAskedFor() async throws {
        let server = try FakeServer()
        let options = EnrollmentOptions(digest: .sha512, cipher: .aes256CBC)
        let run = try await enroll(server, options: options)
        let sent = try #require(run.requests("PKIOperation").first)
        let message = try server.open(FakeServer.pkiMessage(sent)).message
        #expect(message.digest == .sha512)
        #expect(message.cipher == .aes256CBC)
    }
}
