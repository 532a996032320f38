// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment

/// What an operator or a token may do.
struct Rights: Sendable, Hashable {
    /// The roles; words that this version does not know give nothing.
    var roles: Set<Role>
    /// The SCEP profiles of a code issuer; nil for all.
    var profiles: Set<String>?

    init(roles: Set<Role>, profiles: Set<String>?) {
        self.roles = roles
        self.profiles = profiles
    }

    /// What a row says.
    init(roles: Set<String>, profiles: Set<String>?) {
        self.init(roles: Set(roles.compactMap(Role.init(rawValue:))), profiles: profiles)
    }

    /// What of these rights somebody else has too.
    func limited(by owner: Rights) -> Rights {
        let shared = roles.filter { $0.isCovered(by: owner.roles) }
        // An administrator makes codes for all profiles, whatever is said of another role.
        guard !owner.roles.contains(.administrator), let theirs = owner.profiles else {
            return Rights(roles: shared, profiles: profiles)
        }
        return Rights(roles: shared, profiles: profiles?.intersection(theirs) ?? theirs)
    }
}

extension Principal {
    /// The person or system, as decisions name it and as four-eyes compares it: an operator is the same with each of their tokens.
    var decider: String { ActorName.person(name) }
}
