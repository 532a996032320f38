// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What the names of those who act (`AuditAct.actor`) say.
public enum ActorName: Sendable {
    /// The person behind an actor: `anna` for `operator:anna`, `token:mdm (operator:anna)` and `local:anna`; a token that is nobody's stands for
    /// itself.
    public static func person(_ actor: String) -> String {
        for prefix in ["operator:", "local:"] where actor.hasPrefix(prefix) {
            return String(actor.dropFirst(prefix.count))
        }
        guard actor.hasPrefix("token:"), actor.hasSuffix(")"), let owner = actor.firstRange(of: " (operator:")
        else { return actor }
        return String(actor[owner.upperBound...].dropLast())
    }

    /// Whether two names are of one person: nobody becomes two by writing theirs in capitals.
    public static func isSame(_ one: String, _ other: String) -> Bool {
        person(one).lowercased() == person(other).lowercased()
    }
}
