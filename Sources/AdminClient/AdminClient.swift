// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import StrictJSON

internal import struct Foundation.URL
internal import struct Foundation.UUID

/// Asks a server to carry operations out.
public struct AdminClient: Sendable {
    /// The most bytes of an answer: a page of a thousand certificates has some megabytes.
    private static let maximumAnswerByteCount = 64 << 20
    private static let timeLimit = TimeAmount.seconds(60)
    /// For what reads all of a table.
    private static let longTimeLimit = TimeAmount.hours(2)

    private let base: String
    private let token: String
    private let tls: TLSConfiguration

    /// Puts a client together.
    ///
    /// - Parameters:
    ///   - server: the server's address, such as `https://scep.example:8443`; plain `http` only to this machine, since a token goes with it.
    ///   - token: the token that says who asks.
    ///   - authorities: a PEM file with the CAs that the server's certificate may be from; the system's if nil.
    /// - Throws: `AdminClientError`.
    public init(server: String, token: String, authorities: String? = nil) throws(AdminClientError) {
        guard let url = URL(string: server), let host = url.host(), !host.isEmpty, url.query() == nil,
            url.user() == nil
        else { throw .unusable("'\(server)' is no server's address", hint: "Write it like https://scep.example:8443.") }
        guard ["", "/"].contains(url.path()) else {
            throw .unusable("the server's address has no path", hint: "Leave '\(url.path())' out.")
        }
        let isLocal = ["127.0.0.1", "::1", "[::1]", "localhost"].contains(host)
        guard url.scheme == "https" || (url.scheme == "http" && isLocal) else {
            throw .unusable("a token goes over https only, or stays on this machine", hint: nil)
        }
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .unusable("the token is empty, or none", hint: nil)
        }
        base = String(server.reversed().drop { $0 == "/" }.reversed())
        self.token = token
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authorities {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities))
            } catch {
                throw .unusable("there are no certificates in \(authorities)", hint: nil)
            }
        }
        self.tls = tls
    }

    /// Has the server carry an operation out.
    ///
    /// What makes something is asked with a key of its own, so that asking again after a lost answer does not make it twice.
    ///
    /// - Throws: `ProblemDetails` as the server tells it, or `AdminClientError`.
    public func perform<Operation: AdminOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input
    ) async throws -> Operation.Output {
        let wire = try WireRequest(operation, input)
        var request = HTTPClientRequest(url: base + wire.path + (wire.query.isEmpty ? "" : "?" + wire.query))
        request.method = HTTPMethod(rawValue: Operation.endpoint.method.rawValue)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        request.headers.add(name: "Accept", value: "application/json, \(ProblemDetails.mediaType)")
        if let tag = wire.ifMatch { request.headers.add(name: "If-Match", value: "\"\(tag)\"") }
        if let body = wire.body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body.written))
        }
        if Operation.creates {
            request.headers.add(name: IdempotencyKey.field, value: UUID().uuidString.lowercased())
        }
        let answer = try await send(
            request,
            within: Operation.takesLong ? Self.longTimeLimit : Self.timeLimit,
            mayRepeat: Self.mayRepeat(operation)
        )
        return try Self.read(operation, answer)
    }

    /// Whether something may be asked again when no answer came: it does no harm, and costs the server little.
    static func mayRepeat<Operation: AdminOperation>(_ operation: Operation.Type) -> Bool {
        (Operation.creates || Operation.isReading) && !Operation.takesLong
    }

    private struct Received {
        var status: Int
        var type: String
        var body: [UInt8]
    }

    private func send(
        _ request: HTTPClientRequest,
        within limit: TimeAmount,
        mayRepeat: Bool
    ) async throws -> Received {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(10))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Received, any Error>
        do {
            result = .success(try await Self.send(request, client, within: limit))
        } catch  where mayRepeat && !(error is AdminClientError) {
            do {
                result = .success(try await Self.send(request, client, within: limit))
            } catch {
                result = .failure(error)
            }
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        do {
            return try result.get()
        } catch let error as AdminClientError {
            throw error
        } catch {
            throw AdminClientError.unreachable("\(base): \(ExchangeFailure.words(error))")
        }
    }

    private static func send(
        _ request: HTTPClientRequest,
        _ client: HTTPClient,
        within limit: TimeAmount
    ) async throws -> Received {
        let response = try await client.execute(request, timeout: limit)
        let body = try await response.body.collect(upTo: maximumAnswerByteCount)
        return Received(
            status: Int(response.status.code),
            type: response.headers.first(name: "content-type") ?? "",
            body: Array(body.readableBytesView)
        )
    }

    private static func read<Operation: AdminOperation>(
        _ operation: Operation.Type,
        _ answer: Received
    ) throws -> Operation.Output {
        if (200..<300).contains(answer.status) {
            let bytes = answer.body.isEmpty ? Array("{}".utf8) : answer.body
            guard let value = try? JSONValue(strictly: bytes, maximumDepth: 64),
                let output = try? AdminJSON.document(Operation.Output.self, value)
            else { throw AdminClientError.strange("its answer can't be read; is it of another version?") }
            return output
        }
        guard answer.type.hasPrefix(ProblemDetails.mediaType), let value = try? JSONValue(strictly: answer.body),
            let problem = try? AdminJSON.document(ProblemDetails.self, value)
        else { throw AdminClientError.strange("it answers with HTTP \(answer.status), and not as this program does") }
        throw problem
    }
}
