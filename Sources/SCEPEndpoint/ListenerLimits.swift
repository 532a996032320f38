// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Sizes, times and numbers beyond which a listener turns a client away.
public struct ListenerLimits: Sendable, Hashable {
    /// Bytes of a request line (default 96 KiB); beyond it the answer is 414.
    ///
    /// A GET carries its pkiMessage here: RSA-4096 keys, several certificates or a long challenge make tens of KiB.
    public var requestLineBytes: Int = 96 * 1024
    /// Bytes of all header fields together (default 32 KiB); beyond it the answer is 431.
    public var headerFieldBytes: Int = 32 * 1024
    /// Number of header fields (default 128); beyond it the answer is 431.
    public var headerFieldCount: Int = 128
    /// Bytes of a body (default 1 MiB); beyond it the answer is 413.
    public var bodyBytes: Int = 1024 * 1024
    /// Bytes of a body of the admin API that says nothing of who sends it (default 64 KiB); beyond it the answer is 413.
    public var anonymousBodyBytes: Int = 64 * 1024
    /// Bytes of all longer bodies of the admin API that are under way at once (default 64 MiB); beyond it the answer is 503.
    public var pendingBodyBytes: Int = 64 * 1024 * 1024
    /// How long a connection may wait for the first byte of a request (default 60 s); then it is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a request's head may take from its first byte on (default 15 s); then the answer is 408.
    public var headTimeout: Duration = .seconds(15)
    /// How long a request's body may take after its head (default 60 s); then the answer is 408.
    public var bodyTimeout: Duration = .seconds(60)
    /// How long a client may take to accept an answer (default 60 s); then the connection is closed.
    public var sendTimeout: Duration = .seconds(60)
    /// How long what a client still sends is read and dropped after the last answer (default 2 s).
    ///
    /// Closing at once would reset the connection, and a reset can destroy an answer that the client has not read yet.
    public var lingerTimeout: Duration = .seconds(2)
    /// How long a graceful stop waits for requests in flight (default 10 s).
    public var stopTimeout: Duration = .seconds(10)
    /// Connections open at once (default 8192); further ones wait in the system's queue.
    public var connections: Int = 8192

    /// Creates the default limits.
    public init() {}
}
