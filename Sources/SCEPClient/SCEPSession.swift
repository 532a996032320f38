// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AsyncHTTPClient
internal import Cryptography
internal import NIOCore
public import SCEP

public import struct Foundation.Data
public import struct Foundation.Date

/// A client's dealings with one server: its capabilities, its CA certificates, enrolments and queries (RFC 8894 §2).
///
///     let enrolled = try await SCEPSession.run(with: server) { session in
///         let authority = try await session.authority(fingerprint: fingerprint)
///         return try await session.enroll(request, authority: authority).get()
///     }
public struct SCEPSession: Sendable {
    /// How a session speaks HTTP.
    public struct Options: Sendable, Hashable {
        /// How long one HTTP request may take, from connecting to the last byte of the answer.
        public var timeout: Duration
        /// How often a request is sent again, byte for byte, when its connection fails.
        public var resends: Int
        /// The pause before the first resend; it doubles with each.
        public var resendDelay: Duration
        /// The CA's identifier, sent as `message` of GetCACaps, GetCACert and GetNextCACert to servers that want one.
        public var caIdentifier: String?

        /// Puts options together.
        public init(
            timeout: Duration = .seconds(30),
            resends: Int = 2,
            resendDelay: Duration = .milliseconds(250),
            caIdentifier: String? = nil
        ) {
            self.timeout = timeout
            self.resends = max(0, min(resends, 10))
            self.resendDelay = resendDelay
            self.caIdentifier = caIdentifier
        }
    }

    /// Where the server is.
    public let server: ServerURL
    /// How it is spoken to.
    public let options: Options
    let exchange: HTTPExchange
    let now: @Sendable () -> Date

    /// Starts a session over an HTTP client of the caller's.
    ///
    /// - Parameters:
    ///   - server: where the server is.
    ///   - httpClient: made with `HTTPClient.Configuration.scep`, so that it follows no redirect.
    ///   - options: how the server is spoken to.
    ///   - now: the clock.
    public init(
        server: ServerURL,
        httpClient: HTTPClient,
        options: Options = Options(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.server = server
        self.options = options
        self.exchange = HTTPExchange(client: httpClient, options: options)
        self.now = now
    }

    /// Runs something with a session, whose HTTP client is shut down afterwards.
    public static func run<Result, Failure: Error>(
        with server: ServerURL,
        options: Options = Options(),
        now: @escaping @Sendable () -> Date = { Date() },
        _ body: (SCEPSession) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let client = HTTPClient(configuration: .scep)
        do throws(Failure) {
            let result = try await body(SCEPSession(server: server, httpClient: client, options: options, now: now))
            try? await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Asks for the server's capabilities.
    ///
    /// An HTTP error, or a connection that is closed instead of an answer, means none (RFC 8894 §3.5.2).
    ///
    /// - Throws: `network` when the server can't be reached, `oversizedAnswer`.
    public func capabilities() async throws(SCEPClientError) -> Capabilities {
        do throws(SCEPClientError) {
            let url = server.request(.getCACaps, message: options.caIdentifier)
            return Capabilities(body: try await exchange.get(url, .getCACaps))
        } catch {
            switch error {
            case .http, .network(_, .connectionClosed): return Capabilities(keywords: [])
            default: throw error
            }
        }
    }

    /// Asks for the CA's certificates, without judging them.
    ///
    /// - Throws: `network`, `http`, `oversizedAnswer`, `unusableCACertificates`.
    public func caCertificates() async throws(SCEPClientError) -> CACertificates {
        let body = try await exchange.get(server.request(.getCACert, message: options.caIdentifier), .getCACert)
        do throws(SCEPError) {
            return try CACertificates(body: body)
        } catch {
            throw .unusableCACertificates(error.reason)
        }
    }

    /// Asks for the CA's certificates and checks them.
    ///
    /// - Parameter fingerprint: the fingerprint of the CA that is meant. Without one nobody knows whose certificates they are.
    /// - Returns: the CA to enrol with.
    /// - Throws: as `caCertificates`, and as `TrustedAuthority.init`.
    public func authority(fingerprint: Fingerprint?) async throws(SCEPClientError) -> TrustedAuthority {
        try TrustedAuthority(await caCertificates(), fingerprint: fingerprint, now: now())
    }

    /// Asks for the certificates of the CA's next generation, and checks that the present one has signed them (RFC 8894 §4.7).
    ///
    /// To enrol with the next CA, give it to `enroll` or `renew`: the request is then encrypted to its certificate.
    ///
    /// - Parameter authority: the present CA.
    /// - Returns: the next CA.
    /// - Throws: `nextCARejected`, `unusableCACertificates` or `untrustedCACertificate`, and as `caCertificates`.
    public func nextAuthority(after authority: TrustedAuthority) async throws(SCEPClientError) -> TrustedAuthority {
        let url = server.request(.getNextCACert, message: options.caIdentifier)
        let body = try await exchange.get(url, .getNextCACert)
        let next: CACertificates
        do throws(SCEPError) {
            next = try NextCACertificates.read(body, authorities: authority.certificates)
        } catch {
            if case .unusableCACertificates(let reason) = error { throw .unusableCACertificates(reason) }
            throw .nextCARejected(error.reason)
        }
        return try TrustedAuthority(successor: next, of: authority, now: now())
    }

    // MARK: - pkiMessages

    /// Finds out how messages are made and sent; asks for the capabilities when nil.
    func plan(
        _ authority: TrustedAuthority,
        _ capabilities: Capabilities?,
        _ options: EnrollmentOptions
    ) async throws(SCEPClientError) -> MessagePlan {
        let known: Capabilities
        if let capabilities { known = capabilities } else { known = try await self.capabilities() }
        return try MessagePlan(authority: authority, capabilities: known, options: options, now: now())
    }

    /// Sends a message and checks the reply.
    ///
    /// - Returns: the reply; never `failure`.
    /// - Throws: `network`, `http`, `oversizedAnswer`, `refused`, `replyRejected`.
    func ask(
        _ message: ClientRequest,
        _ plan: MessagePlan,
        limit: Int = HTTPExchange.maximumAnswerBytes
    ) async throws(SCEPClientError) -> ReceivedReply {
        let bytes = try await send(message, by: plan.transport, limit: limit)
        let reply: ReceivedReply
        do throws(SCEPError) {
            reply = try ReceivedReply(bytes: bytes, to: message, authorities: plan.authority.replySigners)
        } catch {
            throw .replyRejected(error.reason, message.transactionID)
        }
        if case .failure(let failInfo, let text) = reply { throw .refused(failInfo, text: text, message.transactionID) }
        return reply
    }

    private func send(
        _ message: ClientRequest,
        by transport: Transport,
        limit: Int
    ) async throws(SCEPClientError) -> [UInt8] {
        let operation = SCEPOperation.pkiOperation(message.transactionID)
        switch transport {
        case .post:
            return try await exchange.post(server.request(operation), body: message.bytes, operation, limit: limit)
        case .get:
            let base64 = Data(message.bytes).base64EncodedString()
            return try await exchange.get(server.request(operation, message: base64), operation, limit: limit)
        }
    }
}

extension HTTPClient.Configuration {
    /// HTTP/1.1 without redirects, decompression and hidden repetitions.
    public static var scep: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }
}
