// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a URL that is probed stands for.
package enum EndpointRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// The one that is judged.
    case main
    /// One at which somebody has to approve requests.
    case manual
    /// One whose CA has a successor.
    case rollover
    /// Another CA or profile of the same server.
    case other
    /// One that takes requests encrypted under a challenge, such as that of a CA without an RSA key.
    case ec
    /// One that does not list Renewal.
    case noRenewal = "no-renewal"

    /// What the command line calls it.
    package var option: String { self == .main ? "the URL" : "--\(rawValue)-url" }
}
