// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
public import X509

/// What a request may put into its certificate, and what the certificate has whatever the request says.
///
/// A request's extensions are wishes. Only the subject and the names of the kinds listed here are taken over; basicConstraints,
/// keyUsage, extended key usages, SIDs and application policies never are (design §9).
public struct CertificateTemplate: Sendable, Hashable, Codable {
    /// A kind of subject alternative name.
    public enum NameKind: String, Sendable, Hashable, Codable, CaseIterable {
        /// dNSName.
        case dns
        /// rfc822Name.
        case email
        /// uniformResourceIdentifier.
        case uri
        /// iPAddress.
        case ip
    }

    /// How long certificates are valid, in days.
    public var validityDays: Int
    /// How far the start of the validity lies before the issuance, in seconds, for devices whose clocks are behind
    /// (client-quirks M1).
    public var backdateSeconds: Int
    /// The kinds of subject alternative name that are taken over from requests.
    public var allowedNames: Set<NameKind>
    /// The shortest RSA key that is certified, in bits.
    public var minimumRSABits: Int

    /// Puts a template together.
    public init(
        validityDays: Int = 365,
        backdateSeconds: Int = 3600,
        allowedNames: Set<NameKind> = Set(NameKind.allCases),
        minimumRSABits: Int = 2048
    ) {
        self.validityDays = validityDays
        self.backdateSeconds = backdateSeconds
        self.allowedNames = allowedNames
        self.minimumRSABits = minimumRSABits
    }

    /// The subject alternative names of a request that the template takes over; nil when none is left.
    ///
    /// - Throws: `malformed` when the extension can't be read.
    public func grantedNames(_ request: CertificationRequest) throws(PKIXError) -> SubjectAlternativeNames? {
        guard let wish = request.requestedExtensions.first(where: { $0.oid == .PKIX.subjectAltName }) else {
            return nil
        }
        guard let names = try? SubjectAlternativeNames(wish) else { throw .malformed("subjectAltName") }
        return grantedNames(names)
    }

    /// Those of some names that the template takes over; nil when none is left.
    public func grantedNames(_ names: SubjectAlternativeNames) -> SubjectAlternativeNames? {
        let granted = names.filter { name in kind(of: name).map(allowedNames.contains) ?? false }
        return granted.isEmpty ? nil : SubjectAlternativeNames(granted)
    }

    private func kind(of name: GeneralName) -> NameKind? {
        switch name {
        case .dnsName: .dns
        case .rfc822Name: .email
        // A SID in this form decides whom Windows takes the holder for (client-quirks J7): a requester does not choose that.
        case .uniformResourceIdentifier(let uri): uri.lowercased().hasPrefix("tag:microsoft.com,") ? nil : .uri
        case .ipAddress: .ip
        default: nil
        }
    }
}
