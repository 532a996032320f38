// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a request may put into its certificate, and what the certificate has whatever the request says.
///
/// A request's extensions are wishes. What is not named here is never taken over: basicConstraints, SIDs, application policies
/// and user principal names no template can grant to a requester (design §9). All texts are parsed when the template is made, so
/// that a request costs no parsing.
public struct CertificateTemplate: Sendable, Hashable {
    /// How long certificates are valid, in days, unless it is said in hours.
    public var validityDays: Int
    /// How long certificates are valid, in hours; nil when it is said in days.
    public var validityHours: Int?
    /// How far the start of the validity lies before the issuance, in seconds, for devices whose clocks are behind
    /// (client-quirks M1).
    public var backdateSeconds: Int
    /// What the subject is made of; nil for that of the request.
    public var subject: SubjectTemplate?
    /// What the subject must and must not hold.
    public var subjectRules = SubjectRules()
    /// The alternative names that certificates get beside those of the request.
    public var names: [NameTemplate] = []
    /// The kinds of subject alternative name that are taken over from requests.
    public var allowedNames: Set<NameKind>
    /// What becomes of the names that requests ask for.
    public var requestedNames: RequestedNames = .take
    /// The kinds of alternative name of which there has to be one.
    public var requiredNames: Set<NameKind> = []
    /// How subjects and names have to look.
    public var patterns = NamePatterns()
    /// What becomes of a request that asks for other extensions.
    public var requestedExtensions: RequestedExtensions = .strip
    /// Which keys are certified.
    public var keys = KeyPolicy()
    /// What the keys may be used for.
    public var usages = UsagePolicy()

    /// Puts a template together.
    public init(
        validityDays: Int = 365,
        backdateSeconds: Int = 3600,
        allowedNames: Set<NameKind> = NameKind.requestable,
        minimumRSABits: Int = 2048
    ) {
        self.validityDays = validityDays
        self.backdateSeconds = backdateSeconds
        self.allowedNames = allowedNames
        self.keys.minimumRSABits = minimumRSABits
    }

    /// How long certificates are valid, in seconds.
    public var validitySeconds: Double {
        validityHours.map { Double($0) * 3600 } ?? Double(validityDays) * 86_400
    }
}

/// What becomes of the alternative names that a request asks for.
public enum RequestedNames: String, Sendable, Hashable, Codable, CaseIterable {
    /// Those of allowed kinds are taken over, the others left out.
    case take
    /// None is taken over.
    case ignore
    /// Those of allowed kinds are taken over; a request with others is refused.
    case refuse
}

/// What becomes of a request that asks for extensions which no template grants.
public enum RequestedExtensions: String, Sendable, Hashable, Codable, CaseIterable {
    /// They are left out.
    case strip
    /// The request is refused.
    case refuse
}
