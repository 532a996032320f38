// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Why another system's answer did not come, in words for administrators.
struct ExchangeFailure: Error, Hashable {
    /// The reason, without anything that was sent.
    var sentence: String
    /// Whether asking again may help.
    var isTransient: Bool
}

/// An answer as it came.
struct HTTPAnswer: Sendable, Hashable {
    var status: Int
    var body: [UInt8]
}

/// A question to another system.
struct HTTPQuestion: Sendable {
    var url: String
    /// What is posted; nil asks by GET.
    var body: [UInt8]?
    var fields: [(name: String, value: String)] = []
    /// A file with the certificates that are trusted instead of the system's.
    var trustRoots: String?
    /// The longest answer that is read, in bytes.
    var maximumAnswerByteCount: Int
    /// How long the whole of it may take.
    var time: Duration
}

/// Asks other systems over HTTP: never follows a redirect, never reads more than a limit, never takes longer than its time.
enum HTTPExchange {
    /// One for the life of the process: its connections are kept by host and by what is trusted there.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10)),
            decompression: .disabled
        )
        // A source has at most as many questions on their way (`WebhookSourceSettings.parallel`).
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Old hosts: one protocol is enough, and each connection carries one question.
        configuration.httpVersion = .http1Only
        // Whether a question is sent again is the source's decision.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// The answer, whatever its status.
    static func ask(_ question: HTTPQuestion) async throws(ExchangeFailure) -> HTTPAnswer {
        var request = HTTPClientRequest(url: question.url)
        for field in question.fields { request.headers.add(name: field.name, value: field.value) }
        request.headers.replaceOrAdd(name: "User-Agent", value: "sceptic")
        if let body = question.body {
            request.method = .POST
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        if let path = question.trustRoots { request.tlsConfiguration = try trusting(path) }
        do {
            let (request, limit) = (request, question.maximumAnswerByteCount)
            return try await within(question.time) {
                let response = try await client.execute(request, deadline: .distantFuture)
                let body = try await response.body.collect(upTo: limit)
                return HTTPAnswer(status: Int(response.status.code), body: Array(buffer: body))
            }
        } catch {
            throw ExchangeFailure(error, limit: question.maximumAnswerByteCount)
        }
    }

    /// The file is read at each question, so that it can be exchanged while the server runs.
    private static func trusting(_ path: String) throws(ExchangeFailure) -> TLSConfiguration {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw ExchangeFailure(sentence: "there is no certificate in the file '\(path)'", isTransient: false)
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(certificates)
        return configuration
    }
}

extension ExchangeFailure {
    fileprivate init(_ error: any Error, limit: Int) {
        switch error {
        case is TimeIsOver, is CancellationError:
            self.init(sentence: "there was no answer in time", isTransient: false)
        case is NIOTooManyBytesError:
            self.init(sentence: "the answer is longer than \(limit) bytes", isTransient: false)
        case is NIOSSLError, is NIOSSLExtraError:
            self.init(sentence: "its TLS certificate is not trusted, or the handshake failed", isTransient: true)
        case is NIOConnectionError, is IOError:
            self.init(sentence: "it could not be reached", isTransient: true)
        case is ChannelError:
            self.init(sentence: "the connection ended before the answer", isTransient: true)
        case let error as HTTPClientError: self.init(error)
        default:
            // Their own texts may name URLs, with what stands in them.
            self.init(sentence: "it gave no valid HTTP answer", isTransient: true)
        }
    }
    private init(_ error: HTTPClientError) {
        switch error {
        case .deadlineExceeded, .cancelled:
            self.init(sentence: "there was no answer in time", isTransient: false)
        case .connectTimeout:
            self.init(sentence: "it could not be reached", isTransient: true)
        case .remoteConnectionClosed, .uncleanShutdown:
            self.init(sentence: "the connection ended before the answer", isTransient: true)
        default:
            self.init(sentence: "it gave no valid HTTP answer", isTransient: true)
        }
    }
}
