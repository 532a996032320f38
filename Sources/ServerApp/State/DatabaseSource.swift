// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Storage

internal import class Foundation.FileManager
internal import class Foundation.ProcessInfo

/// Where a node reads which database is the state's: what it is told, the environment, or the state folder, which remembers.
///
/// Without any of them it is the SQLite file in the folder. A URL may hold a password: a file or the environment keeps it out of
/// process lists.
public struct DatabaseSource: Sendable {
    /// Holds the URL itself.
    static let urlVariable = "SCEPTIC_DATABASE"
    /// Names the file that holds it.
    static let fileVariable = "SCEPTIC_DATABASE_FILE"

    /// The URL, if it was given; it comes before the file.
    public var url: String?
    /// The file that holds it, if one was named.
    public var file: String?
    /// The file that holds it if nothing else names one, not even the environment: a configuration file says so.
    public var usualFile: String?

    /// Puts a source together.
    public init(url: String? = nil, file: String? = nil, usualFile: String? = nil) {
        self.url = url
        self.file = file
        self.usualFile = usualFile
    }

    /// Whether a URL has a password in it.
    public static func holdsPassword(_ url: String) -> Bool {
        guard let scheme = url.firstRange(of: "://") else { return false }
        // As libpq reads it: up to the first "@", whatever else but a "/" stands before.
        let authority = url[scheme.upperBound...].prefix { $0 != "/" }
        let user = authority.firstIndex(of: "@").map { authority[..<$0] } ?? ""
        return user.contains(":") || url.contains("password=")
    }

    /// The URL that was given, or the one that the environment or a file names.
    ///
    /// - Parameters:
    ///   - memory: the file in which a state folder remembers it, if there is one to ask.
    ///   - variables: the environment.
    /// - Returns: nil when none of them names any.
    /// - Throws: `AppError` when a file can't be read.
    func stated(
        memory: String? = nil,
        _ variables: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String? {
        if let url { return url }
        if let file { return try Self.read(file) }
        if let url = variables[Self.urlVariable], !url.isEmpty { return url }
        if let file = variables[Self.fileVariable], !file.isEmpty { return try Self.read(file) }
        if let usualFile { return try Self.read(usualFile) }
        guard let memory, FileManager.default.fileExists(atPath: memory) else { return nil }
        return try Self.read(memory)
    }

    /// The database that a URL names.
    static func location(ofURL url: String) throws -> DatabaseLocation {
        do {
            return .postgreSQL(try PostgreSQLLocation(url: url))
        } catch .unavailable(let sentence) {
            throw AppError(.usage, sentence)
        } catch {
            throw AppError(error)
        }
    }

    private static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AppError(.state, "The file \(path), which names the database, can't be read.")
        }
        let text = String(decoding: data.prefix(10_000), as: UTF8.self)
        guard let line = text.split(whereSeparator: \.isNewline).first(where: { !$0.allSatisfy(\.isWhitespace) }) else {
            throw AppError(.state, "The file \(path) names no database.", hint: "It has to hold a URL: postgres://…")
        }
        return String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
