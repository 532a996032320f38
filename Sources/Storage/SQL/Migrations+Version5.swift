// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// What a challenge source knew of the device whose request waits, as JSON; NULL when it knew nothing.
    static let approvalRules = [
        "ALTER TABLE approval ADD COLUMN attributes {{text}}"
    ]
}
