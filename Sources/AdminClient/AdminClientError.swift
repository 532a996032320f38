// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why nothing could be asked, or no answer was understood.
public enum AdminClientError: Error, Sendable, Hashable {
    /// What the client was told can't be used.
    case unusable(String, hint: String?)
    /// The server does not answer.
    case unreachable(String)
    /// What answers is no server of this kind, or one of another version.
    case strange(String)
}
