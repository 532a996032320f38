// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// The URL at which a server speaks SCEP (RFC 8894 §4.1).
public struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    /// The path that is taken when a URL has none.
    public static let defaultPath = "/cgi-bin/pkiclient.exe"

    /// The URL, with its path and without a query.
    public let description: String
    /// The query that the URL brought along, percent-encoded; SCEP's own parameters follow it.
    private let query: String?

    /// Reads a URL.
    ///
    /// - Throws: `invalidInput` unless it is an http or https URL with a host, without credentials and fragment.
    public init(_ text: String) throws(SCEPClientError) {
        guard var components = URLComponents(string: text), let scheme = components.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = components.host, !host.isEmpty
        else { throw .invalidInput("the URL has to look like http://ca.example/scep") }
        guard components.user == nil, components.password == nil else {
            throw .invalidInput("the URL must not contain a user name or a password")
        }
        guard components.fragment == nil else { throw .invalidInput("the URL must not contain a '#'") }
        self.query = components.percentEncodedQuery.flatMap { $0.isEmpty ? nil : $0 }
        components.percentEncodedQuery = nil
        if components.percentEncodedPath.isEmpty || components.percentEncodedPath == "/" {
            components.percentEncodedPath = Self.defaultPath
        }
        guard let description = components.string else { throw .invalidInput("the URL can't be read") }
        self.description = description
    }

    /// The URL of a request.
    ///
    /// - Parameters:
    ///   - operation: what is asked.
    ///   - message: the value of `message`, not yet escaped; left out when nil.
    /// - Returns: the URL with its query.
    func request(_ operation: SCEPOperation, message: String? = nil) -> String {
        var parameters = query.map { [$0] } ?? []
        parameters.append("operation=" + operation.name)
        if let message { parameters.append("message=" + Self.escape(message)) }
        return description + "?" + parameters.joined(separator: "&")
    }

    /// Escapes everything but the unreserved characters (RFC 3986 §2.3): in base64 that is `+`, `/` and `=` (RFC 8894 §4.1).
    private static func escape(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                escaped += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
