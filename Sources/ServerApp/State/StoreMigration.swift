// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
public import Storage

internal import class Foundation.FileManager

/// Copies the state of a folder into a PostgreSQL database: what `sceptic migrate-store` does.
///
/// The folder's database is only read, and stays as it is. A run that was stopped goes on when it is begun again.
public struct StoreMigration: Sendable {
    private let folder: StateFolder
    private let source: DatabaseSource

    /// Puts the choices together.
    ///
    /// - Parameters:
    ///   - path: the state folder; its state is in SQLite.
    ///   - target: where to read which database takes the state.
    public init(from path: String, to target: DatabaseSource) {
        folder = StateFolder(path: path)
        source = target
    }

    /// Copies everything and compares it.
    ///
    /// - Parameters:
    ///   - warn: called with a sentence about how safe the connection is, before anything is sent.
    ///   - progress: called after each page of rows.
    /// - Returns: what both databases hold.
    /// - Throws: `AppError`.
    public func run(
        warn: (String) -> Void,
        progress: @escaping @Sendable (StoreCopyProgress) -> Void
    ) async throws -> StoreCopyReport {
        // Nothing remembers the target: the folder goes on to name its own database.
        guard let url = try source.stated() else {
            throw AppError(
                .usage,
                "No database is named to which the state goes.",
                hint: "Add --to-file FILE with its URL, or set SCEPTIC_DATABASE."
            )
        }
        let location = try DatabaseSource.location(ofURL: url)
        if case .postgreSQL(let target) = location, let warning = target.warning { warn(warning) }
        try folder.checkState()
        guard FileManager.default.fileExists(atPath: folder.databasePath) else {
            throw AppError(.state, "The folder \(folder.path) holds no state in SQLite.")
        }
        // A server would go on to write what the copy lacks.
        try folder.lockForServing()
        do throws(StoreCopyError) {
            return try await StoreCopy(from: folder.databasePath, to: location, progress: progress).run()
        } catch {
            throw AppError(error, folder)
        }
    }
}

extension AppError {
    /// Puts into words why a state was not copied.
    fileprivate init(_ error: StoreCopyError, _ folder: StateFolder) {
        switch error {
        case .source(let error):
            self.init(error)
        case .target(.corrupted(let detail)):
            self.init(
                .conflict,
                "The state can't be copied there: \(Self.inner(detail)).",
                hint: "Name an empty database; nothing in this one was changed."
            )
        case .target(.conflict(let detail)):
            self.init(
                .conflict,
                "The state can't be copied there: \(Self.inner(detail)).",
                hint: Self.anotherDatabase
            )
        case .target(let error):
            self.init(error)
        case .olderSource(let found, let supported):
            self.init(
                .state,
                "An older version wrote the state in \(folder.path) (schema \(found); this one writes \(supported)).",
                hint: "Bring it up to date with: sceptic profile list --data \(folder.path)"
            )
        case .emptySource:
            self.init(
                .state,
                "There is no CA in \(folder.path).",
                hint: "If 'sceptic init' was interrupted, remove the folder and run it again."
            )
        case .changedSource:
            self.init(
                .conflict,
                "The state in \(folder.path) has changed since the copy was begun.",
                hint: "Begin anew with another empty database, and run no other command on the folder meanwhile."
            )
        case .occupiedTarget:
            self.init(.conflict, "There is a state in the database already.", hint: Self.anotherDatabase)
        case .otherCopy:
            self.init(
                .conflict,
                "The database holds an unfinished copy of another state.",
                hint: Self.anotherDatabase
            )
        case .lostMark:
            self.init(
                .failure,
                "Somebody else has finished this copy, or removed its mark in the database.",
                hint: Self.anotherDatabase
            )
        case .difference(let table, let key, let what):
            self.init(
                .failure,
                "The copy is not like the state: in the table \(table) the row \(key) \(what).",
                hint:
                    "Somebody has changed the database, which can't be served like this; begin anew with an empty one."
            )
        }
    }

    private static let anotherDatabase = "Name an empty database; nothing in this one was changed."
}
