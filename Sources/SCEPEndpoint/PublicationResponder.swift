// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What gives a listener the documents it publishes: CRLs and CA certificates.
public protocol PublicationResponder: Sendable {
    /// Gives the document at a path such as `/crl/issuing.crl` or `/ca/issuing.cer`.
    ///
    /// The path is `/crl/{issuer}.crl` or `/ca/{issuer}.cer`, where the issuer consists of ASCII letters, digits, `.`,
    /// `_` and `-`, and does not begin with a dot.
    func document(at path: String) async -> Publication
}

/// What there is at a path.
public enum Publication: Sendable {
    /// A document.
    case document(PublishedDocument)
    /// No document, nor will there be one: HTTP 404.
    case absent
    /// A document that can't be had now: HTTP 503, with Retry-After.
    case unavailable(retryAfter: Duration)
}

/// A published document with what caches need to know of it.
public struct PublishedDocument: Sendable {
    /// The bytes of the document.
    public var body: [UInt8]
    /// The media type, sent as it is, such as `application/pkix-crl`.
    public var contentType: String
    /// When the document was made, in seconds since 1970-01-01T00:00:00Z; nil omits Last-Modified.
    public var lastModified: Int64?
    /// How long caches may keep it; nil omits Cache-Control.
    public var maxAge: Duration?

    /// Creates a document.
    public init(body: [UInt8], contentType: String, lastModified: Int64? = nil, maxAge: Duration? = nil) {
        self.body = body
        self.contentType = contentType
        self.lastModified = lastModified
        self.maxAge = maxAge
    }
}
