// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension SCEPProfileSettings {
    /// What is wrong with these settings whatever else is configured, one sentence each.
    public func problems() -> [String] {
        var problems: [String] = []
        if ClientCompatibility.named(compatibility) == nil {
            let known = ClientCompatibility.all.map(\.name).joined(separator: ", ")
            problems.append("The client compatibility '\(compatibility)' is not known; known are: \(known).")
        }
        if !(1...3650).contains(approvalDays) { problems.append("approvalDays has to be 1 to 3650.") }
        if (approval == .rules) == approvalRules.isEmpty {
            problems.append("approval: rules goes with approvalRules, and one is there without the other.")
        }
        if let most = approvalRules.compactMap(\.needed).max(), !approvers.names.isEmpty,
            Set(approvers.names).count < most
        {
            problems.append("A rule needs \(most) people to approve a request, and only \(approvers.names.count) may.")
        }
        if let problem = approvers.problem { problems.append("approvers: \(problem).") }
        if !(0...3650).contains(renewal.graceDays) { problems.append("renewal.graceDays has to be 0 to 3650.") }
        if let maximumClockSkew, !(1...31_536_000).contains(maximumClockSkew) {
            problems.append("maximumClockSkew has to be 1 to 31536000 seconds.")
        }
        if let maximumOutstandingCodes, !(0...1_000_000_000).contains(maximumOutstandingCodes) {
            problems.append("maximumOutstandingCodes has to be 0 to 1000000000.")
        }
        for alias in aliases where !ProfileName.isValid(alias) {
            problems.append("'\(alias.showable)' can't be an alias: \(ProfileName.rule).")
        }
        if Set(aliases).count < aliases.count { problems.append("An alias is named twice.") }
        if Set(challengeSources).count < challengeSources.count {
            problems.append("A challenge source is named twice.")
        }
        if challengeSources.isEmpty, authorizedSigners.isEmpty, !everyRequestWaits {
            problems.append(
                "Without a challenge source or an authorised signer every request has to wait for approval (approval: all)."
            )
        }
        if challengeSources.isEmpty, let rule = authorizedSigners.first(where: { $0.challenge == .needed }) {
            problems.append("The authorised signer '\(rule.name)' needs a challenge, and there is no challenge source.")
        }
        return problems
    }
}

extension ProfileName {
    /// What a name has to be, as the end of a sentence.
    public static let rule =
        "a profile's name has 1 to 64 lower-case letters, digits and hyphens, and is not cgi-bin, certsrv or none"
}
