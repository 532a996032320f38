// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// Where a server that is probed speaks SCEP, taken apart as far as hand-written requests need it.
package struct ProbeURL: Sendable, Hashable, CustomStringConvertible {
    /// The path that is taken when a URL has none (RFC 8894 §4.1).
    package static let defaultPath = "/cgi-bin/pkiclient.exe"

    /// Whether it is an https URL.
    package let isSecure: Bool
    /// The host's name or address, without brackets.
    package let host: String
    /// The port.
    package let port: Int
    /// The path, percent-encoded.
    package let path: String
    /// The query that the URL brought along, percent-encoded; nil when there is none.
    package let query: String?

    /// Reads a URL; nil unless it is an http or https URL with a host and without credentials and fragment.
    package init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.password == nil, parts.fragment == nil
        else { return nil }
        self.isSecure = scheme == "https"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = parts.port ?? (scheme == "https" ? 443 : 80)
        let path = parts.percentEncodedPath
        self.path = path.isEmpty || path == "/" ? Self.defaultPath : path
        self.query = parts.percentEncodedQuery.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The host and port as the Host field has them.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// The URL again, without its query, which may hold something secret.
    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }

    /// The request target of an operation; what `message` holds must be escaped already.
    func target(_ operation: String?, message: String? = nil, path other: String? = nil) -> String {
        var parameters = query.map { [$0] } ?? []
        if let operation { parameters.append("operation=" + operation) }
        if let message { parameters.append("message=" + message) }
        return (other ?? path) + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }

    /// Base64 of a message in the standard alphabet, its `+ / =` escaped (RFC 8894 §4.1).
    static func escapedBase64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "%2B").replacing("/", with: "%2F")
            .replacing("=", with: "%3D")
    }

    /// Base64 of a message in the standard alphabet.
    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
