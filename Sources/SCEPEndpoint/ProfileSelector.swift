// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Which profile a URL names; whether it exists is the responder's business.
public enum ProfileSelector: Sendable, Hashable {
    /// The SCEP profile of that name (`[a-z0-9-]+`).
    case named(String)
    /// The RA profile of that name (`[a-z0-9-]+`), served through its default SCEP profile.
    case raProfile(String)
    /// The server's default profile: `/scep`, `/cgi-bin/pkiclient.exe` and the like.
    case `default`
}
