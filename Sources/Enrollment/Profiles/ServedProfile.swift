// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
public import SCEP

/// A SCEP profile, resolved to everything that serving it needs: an immutable snapshot.
public final class ServedProfile: Sendable {
    /// The profile's name.
    public let name: String
    /// The RA profile's name.
    public let raProfile: String
    /// The algorithms accepted.
    public let algorithms: AlgorithmPolicy
    /// What it does for its clients.
    public let compatibility: ClientCompatibility
    /// The credentials that decrypt, the active one first.
    public let credentials: [RACredential]
    /// Who signs certificates.
    public let issuer: any Issuer
    /// What certificates may and do contain.
    public let template: CertificateTemplate
    /// Who judges challenges, in the order in which they are asked.
    public let challengeSources: [any ChallengeSource]
    /// The answer to GetCACert.
    public let caCertificates: (body: [UInt8], contentType: String)
    /// The answer to GetCACaps.
    public let capabilities: [UInt8]
    /// The credential that signs replies which no recipient chose.
    public let activeCredential: RACredential

    /// Puts a profile together.
    ///
    /// - Returns: nil when nothing could authenticate a request or answer it: such a profile must not be served (design §9).
    public init?(
        name: String,
        settings: SCEPProfileSettings,
        compatibility: ClientCompatibility,
        credentials: [RACredential],
        issuer: any Issuer,
        template: CertificateTemplate,
        challengeSources: [any ChallengeSource],
        caCertificates: (body: [UInt8], contentType: String)
    ) {
        guard let active = credentials.first, !challengeSources.isEmpty else { return nil }
        self.name = name
        self.raProfile = settings.raProfile
        self.algorithms = settings.algorithms
        self.compatibility = compatibility
        self.credentials = credentials
        self.activeCredential = active
        self.issuer = issuer
        self.template = template
        self.challengeSources = challengeSources
        self.caCertificates = caCertificates
        self.capabilities = Capabilities(policy: settings.algorithms, extra: compatibility.extraCapabilities).body
    }
}
