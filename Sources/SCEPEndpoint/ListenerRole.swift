// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a listener serves; `/healthz` and `/readyz` are answered by each.
public enum ListenerRole: Sendable, Hashable, CaseIterable {
    /// The SCEP URLs.
    case scep
    /// `/crl/{issuer}.crl` and `/ca/{issuer}.cer`.
    case publication
    /// `/api/v1/…` and `/metrics`.
    case admin
    /// `/metrics` alone.
    case metrics
}

/// The code behind a listener's roles.
public struct ListenerResponders: Sendable {
    /// Answers the SCEP URLs; needed by the role `scep`.
    public var scep: (any SCEPResponder)?
    /// Gives the published documents; needed by the role `publication`.
    public var publication: (any PublicationResponder)?
    /// Answers what administrators ask; without it the role `admin` has `/metrics` only.
    public var admin: (any AdminResponder)?
    /// Tells how the server is.
    public var health: any HealthResponder

    /// Creates a set of responders.
    public init(
        scep: (any SCEPResponder)? = nil,
        publication: (any PublicationResponder)? = nil,
        admin: (any AdminResponder)? = nil,
        health: any HealthResponder
    ) {
        self.scep = scep
        self.publication = publication
        self.admin = admin
        self.health = health
    }
}
