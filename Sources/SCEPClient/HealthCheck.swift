// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Asks a server how it is, for containers that have no other HTTP client.
public enum HealthCheck: Sendable {
    /// Asks a URL.
    ///
    /// - Parameters:
    ///   - url: such as `http://127.0.0.1:8080/readyz`.
    ///   - timeout: how long to wait for an answer.
    /// - Returns: the HTTP status; nil when there is no answer.
    public static func status(_ url: String, timeout: Duration) async -> Int? {
        let client = HTTPClient(configuration: .scep)
        let answer = try? await client.execute(HTTPClientRequest(url: url), timeout: TimeAmount(timeout))
        try? await client.shutdown()
        return answer.map { Int($0.status.code) }
    }
}
