// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Sends requests and reads answers whole.
struct HTTPExchange: Sendable {
    /// The media type of a pkiMessage (RFC 8894 §4.3).
    static let messageContentType = "application/x-pki-message"
    /// The longest answer that is read, in bytes: a dozen certificates fill a hundredth of it.
    static let maximumAnswerBytes = 1 << 20
    /// The longest answer with a CRL that is read, in bytes: some hundred thousand entries.
    static let maximumListBytes = 16 << 20

    let client: HTTPClient
    let options: SCEPSession.Options

    func get(
        _ url: String,
        _ operation: SCEPOperation,
        limit: Int = maximumAnswerBytes
    ) async throws(SCEPClientError) -> [UInt8] {
        try await repeated(HTTPClientRequest(url: url), operation, limit)
    }

    func post(
        _ url: String,
        body: [UInt8],
        _ operation: SCEPOperation,
        limit: Int = maximumAnswerBytes
    ) async throws(SCEPClientError) -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: Self.messageContentType)
        request.body = .bytes(ByteBuffer(bytes: body))
        return try await repeated(request, operation, limit)
    }

    /// Gets a file from anywhere, if it is there.
    func download(_ url: String, limit: Int) async -> [UInt8]? {
        let request = HTTPClientRequest(url: url)
        guard let response = try? await client.execute(request, timeout: .nanoseconds(options.timeout.nanoseconds)),
            response.status == .ok, let body = try? await response.body.collect(upTo: limit)
        else { return nil }
        return Array(buffer: body)
    }

    /// Sends the same bytes again when a connection fails, so that a lost reply costs no second transaction.
    private func repeated(
        _ request: HTTPClientRequest,
        _ operation: SCEPOperation,
        _ limit: Int
    ) async throws(SCEPClientError) -> [UInt8] {
        var delay = options.resendDelay
        for _ in 0..<options.resends {
            do throws(SCEPClientError) {
                return try await once(request, operation, limit)
            } catch {
                guard case .network(_, let failure) = error, failure.isTransient else { throw error }
                do {
                    try await Task.sleep(for: delay)
                } catch {
                    throw .network(operation, .other("it was cancelled"))
                }
                delay *= 2
            }
        }
        return try await once(request, operation, limit)
    }

    private func once(
        _ request: HTTPClientRequest,
        _ operation: SCEPOperation,
        _ limit: Int
    ) async throws(SCEPClientError) -> [UInt8] {
        var request = request
        request.headers.replaceOrAdd(name: "User-Agent", value: "sceptic")
        do {
            let response = try await client.execute(request, timeout: .nanoseconds(options.timeout.nanoseconds))
            guard response.status == .ok else {
                throw SCEPClientError.http(
                    operation,
                    status: Int(response.status.code),
                    line: try? Self.line(await response.body.collect(upTo: 65_536)),
                    location: response.headers.first(name: "Location").map { $0.printable(300) }
                )
            }
            return Array(buffer: try await response.body.collect(upTo: limit))
        } catch let error as SCEPClientError {
            throw error
        } catch is NIOTooManyBytesError {
            throw .oversizedAnswer(operation, limit: limit)
        } catch {
            throw .network(operation, NetworkFailure(error))
        }
    }

    /// The first line of a text, if it is one that a person can read.
    private static func line(_ body: ByteBuffer) -> String? {
        guard let text = String(validating: body.readableBytesView, as: UTF8.self),
            let line = text.split(whereSeparator: \.isNewline).first
        else { return nil }
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        return trimmed.isEmpty || trimmed.hasPrefix("<") ? nil : trimmed.printable(200)
    }
}

extension Duration {
    /// The duration in nanoseconds, at most 292 years.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }
}

extension NetworkFailure {
    init(_ error: any Error) {
        switch error {
        case let error as HTTPClientError: self = Self.failure(error)
        case let error as NIOConnectionError: self = .notReached(Self.reason(error))
        case let error as NIOSSLError: self = .tls(Self.reason(error))
        case is NIOSSLExtraError: self = .tls("the certificate does not fit the server's name")
        case let error as IOError: self = Self.failure(error)
        case ChannelError.connectTimeout: self = .notReached("there was no answer to the connection in time")
        case is ChannelError: self = .connectionClosed
        default: self = .other("\(error)".printable(200))
        }
    }

    /// NIOSSL's own text names source files of the machine that built it.
    private static func reason(_ error: NIOSSLError) -> String {
        switch error {
        case .handshakeFailed(.sslError(let errors)) where "\(errors)".contains("CERTIFICATE_VERIFY_FAILED"):
            "this system does not trust the server's TLS certificate"
        case .unableToValidateCertificate: "this system does not trust the server's TLS certificate"
        default: "the handshake failed"
        }
    }

    private static func failure(_ error: HTTPClientError) -> NetworkFailure {
        switch error {
        case .remoteConnectionClosed, .uncleanShutdown: .connectionClosed
        case .deadlineExceeded, .readTimeout, .writeTimeout: .timedOut
        case .connectTimeout: .notReached("there was no answer to the connection in time")
        case .getConnectionFromPoolTimeout: .notReached("there was no connection in time")
        case .tlsHandshakeTimeout: .tls("there was no answer in time")
        default: .other("\(error)".printable(200))
        }
    }

    private static func failure(_ error: IOError) -> NetworkFailure {
        switch error.errnoCode {
        case ECONNRESET, EPIPE, ECONNABORTED: .connectionClosed
        default: .notReached(reason(error.errnoCode))
        }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        guard let failure = error.connectionErrors.first?.error else {
            return "there is no address for the name '\(error.host)'".printable(200)
        }
        return (failure as? IOError).map { reason($0.errnoCode) } ?? "\(failure)".printable(200)
    }

    private static func reason(_ code: CInt) -> String {
        unsafe String(cString: strerror(code)).lowercased()
    }
}
