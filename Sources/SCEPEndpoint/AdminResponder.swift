// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A request below `/api/v1/` as it came over HTTP to a listener with the role `admin`.
public struct AdminHTTPRequest: Sendable {
    /// The method's name.
    public var method: String
    /// The path, percent-encoded.
    public var path: String
    /// The query, percent-encoded; empty if there is none.
    public var query: String
    /// The header fields in the order they came, with names in small letters.
    public var fields: [(name: String, value: String)]
    /// The body's bytes.
    public var body: [UInt8]
    /// The client's address.
    public var remoteAddress: String
    /// Whether it came over TLS.
    public var isSecure: Bool

    /// Puts a request together.
    public init(
        method: String,
        path: String,
        query: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        remoteAddress: String,
        isSecure: Bool
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
    }

    /// The value of the first field of a name in small letters.
    public func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// The answer to such a request.
public struct AdminHTTPResponse: Sendable {
    /// The status.
    public var status: Int
    /// The media type; nil if there is no body.
    public var contentType: String?
    /// The body.
    public var body: [UInt8]
    /// Further header fields; neither names nor values hold line ends.
    public var fields: [(name: String, value: String)]

    /// Puts an answer together.
    public init(
        status: Int,
        contentType: String? = nil,
        body: [UInt8] = [],
        fields: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.fields = fields
    }
}

/// Answers what administrators ask.
public protocol AdminResponder: Sendable {
    /// Answers a request.
    func respond(to request: AdminHTTPRequest) async -> AdminHTTPResponse

    /// The answer to a request that the listener turns away before anybody is asked.
    ///
    /// - Parameters:
    ///   - status: the answer's status.
    ///   - sentence: what is wrong with it.
    /// - Returns: the answer.
    func refusal(status: Int, sentence: String) -> AdminHTTPResponse

    /// Why a request for the metrics is not answered; nil if it is.
    func refusalOfMetrics(_ request: AdminHTTPRequest) async -> AdminHTTPResponse?
}
