// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What can be wrong with the bytes of a certificate, request or name.
public enum PKIXError: Error, Sendable, Equatable {
    /// The bytes are not the named structure; the reason is for people and traces, not for peers.
    case malformed(String)
    /// The structure is right but uses what is not supported here, named for people.
    case unsupported(String)
    /// A structure could not be encoded: our mistake, not a peer's.
    case unencodable(String)
}
