// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient

/// How an enrolment against a fake server went, and what was asked of the server.
struct Run: Sendable {
    var result: Result<EnrolledCertificate, SCEPClientError>
    var requests: [LoopbackServer.Request]

    var error: SCEPClientError? {
        if case .failure(let error) = result { return error }
        return nil
    }

    /// The requests of one operation.
    func requests(_ operation: String) -> [LoopbackServer.Request] {
        requests.filter { $0.parameter("operation") == operation }
    }
}

/// Short pauses, so that what is sent again is sent soon.
let quick = SCEPSession.Options(timeout: .seconds(10), resends: 2, resendDelay: .milliseconds(5))

func request(_ challenge: String = "secret", names: [RequestedName] = []) throws -> EnrollmentRequest {
    EnrollmentRequest(
        subject: try Name("CN=device-1,O=Example"),
        key: try TestCertificates.deviceKey(),
        challenge: ChallengePassword(challenge),
        alternativeNames: names
    )
}

/// Enrols against a fake server, from capabilities to certificate.
func enroll(
    _ server: FakeServer,
    path: String = "/scep",
    request wanted: EnrollmentRequest? = nil,
    fingerprint: Fingerprint? = nil,
    options: EnrollmentOptions = EnrollmentOptions(),
    session: SCEPSession.Options = quick,
    transactionID: TransactionID? = nil
) async throws -> Run {
    let wanted = try wanted ?? request()
    return try await LoopbackServer.run(server.answer) { loopback in
        let url = try ServerURL(loopback.url(path))
        var result: Result<EnrolledCertificate, SCEPClientError>
        do throws(SCEPClientError) {
            let enrolled = try await SCEPSession.run(with: url, options: session) {
                session throws(SCEPClientError) in
                let authority = try await session.authority(fingerprint: fingerprint)
                return try await session.enroll(
                    wanted,
                    authority: authority,
                    options: options,
                    transactionID: transactionID
                ).get()
            }
            result = .success(enrolled)
        } catch {
            result = .failure(error)
        }
        return Run(result: result, requests: loopback.requests)
    }
}

/// Enrols against a server whose reply to the message is what a test makes of it.
func enroll(
    replying reply: @escaping @Sendable (OpenedRequest, FakeServer) throws -> [UInt8]
) async throws -> Run {
    var server = try FakeServer()
    server.message = { FakeServer.reply(try reply($0, $1)) }
    return try await enroll(server)
}

/// Whether a reply was rejected, with a certain word in the reason.
func isRejected(_ run: Run, because word: String) -> Bool {
    guard case .replyRejected(let reason, _) = run.error else { return false }
    return reason.contains(word)
}

func capabilities(_ answer: LoopbackServer.Answer) async throws -> (Capabilities, [LoopbackServer.Request]) {
    try await LoopbackServer.run { _ in
        answer
    } _: { server in
        let url = try ServerURL(server.url())
        let found = try await SCEPSession.run(with: url, options: quick) {
            session throws(SCEPClientError) in try await session.capabilities()
        }
        return (found, server.requests)
    }
}

/// Runs something with a session and the CA of a fake server, and says what was asked of the server.
func dealing<Result: Sendable>(
    with server: FakeServer,
    fingerprint: Fingerprint? = nil,
    _ body: (SCEPSession, TrustedAuthority) async throws(SCEPClientError) -> Result
) async throws -> (result: Swift.Result<Result, SCEPClientError>, requests: [LoopbackServer.Request]) {
    try await LoopbackServer.run(server.answer) { loopback in
        let url = try ServerURL(loopback.url())
        let result: Swift.Result<Result, SCEPClientError>
        do throws(SCEPClientError) {
            let value = try await SCEPSession.run(with: url, options: quick) {
                session throws(SCEPClientError) in
                try await body(session, try await session.authority(fingerprint: fingerprint))
            }
            result = .success(value)
        } catch {
            result = .failure(error)
        }
        return (result, loopback.requests)
    }
}

/// The pkiMessages among requests, opened.
func messages(_ requests: [LoopbackServer.Request], _ server: FakeServer) throws -> [OpenedRequest] {
    try requests.filter { $0.parameter("operation") == "PKIOperation" }
        .map { try server.open(FakeServer.pkiMessage($0)) }
}

extension Result {
    /// The error, if it is one.
    var error: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}

/// Polls that follow each other quickly.
let quickly = PollingLimits(interval: .milliseconds(2), maximumCount: 20, maximumDuration: .seconds(60))
