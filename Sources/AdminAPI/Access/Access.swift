// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Whom an operation is for.
public enum Access: String, Sendable, Hashable, CaseIterable {
    /// Everybody with a token, about themselves.
    case own
    /// Those who look: administrators, approvers and auditors.
    case reading
    /// Those who read the audit log: administrators and auditors.
    case auditing
    /// Those who read metrics: administrators, auditors and monitors.
    case monitoring
    /// Those who decide on requests: administrators and approvers.
    case deciding
    /// Those who give codes to devices: administrators and code issuers, these for their profiles.
    case issuingCodes
    /// Administrators.
    case administering
}

/// What somebody may do.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// Everything.
    case administrator
    /// Looks, and decides on requests that wait.
    case approver
    /// Looks, also at the audit log.
    case auditor
    /// Makes one-time codes and registrations, and takes registrations back, but no codes: for an MDM system, often of one profile only.
    case codeIssuer = "code-issuer"
    /// Reads metrics, and nothing else: for a monitoring system on another machine.
    case monitor

    /// Whether it suffices for something.
    public func allows(_ access: Access) -> Bool {
        switch (self, access) {
        case (.administrator, _), (_, .own): true
        case (.approver, .reading), (.approver, .deciding): true
        case (.auditor, .reading), (.auditor, .auditing), (.auditor, .monitoring): true
        case (.codeIssuer, .issuingCodes), (.monitor, .monitoring): true
        case (.approver, _), (.auditor, _), (.codeIssuer, _), (.monitor, _): false
        }
    }

    /// Whether somebody with some roles may do all that this one is for.
    public func isCovered(by roles: Set<Role>) -> Bool {
        Access.allCases.allSatisfy { access in !allows(access) || roles.contains { $0.allows(access) } }
    }
}

/// Somebody who acts, and what they may do.
public struct Principal: Sendable, Hashable {
    /// Who, so that nobody else is meant: names of tokens are given twice.
    ///
    /// The name, where nobody else has it.
    public var id: String
    /// Who: `operator:anna`, `token:mdm (operator:anna)`, `local:root`, `server`.
    public var name: String
    /// From where: an address, or `local`.
    public var origin: String
    /// What they may do.
    public var roles: Set<Role>
    /// The SCEP profiles for which a code issuer may make codes; nil for all.
    public var profiles: Set<String>?

    /// Puts a principal together.
    public init(name: String, id: String? = nil, origin: String, roles: Set<Role>, profiles: Set<String>? = nil) {
        self.id = id ?? name
        self.name = name
        self.origin = origin
        self.roles = roles
        self.profiles = profiles
    }

    /// Whether they may do something that is for some, about a profile if it is about one.
    public func allows(_ access: Access, profile: String?) -> Bool {
        // Whose roles are all gone may ask who they are.
        if access == .own { return true }
        return roles.contains { role in
            guard role.allows(access) else { return false }
            guard role == .codeIssuer, access == .issuingCodes, let profiles else { return true }
            return profile.map(profiles.contains) ?? false
        }
    }
}
