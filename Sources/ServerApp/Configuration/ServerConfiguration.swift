// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Logging
public import SCEPEndpoint

internal import struct Foundation.Data
internal import class Foundation.FileHandle
internal import struct Foundation.URL

/// How a server runs, as its configuration file says.
///
/// Profiles are not in it: they lie in the database, which several servers may share. Nor are secrets: the file names the files they are in.
public struct ServerConfiguration: Sendable {
    /// The file.
    public let file: String
    /// The state folder.
    public let state: String?
    /// The file with the URL of the database.
    public let databaseFile: String?
    /// The file with the master key.
    public let masterKeyFile: String?
    /// The lowest level of log lines.
    public let logLevel: Logger.Level?
    /// How log lines look.
    public let logFormat: LogFormat?
    /// How long traces are kept, in days.
    public let traceDays: Int?
    /// Where the audit log goes beside the database.
    public let audit: AuditOutputs?
    /// After how many failures to sign in an address has to wait.
    public let adminFailuresPerMinute: Int?
    /// Where to listen; empty if nothing is said of it.
    public let listeners: [ListenerConfiguration]
    private let document: SettingsDocument<ServerSettings>

    /// Reads a file.
    ///
    /// - Throws: `AppError` that names the line and the setting.
    public init(file: String) throws {
        let handle = try? FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        let data = try? handle?.read(upToCount: SettingsNode.maximumByteCount + 1)
        guard let data, let text = String(validating: data, as: UTF8.self) else {
            throw AppError(.usage, "The file \(file) can't be read, or is not UTF-8 text.")
        }
        try self.init(yaml: text, file: file)
    }

    init(yaml text: String, file: String) throws {
        self.file = file
        document = try SettingsDocument(yaml: text)
        let settings = document.content
        state = settings.state
        databaseFile = settings.database?.file
        masterKeyFile = settings.masterKey?.file
        logLevel = settings.log?.level
        logFormat = settings.log?.format
        traceDays = settings.traceDays
        audit = settings.audit
        adminFailuresPerMinute = settings.adminFailuresPerMinute
        listeners = (settings.listeners ?? []).map(\.configuration)
        var seen: Set<String> = []
        for (index, listener) in (settings.listeners ?? []).enumerated() where listener.port != 0 {
            guard seen.insert("\(listener.host):\(listener.port)").inserted else {
                throw error(["listeners", "\(index)", "address"], "another listener has this address")
            }
        }
    }

    /// An error about a setting, with its place in the file.
    func error(_ path: [String], _ sentence: String, hint: String? = nil) -> AppError {
        document.error(at: path, sentence, hint: hint)
    }
}
