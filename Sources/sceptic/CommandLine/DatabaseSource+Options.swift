// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ServerApp

extension DatabaseSource {
    /// What the options `--NAME URL` and `--NAME-file FILE` say; warns of a password that others can see.
    ///
    /// - Throws: `AppError` when both are given.
    static func options(_ name: String, url: String?, file: String?) throws -> DatabaseSource {
        guard url == nil || file == nil else {
            throw AppError(.usage, "The database is named twice.", hint: "Leave --\(name) or --\(name)-file out.")
        }
        if let url, holdsPassword(url) {
            Terminal.note(
                "warning: others on this machine can see the database's password among the running processes; "
                    + "--\(name)-file hides it."
            )
        }
        return DatabaseSource(url: url, file: file)
    }
}
