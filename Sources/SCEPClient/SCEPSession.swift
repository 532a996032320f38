// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AsyncHTTPClient
internal import Cryptography
internal import NIOCore
internal import PKIX
public import SCEP

public import struct Foundation.Data
public import struct Foundation.Date

/// A client's dealings with one server: its capabilities, its CA certificates, an enrolment (RFC 8894 §2).
///
///     let certificate = try await SCEPSession.run(with: server) { session in
///         let authority = try await session.authority(fingerprint: fingerprint)
///         return try await session.enroll(request, authority: authority)
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
        /// The CA's identifier, sent as `message` of GetCACaps and GetCACert to servers that want one.
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
    private let exchange: HTTPExchange
    private let now: @Sendable () -> Date

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

    /// Enrols: asks for a certificate and checks what comes back (RFC 8894 §4.3).
    ///
    /// - Parameters:
    ///   - request: what is asked for.
    ///   - authority: the CA that is asked, already checked: there is no way to send a challenge to another one.
    ///   - capabilities: the server's capabilities; asked for when nil.
    ///   - options: how it is done.
    ///   - transactionID: the name of the operation; a fresh random one when nil.
    /// - Returns: the certificate, which is for the request's key and signed under the authority.
    /// - Throws: every error but `fingerprintMismatch`; `pending` when the request waits for approval.
    public func enroll(
        _ request: EnrollmentRequest,
        authority: TrustedAuthority,
        capabilities: Capabilities? = nil,
        options: EnrollmentOptions = EnrollmentOptions(),
        transactionID: TransactionID? = nil
    ) async throws(SCEPClientError) -> EnrolledCertificate {
        try EnrollmentRequest.check(request.key.publicKey.algorithm)
        let known: Capabilities
        if let capabilities { known = capabilities } else { known = try await self.capabilities() }
        guard options.standard == .optional || known.isSCEPStandard else { throw .standardNotAnnounced }
        let algorithms = try ClientRequest.Options(known, options)
        let transport = options.transport ?? (known.supportsPOST ? .post : .get)
        let message = try ClientRequest(
            request,
            authority: authority,
            algorithms: algorithms,
            transactionID: transactionID,
            now: now()
        )
        let reply = try await send(message, by: transport)
        switch try Self.read(reply, to: message, authority: authority) {
        case .failure(let failInfo, let text): throw .refused(failInfo, text: text, message.transactionID)
        case .pending: throw .pending(message.transactionID)
        case .certificateList: throw .replyRejected("it holds a CRL instead of a certificate", message.transactionID)
        case .success(let issued, let others):
            guard let chain = authority.chain(above: issued, with: others, now: now()) else {
                throw .replyRejected("the certificate in it is not signed by the CA", message.transactionID)
            }
            return EnrolledCertificate(
                certificate: issued,
                chain: chain,
                transactionID: message.transactionID,
                transport: transport,
                digest: algorithms.digest,
                cipher: algorithms.cipher
            )
        }
    }

    private func send(_ message: ClientRequest, by transport: Transport) async throws(SCEPClientError) -> [UInt8] {
        let operation = SCEPOperation.pkiOperation(message.transactionID)
        switch transport {
        case .post: return try await exchange.post(server.request(operation), body: message.bytes, operation)
        case .get:
            let base64 = Data(message.bytes).base64EncodedString()
            return try await exchange.get(server.request(operation, message: base64), operation)
        }
    }

    private static func read(
        _ bytes: [UInt8],
        to message: ClientRequest,
        authority: TrustedAuthority
    ) throws(SCEPClientError) -> ReceivedReply {
        do throws(SCEPError) {
            return try ReceivedReply(bytes: bytes, to: message, authorities: authority.certificates)
        } catch {
            throw .replyRejected(error.reason, message.transactionID)
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
