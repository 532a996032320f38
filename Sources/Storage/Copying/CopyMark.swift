// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

/// What a database is opened for.
enum CopyPurpose: Sendable, Hashable, CaseIterable {
    /// Its use: a copy that is not complete is refused.
    case none
    /// A state is copied into it.
    case target
}

/// The mark of a database into which a state is copied.
///
/// It is a row of `schema_migration` with a version that no schema has. So nothing can open the database by mistake: this
/// program knows the version, and one that does not takes the database for one of a newer version.
struct CopyMark: Sendable, Equatable {
    /// Above all schemas' versions.
    static let version = 2_000_000_000

    /// Which state it is, however it changes: the id of its oldest issuer.
    let state: String
    /// The digest of everything that is copied, as hexadecimal digits.
    let content: String

    private static let words = "unfinished copy of state"

    private var name: String { "\(Self.words) \(state) with \(content)" }

    init(state: String, content: String) {
        self.state = state
        self.content = content
    }

    private init?(name: String) {
        guard name.hasPrefix(Self.words + " ") else { return nil }
        let parts = name.dropFirst(Self.words.count + 1).split(separator: " ")
        guard parts.count == 3, let state = parts.first, let content = parts.last else { return nil }
        self.init(state: String(state), content: String(content))
    }

    /// The mark on a database, if there is one.
    static func find(on connection: some SQLConnection) throws(StoreError) -> CopyMark? {
        let name = try connection.first(findName, ["version": .integer(version)]) { row throws(StoreError) in
            try row.text()
        }
        guard let name else { return nil }
        guard let mark = CopyMark(name: name) else { throw .corrupted("The schema's history can't be read.") }
        return mark
    }

    /// Marks a database.
    func add(at moment: Date, on connection: some SQLConnection) throws(StoreError) {
        _ = try connection.execute(
            MigrationSQL.add,
            ["version": .integer(Self.version), "name": .text(name), "applied_at": .date(moment)]
        )
    }

    /// Makes sure that the mark stays until the transaction ends.
    ///
    /// - Returns: false when it is gone, or another one's.
    func hold(on connection: some SQLConnection) throws(StoreError) -> Bool {
        try connection.execute(Self.touch, ["version": .integer(Self.version), "name": .text(name)]) == 1
    }

    /// Removes the mark: the copy is complete.
    ///
    /// - Returns: false when it is gone, or another one's.
    func remove(on connection: some SQLConnection) throws(StoreError) -> Bool {
        try connection.execute(Self.delete, ["version": .integer(Self.version), "name": .text(name)]) == 1
    }

    private static let findName = SQLStatement("SELECT name FROM schema_migration WHERE version = :version")
    private static let touch = SQLStatement(
        "UPDATE schema_migration SET applied_at = applied_at WHERE version = :version AND name = :name"
    )
    private static let delete = SQLStatement("DELETE FROM schema_migration WHERE version = :version AND name = :name")
}
