// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Crypto
import Enrollment

import struct Foundation.Date

/// Copies everything from one database to another that is empty, and proves that both are the same.
///
/// Memory holds one page of rows. A run that was stopped at any point goes on when it is begun again: what is there of a
/// table ends with its last key, because each page is one transaction, and pages come in the order of their keys.
struct StoreCopier<Source: SQLDatabase, Target: SQLDatabase>: Sendable {
    /// The same at all times: a snapshot.
    let source: Source
    let target: Target
    let options: StoreCopyOptions
    let progress: @Sendable (StoreCopyProgress) -> Void
    /// Whether nobody has changed the source since the snapshot.
    let isUnchanged: @Sendable () throws(StoreError) -> Bool

    private enum Beginning: Sendable {
        case fresh
        case resumed
        case occupied
        case failed(StoreCopyError)
    }

    /// Copies, compares and takes the mark away.
    ///
    /// - Parameter moment: when it begins.
    /// - Returns: what both sides hold now.
    /// - Throws: why they don't hold the same.
    func run(at moment: Date) async throws(StoreCopyError) -> StoreCopyReport {
        var tables: [StoreCopyReport.Table] = []
        for table in CopiedTable.all { tables.append(try await summary(of: table, in: source, .reading, nil)) }
        let mark = try await mark(tables)
        let outcome: StoreCopyReport.Outcome
        switch try await begin(mark, at: moment) {
        case .fresh: outcome = .copied
        case .resumed: outcome = .resumed
        case .failed(let error): throw error
        case .occupied:
            // A run that was stopped after its last step has left exactly this.
            guard try await firstDifference(from: tables) == nil else { throw .occupiedTarget }
            return StoreCopyReport(outcome: .complete, tables: tables)
        }
        for (table, known) in zip(CopiedTable.all, tables) { try await copy(table, of: known.rows, under: mark) }
        if let table = try await firstDifference(from: tables) { throw try await difference(in: table) }
        guard try isUnchangedNow() else { throw .changedSource }
        try await finish(mark)
        return StoreCopyReport(outcome: outcome, tables: tables)
    }

    private func isUnchangedNow() throws(StoreCopyError) -> Bool {
        do throws(StoreError) {
            return try isUnchanged()
        } catch {
            throw .source(error)
        }
    }

    // MARK: The target's beginning and end

    private func mark(_ tables: [StoreCopyReport.Table]) async throws(StoreCopyError) -> CopyMark {
        guard let issuer = CopiedTable.all.first,
            case .text(let oldest) = try await page(of: issuer, after: nil, limit: 1, in: source).first?.values.first
        else { throw .emptySource }
        var digest = SHA256()
        for table in tables { digest.update(data: table.digest) }
        return CopyMark(state: oldest, content: Array(digest.finalize()).hexadecimal)
    }

    /// Marks the target if it is empty.
    private func begin(_ mark: CopyMark, at moment: Date) async throws(StoreCopyError) -> Beginning {
        try await onTarget { database throws(StoreError) in
            try await database.maintain { connection throws(StoreError) in
                if let known = try CopyMark.find(on: connection) {
                    guard known.state == mark.state else { return .undo(.failed(.otherCopy)) }
                    return .undo(known == mark ? .resumed : .failed(.changedSource))
                }
                for table in CopiedTable.all {
                    guard try table.isUnused(on: connection) else { return .undo(.occupied) }
                }
                try mark.add(at: moment, on: connection)
                return .keep(.fresh)
            }
        }
    }

    /// Takes the mark away, so that the target can be served.
    private func finish(_ mark: CopyMark) async throws(StoreCopyError) {
        let isDone = try await onTarget { database throws(StoreError) in
            try await database.maintain { connection throws(StoreError) in
                guard try mark.remove(on: connection) else { return .undo(false) }
                try connection.announceChange()
                return .keep(true)
            }
        }
        guard isDone else { throw .lostMark }
    }

    // MARK: Rows

    private func copy(_ table: CopiedTable, of total: Int, under mark: CopyMark) async throws(StoreCopyError) {
        var (key, rows) = try await onTarget { database throws(StoreError) in
            try await database.readLong { connection in try table.beginning(on: connection) }
        }
        var limit = PageLimit(options)
        while true {
            let page = try await page(of: table, after: key, limit: limit.rows, in: source)
            limit.learn(from: page)
            guard let last = page.last else { return }
            let isMarked = try await onTarget { database throws(StoreError) in
                let isMarked = try await database.maintain { connection throws(StoreError) in
                    guard try mark.hold(on: connection) else { return .undo(false) }
                    try table.insert(page, on: connection)
                    return .keep(true)
                }
                try options.onPage?()
                return isMarked
            }
            guard isMarked else { throw .lostMark }
            rows += page.count
            progress(StoreCopyProgress(step: .copying, table: table.name, rows: rows, total: total))
            key = table.key(of: last)
        }
    }

    /// Counts a table's rows, and takes their digest.
    private func summary(
        of table: CopiedTable,
        in database: some SQLDatabase,
        _ step: StoreCopyProgress.Step,
        _ total: Int?
    ) async throws(StoreCopyError) -> StoreCopyReport.Table {
        var digest = SHA256()
        var rows = 0
        var key: [SQLValue]?
        var limit = PageLimit(options)
        repeat {
            let page = try await page(of: table, after: key, limit: limit.rows, in: database)
            limit.learn(from: page)
            for row in page { row.add(to: &digest) }
            rows += page.count
            key = page.last.map { table.key(of: $0) }
            if key != nil { progress(StoreCopyProgress(step: step, table: table.name, rows: rows, total: total)) }
        } while key != nil
        return StoreCopyReport.Table(name: table.name, rows: rows, digest: Array(digest.finalize()))
    }

    // MARK: Comparing

    /// The first table that is not the same on both sides.
    private func firstDifference(from tables: [StoreCopyReport.Table]) async throws(StoreCopyError) -> CopiedTable? {
        for (table, known) in zip(CopiedTable.all, tables) {
            guard try await summary(of: table, in: target, .comparing, known.rows) == known else { return table }
        }
        return nil
    }

    /// What is the matter with a table whose digests differ.
    private func difference(in table: CopiedTable) async throws(StoreCopyError) -> StoreCopyError {
        var key: [SQLValue]?
        var limit = PageLimit(options)
        repeat {
            let ours = try await page(of: table, after: key, limit: limit.rows, in: source)
            let theirs = try await page(of: table, after: key, limit: limit.rows, in: target)
            limit.learn(from: ours)
            for (index, row) in ours.enumerated() {
                guard let other = theirs.dropFirst(index).first, other == row else {
                    return table.difference(between: row, and: theirs.dropFirst(index).first)
                }
            }
            if let more = theirs.dropFirst(ours.count).first { return table.difference(between: nil, and: more) }
            key = ours.last.map { table.key(of: $0) }
        } while key != nil
        return .changedSource
    }

    // MARK: The two sides

    private func page(
        of table: CopiedTable,
        after key: [SQLValue]?,
        limit: Int,
        in database: some SQLDatabase
    ) async throws(StoreCopyError) -> [CopiedRow] {
        do throws(StoreError) {
            return try await database.readLong { connection in try table.page(after: key, limit: limit, on: connection)
            }
        } catch {
            throw database is Source ? .source(error) : .target(error)
        }
    }

    private func onTarget<Value>(
        _ body: (Target) async throws(StoreError) -> Value
    ) async throws(StoreCopyError) -> Value {
        do throws(StoreError) {
            return try await body(target)
        } catch {
            throw .target(error)
        }
    }
}

extension CopiedTable {
    /// A row's primary key.
    fileprivate func key(of row: CopiedRow) -> [SQLValue] { Array(row.values.prefix(key.count)) }

    /// Whether nothing is in the table but what the schema's migrations make.
    fileprivate func isUnused(on connection: some SQLConnection) throws(StoreError) -> Bool {
        switch origin {
        case .use: try lastKey(on: connection) == nil
        case .schema: try page(after: nil, limit: 2, on: connection).allSatisfy { $0.values.last == .int64(0) }
        }
    }

    /// The key after which a copy goes on, and how many rows are there already.
    fileprivate func beginning(on connection: some SQLConnection) throws(StoreError) -> (key: [SQLValue]?, rows: Int) {
        guard case .use = origin, let last = try lastKey(on: connection) else { return (nil, 0) }
        return (last, try connection.first(count, [:]) { row throws(StoreError) in try row.int() } ?? 0)
    }

    /// How a row differs from its copy, in words without values, which may be secret.
    fileprivate func difference(between row: CopiedRow?, and other: CopiedRow?) -> StoreCopyError {
        let (ours, theirs) = (row.map { key(of: $0) }, other.map { key(of: $0) })
        if let row, let other, ours == theirs {
            let names = zip(columns, zip(row.values, other.values)).filter { $1.0 != $1.1 }.map(\.0.name)
            return .difference(table: name, key: text(ours), what: "differs in \(names.joined(separator: ", "))")
        }
        let isExtra = theirs.map { theirs in ours.map { SQLValue.isOrdered(theirs, before: $0) } ?? true } ?? false
        return isExtra
            ? .difference(table: name, key: text(theirs), what: "is only in the copy")
            : .difference(table: name, key: text(ours), what: "is missing in the copy")
    }

    private func text(_ key: [SQLValue]?) -> String {
        let parts = (key ?? []).map { value in
            switch value {
            case .int64(let number): "\(number)"
            case .text(let text): text
            case .null(_), .blob(_), .uuid(_): "?"
            }
        }
        return parts.joined(separator: ", ")
    }
}
