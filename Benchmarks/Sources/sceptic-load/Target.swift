// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import NIOCore
import NIOHTTP1

/// A request as it goes out.
struct OutgoingRequest: Sendable {
    var head: HTTPRequestHead
    var body: ByteBuffer?
}

/// The SCEP URL of the server, taken apart once.
struct Target: Sendable {
    let host: String
    let port: Int
    private let path: String

    init(_ url: String) throws {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host, parts.query == nil
        else { throw Unusable("--url takes an http URL without a query: \(url)") }
        self.host = host
        self.port = parts.port ?? 80
        self.path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
    }

    /// A request without a body.
    func get(_ operation: String) -> OutgoingRequest {
        OutgoingRequest(head: head(.GET, operation, [:]))
    }

    /// A PKIOperation.
    func post(_ message: [UInt8]) -> OutgoingRequest {
        let headers: HTTPHeaders = ["Content-Type": "application/x-pki-message", "Content-Length": "\(message.count)"]
        return OutgoingRequest(head: head(.POST, "PKIOperation", headers), body: ByteBuffer(bytes: message))
    }

    private func head(_ method: HTTPMethod, _ operation: String, _ headers: HTTPHeaders) -> HTTPRequestHead {
        let headers = HTTPHeaders([("Host", "\(host):\(port)")] + headers)
        return HTTPRequestHead(
            version: .http1_1,
            method: method,
            uri: "\(path)?operation=\(operation)",
            headers: headers
        )
    }
}
