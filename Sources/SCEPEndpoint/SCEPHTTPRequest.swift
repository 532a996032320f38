// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One SCEP request as it came over HTTP, with the mischief of transports undone.
///
/// The listener has parsed the URL, undone percent-encoding and base64 and enforced the size limits. Everything else,
/// above all whether the bytes of a `pkiOperation` are a pkiMessage, is for the ``SCEPResponder`` to find out.
public struct SCEPHTTPRequest: Sendable {
    /// The value of the `operation` parameter (RFC 8894, section 4.1), with the message of a PKIOperation.
    public enum Operation: Sendable, Equatable {
        /// `GetCACaps` (RFC 8894, section 3.5.1).
        case getCACaps
        /// `GetCACert` (RFC 8894, section 4.2).
        case getCACert
        /// `GetNextCACert` (RFC 8894, section 4.7).
        case getNextCACert
        /// `PKIOperation` (RFC 8894, section 4.3) with the pkiMessage's bytes, never empty; any POST is one of these.
        case pkiOperation([UInt8])
        /// A GET whose `operation` is none of the above: its value, percent-decoded and cut to 64 characters.
        case unknown(String)
        /// A GET without an `operation` parameter.
        case missing
    }

    /// Which profile the URL names.
    public var profile: ProfileSelector
    /// What the client asks for.
    public var operation: Operation
    /// The `message` parameter of the GET queries (once the CA-IDENT), percent-decoded; nil if there is none.
    public var message: String?
    /// The IP address of the TCP peer, in its textual form without a port.
    public var remoteAddress: String
    /// Whether the request came over TLS.
    public var isSecure: Bool

    /// Creates a request; the listener does this, and tests of a ``SCEPResponder``.
    public init(
        profile: ProfileSelector,
        operation: Operation,
        message: String? = nil,
        remoteAddress: String = "127.0.0.1",
        isSecure: Bool = false
    ) {
        self.profile = profile
        self.operation = operation
        self.message = message
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
    }
}
