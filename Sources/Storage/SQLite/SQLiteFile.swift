// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file of a database, looked at before SQLite opens it, so that somebody else's file is left as it is.
struct SQLiteFile {
    /// "SCEP", in the place where SQLite keeps whose database a file is.
    static let applicationID: UInt32 = 0x5343_4550

    let path: String

    /// Makes an empty file that only its owner can read; SQLite gives the files beside it the same mode.
    ///
    /// - Returns: false when there is a file already.
    func create() throws(StoreError) -> Bool {
        let descriptor = unsafe open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return false }
            throw .unavailable("The database \(path) can't be created: \(Self.lastError)")
        }
        close(descriptor)
        syncFolder()
        return true
    }

    /// Checks that this is a database of this program, or one that nobody has written to yet if that is allowed.
    func check(mayBeEmpty: Bool) throws(StoreError) {
        guard let file = FileHandle(forReadingAtPath: path) else {
            if errno == ENOENT { throw .unavailable("There is no database at \(path).") }
            throw .unavailable("The database \(path) can't be read: \(Self.lastError)")
        }
        defer { try? file.close() }
        let header = [UInt8]((try? file.read(upToCount: 108)) ?? Data())
        switch judge(header) {
        case .ours: return
        case .empty where mayBeEmpty: return
        case .empty, .foreign: throw .corrupted("The file \(path) is not a database of this program.")
        case .unclear: try lookInside(mayBeEmpty: mayBeEmpty)
        }
    }

    private enum Verdict {
        case ours
        case empty
        case foreign
        /// The write-ahead log may tell otherwise.
        case unclear
    }

    /// Judges the first bytes (the SQLite file format's database header, and the head of the schema's page after it).
    private func judge(_ header: [UInt8]) -> Verdict {
        if header.isEmpty { return .empty }
        guard header.count == 108, header.starts(with: Array("SQLite format 3\0".utf8)) else { return .foreign }
        let owner = header[68..<72].reduce(0) { $0 << 8 | UInt32($1) }
        if owner == Self.applicationID { return .ours }
        if owner != 0 { return .foreign }
        if hasLog { return .unclear }
        let isLeaf = header[100] == 0x0D
        return isLeaf && header[103] == 0 && header[104] == 0 ? .empty : .foreign
    }

    private var hasLog: Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0 > 0
    }

    /// Looks with SQLite, which knows how to read the log, but may not write.
    private func lookInside(mayBeEmpty: Bool) throws(StoreError) {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let found: (owner: Int64, tables: Int64)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            found = try queue.read { database in
                (
                    try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                    try Int64.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_schema") ?? 0
                )
            }
        } catch {
            throw StoreError(sqlite: error)
        }
        if found.owner == Int64(Self.applicationID) || (mayBeEmpty && found.owner == 0 && found.tables == 0) { return }
        throw .corrupted("The file \(path) is not a database of this program.")
    }

    /// Makes the new file's name durable.
    private func syncFolder() {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static var lastError: String { unsafe String(cString: strerror(errno)) }
}
