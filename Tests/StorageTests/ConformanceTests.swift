// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import StorageConformance
import TestSupport
import Testing

@testable import Storage

/// A database file in a folder of its own, which goes with the fixture.
final class SQLiteFixture: StorageFixture {
    let folder: URL
    let options: SQLiteOptions

    init(_ options: SQLiteOptions = SQLiteOptions()) throws {
        self.options = options
        folder = FileManager.default.temporaryDirectory.appending(path: "sceptic-storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    var path: String { folder.appending(path: "sceptic.db").path }

    func open(_ mode: OpeningMode) throws -> SQLiteStore {
        try SQLiteStore(path: path, mode: mode, options: options)
    }

    func open() async throws -> any EnrollmentStore { try open(.create) }
}

/// A schema of its own in a database that the checks share: a database for each would take much longer.
struct PostgreSQLSchemaFixture: StorageFixture {
    private static let database = Task { try await PostgreSQLFixture() }

    private let url: String

    init() async throws {
        let fixture = try await Self.database.value
        let schema = "s_" + UUID().uuidString.replacing("-", with: "").lowercased()
        try await fixture.query("CREATE SCHEMA \(schema)")
        url = fixture.server.url(fixture.name) + "?options=-csearch_path%3D\(schema)"
    }

    func open() async throws -> any EnrollmentStore {
        let location = try PostgreSQLLocation(url: url, environment: [:])
        return try await OtherThread.run { try PostgreSQLStore(location, mode: .create) }
    }
}

struct ConformanceTests {
    @Test(arguments: StorageCheck.all)
    func sqliteHoldsTheContract(of check: StorageCheck) async throws {
        try await check.run(on: try SQLiteFixture())
    }

    // One after the other: a hundred at once would leave none of them the time that it promises.
    @Test(
        .enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed."),
        .serialized,
        arguments: StorageCheck.all
    )
    func postgreSQLHoldsTheContract(of check: StorageCheck) async throws {
        try await check.run(on: try await PostgreSQLSchemaFixture())
    }
}
