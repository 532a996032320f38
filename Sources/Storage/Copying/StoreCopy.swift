// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

/// Copies a state from a file of SQLite's to another database, and proves that both are the same.
///
/// The source is only read. Whatever happens, nothing in either database is deleted, and the target can't be used before
/// the copy is complete and was compared.
public struct StoreCopy: Sendable {
    private let path: String
    private let target: DatabaseLocation
    private let progress: @Sendable (StoreCopyProgress) -> Void
    /// What tests set.
    var options = StoreCopyOptions()

    /// Puts a copy together.
    ///
    /// - Parameters:
    ///   - path: the file that is copied; nobody should change it meanwhile.
    ///   - target: a database in which there is nothing, or what an earlier run left unfinished.
    ///   - progress: called after each page of rows.
    public init(
        from path: String,
        to target: DatabaseLocation,
        progress: @escaping @Sendable (StoreCopyProgress) -> Void = { _ in }
    ) {
        self.path = path
        self.target = target
        self.progress = progress
    }

    /// Copies everything, or what an earlier run left.
    ///
    /// - Returns: what both databases hold now.
    /// - Throws: why they don't hold the same.
    public func run() async throws(StoreCopyError) -> StoreCopyReport {
        let snapshot = try Self.open(path)
        defer { snapshot.close() }
        switch target {
        case .sqlite(let path):
            var options = SQLiteOptions()
            options.purpose = .target
            let database = try Self.target { () throws(StoreError) in
                try SQLiteDatabase(path: path, mode: .create, options: options)
            }
            return try await copy(snapshot, to: database)
        case .postgreSQL(let location):
            var options = PostgreSQLOptions()
            options.purpose = .target
            // No device waits for an answer, and a whole table is counted in one statement.
            options.statementLimit = options.migrationLimit
            options.waitLimit = self.options.patience
            let database = try Self.target { () throws(StoreError) in
                try PostgreSQLDatabase(location, mayCreate: true, options: options)
            }
            return try await copy(snapshot, to: database)
        }
    }

    /// Opens the source for reading, as it is at this moment.
    static func open(_ path: String) throws(StoreCopyError) -> SQLiteSnapshot {
        let snapshot: SQLiteSnapshot
        let missing: [Migration]
        do throws(StoreError) {
            snapshot = try SQLiteSnapshot(path: path)
            missing = try snapshot.missingMigrations()
        } catch {
            throw .source(error)
        }
        guard let next = missing.first, let last = missing.last else { return snapshot }
        snapshot.close()
        throw .olderSource(found: next.version - 1, supported: last.version)
    }

    private static func target<Value>(_ open: () throws(StoreError) -> Value) throws(StoreCopyError) -> Value {
        do throws(StoreError) {
            return try open()
        } catch {
            throw .target(error)
        }
    }

    private func copy(
        _ snapshot: SQLiteSnapshot,
        to database: some SQLDatabase
    ) async throws(StoreCopyError) -> StoreCopyReport {
        let copier = StoreCopier(
            source: snapshot,
            target: database,
            options: options,
            progress: progress,
            isUnchanged: { () throws(StoreError) in try snapshot.isNewest() }
        )
        let result: Result<StoreCopyReport, StoreCopyError>
        do throws(StoreCopyError) {
            result = .success(try await copier.run(at: Date()))
        } catch {
            result = .failure(error)
        }
        try? await database.close()
        return try result.get()
    }
}
