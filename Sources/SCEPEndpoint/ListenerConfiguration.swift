// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Where a listener listens, what it serves and what it puts up with.
public struct ListenerConfiguration: Sendable, Hashable {
    /// The credential of a listener that speaks TLS.
    public struct TLS: Sendable, Hashable {
        /// The path of a PEM file with the server's certificate first and its intermediate certificates after it.
        public var certificateChainFile: String
        /// The path of a PEM file with the certificate's private key, not encrypted.
        public var privateKeyFile: String

        /// Creates a TLS credential from two PEM files, which are read when the listener starts.
        public init(certificateChainFile: String, privateKeyFile: String) {
            self.certificateChainFile = certificateChainFile
            self.privateKeyFile = privateKeyFile
        }
    }

    /// The address or host name to bind, such as `127.0.0.1`, `::` or `0.0.0.0`.
    public var host: String
    /// The TCP port to bind; 0 lets the system choose (see ``SCEPListener/boundAddress()``).
    public var port: Int
    /// A socket that somebody else has bound already, such as systemd; nil to bind one.
    public var descriptor: CInt?
    /// What is served here.
    public var roles: Set<ListenerRole>
    /// The credential for TLS 1.2 and up, or nil for plain HTTP; a client certificate is never asked for.
    public var tls: TLS?
    /// Sizes, times and numbers beyond which a client is turned away.
    public var limits: ListenerLimits

    /// Creates a configuration.
    public init(
        host: String = "127.0.0.1",
        port: Int,
        roles: Set<ListenerRole> = [.scep, .publication],
        tls: TLS? = nil,
        limits: ListenerLimits = ListenerLimits()
    ) {
        self.host = host
        self.port = port
        self.roles = roles
        self.tls = tls
        self.limits = limits
    }

    /// A listener for administration: its bodies may be as long as ten thousand registrations are.
    public static func administration(host: String, port: Int, tls: TLS? = nil) -> ListenerConfiguration {
        var limits = ListenerLimits()
        limits.bodyBytes = 8 << 20
        limits.connections = 256
        return ListenerConfiguration(host: host, port: port, roles: [.admin], tls: tls, limits: limits)
    }
}

/// The address a listener is bound to.
public struct BoundAddress: Sendable, Hashable {
    /// The IP address in its textual form.
    public var host: String
    /// The TCP port.
    public var port: Int

    /// Creates an address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
