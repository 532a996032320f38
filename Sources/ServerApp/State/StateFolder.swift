// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import Storage

internal import struct Foundation.Data
internal import struct Foundation.FileAttributeType
internal import class Foundation.FileManager
internal import class Foundation.ProcessInfo
internal import struct Foundation.URL

#if canImport(Glibc)
internal import Glibc
#endif

/// The folder that holds everything a server knows: the database and, unless they lie elsewhere, the master key.
///
/// With PostgreSQL the folder holds the master key, and remembers where the database is.
public struct StateFolder: Sendable {
    /// The folder's path.
    public let path: String
    /// Where to read which database is the state's.
    private let database: DatabaseSource
    /// Where the master key lies, if it is not in the folder and the environment does not say.
    private let masterKeyFile: String?

    /// Names a folder, and how to find its database and its master key.
    public init(path: String, database: DatabaseSource = DatabaseSource(), masterKeyFile: String? = nil) {
        self.path = path
        self.database = database
        self.masterKeyFile = masterKeyFile
    }

    var databasePath: String { path + "/sceptic.sqlite" }
    var masterKeyPath: String { path + "/master.key" }
    private var lockPath: String { path + "/serve.lock" }
    private var memoryPath: String { path + "/database" }

    /// The file that the master key is read from; nil when the environment holds it.
    var masterKeyPlace: String? { MasterKeySource.place(usual: masterKeyFile ?? masterKeyPath) }
    /// The file that names the database, if there is one in the folder.
    var rememberedDatabase: String? { FileManager.default.fileExists(atPath: memoryPath) ? memoryPath : nil }

    /// Makes the folder, for its owner alone, with a database and a master key.
    ///
    /// - Throws: `AppError` when there is a state in it or in the database already, or it can't be made.
    func create() async throws -> (store: any EnrollmentStore, masterKey: MasterKey) {
        let location = try location()
        try createFolder()
        if !location.isShared {
            // The key first: a state without it would be lost.
            let masterKey = try MasterKeySource.environment() ?? createMasterKey()
            return (try Self.open(location, .create, masterKey), masterKey)
        }
        let masterKey: MasterKey
        do {
            // Nothing is written before it is known whose state this is.
            var nobody = SystemRandomNumberGenerator()
            let unused = try MasterKey(bytes: MasterKey.generateBytes(using: &nobody))
            let store = try Self.open(location, .create, unused)
            let isEmpty = try await store.configuration().issuers.isEmpty
            try await store.close()
            guard isEmpty else {
                throw AppError(
                    .conflict,
                    "There is a state in the database already.",
                    hint: "Serve it with the master key that it was made with, or name another database."
                )
            }
        } catch let error as StoreError {
            throw AppError(error)
        }
        masterKey = try MasterKeySource.environment() ?? createMasterKey()
        try remember()
        return (try Self.open(location, .existing, masterKey), masterKey)
    }

    /// Opens the state in the folder.
    ///
    /// - Parameter actor: whom the audit log names for what is changed outside of any operation.
    /// - Returns: the open state.
    /// - Throws: `AppError` with one clear sentence.
    public func open(as actor: String = "local:\(StateFolder.user)") async throws -> OpenedState {
        try checkState()
        let location = try location()
        let masterKey = try MasterKeySource.environment() ?? MasterKeySource.file(masterKeyFile ?? masterKeyPath)
        let state = OpenedState(
            folder: self,
            store: try Self.open(location, .existing, masterKey, as: actor),
            database: location,
            masterKey: masterKey
        )
        do {
            // Under another key the first event would spoil the audit log for ever.
            _ = try await state.configuration()
        } catch {
            try? await state.store.close()
            throw error
        }
        return state
    }

    /// How many steps of the schema the state lacks that this version knows; changes nothing.
    func missingSchemaSteps() async throws -> Int {
        try checkState()
        do {
            return try location().missingSteps()
        } catch let error as StoreError {
            throw AppError(error)
        }
    }

    /// The state's master key, for what needs no more of the state than that.
    func masterKey() throws -> MasterKey {
        try MasterKeySource.environment() ?? MasterKeySource.file(masterKeyPath)
    }

    /// Whether other servers may serve the same state.
    var isShared: Bool { get throws { try location().isShared } }

    private func location() throws -> DatabaseLocation {
        guard let url = try database.stated(memory: memoryPath) else { return .sqlite(path: databasePath) }
        return try DatabaseSource.location(ofURL: url)
    }

    private func createFolder() throws {
        guard ![databasePath, memoryPath].contains(where: FileManager.default.fileExists(atPath:)) else {
            throw AppError(
                .conflict,
                "There is a state in \(path) already.",
                hint: "Use another folder, or serve this one."
            )
        }
        // The folder becomes this program's alone: somebody's home must not.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard names.allSatisfy(["master.key", "lost+found"].contains) else {
            throw AppError(.conflict, "The folder \(path) is not empty.", hint: "Name a new folder, or an empty one.")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw AppError(.state, "The folder \(path) can't be made.", hint: "Check the path and its permissions.")
        }
        // A folder that was there before keeps its owner, but nobody else gets in.
        guard unsafe chmod(path, 0o700) == 0 else {
            throw AppError(.state, "The permissions of \(path) can't be set.", hint: "It has to belong to this user.")
        }
    }

    /// Whether there is a folder at a path.
    static func isFolder(_ path: String) -> Bool {
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        return type == .typeDirectory
    }

    /// Throws an `AppError` unless there is a state in the folder that this user can get at.
    func checkState() throws {
        guard Self.isFolder(path) else {
            throw AppError(
                .state,
                "There is no folder \(path).",
                hint: "Make a state with: sceptic init --data \(path)"
            )
        }
        guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
            throw AppError(
                .state,
                "The folder \(path) can't be read and written.",
                hint: "It has to belong to this user."
            )
        }
        guard case .sqlite(let file) = try location() else { return }
        guard FileManager.default.fileExists(atPath: file) else {
            throw AppError(
                .state,
                "The folder \(path) holds no state.",
                hint: "Make one with: sceptic init --data \(path)"
            )
        }
    }

    /// Takes the right to serve the folder, which the process keeps until it ends, however it ends.
    ///
    /// - Throws: `AppError` when another process serves it.
    func lockForServing() throws {
        let descriptor = unsafe Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AppError(.state, "The lock file \(lockPath) can't be opened.") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw AppError(
                .busy,
                "Another process serves \(path) already.",
                hint: "Stop it first; other commands may run beside it."
            )
        }
    }

    private static func open(
        _ location: DatabaseLocation,
        _ mode: OpeningMode,
        _ masterKey: MasterKey,
        as actor: String = "local:\(StateFolder.user)"
    ) throws -> any EnrollmentStore {
        let writer = "\(machineName) \(ProcessInfo.processInfo.processIdentifier)"
        do {
            return try location.open(
                mode,
                audit: AuditIdentity(seal: AuditSeal(masterKey), writer: writer, actor: actor)
            )
        } catch {
            throw AppError(error)
        }
    }

    /// Who runs this process; under sudo, who ran that.
    public static var user: String {
        let variables = ProcessInfo.processInfo.environment
        return variables["SUDO_USER"] ?? variables["USER"] ?? variables["LOGNAME"] ?? "unknown"
    }

    /// The machine's own name, without asking anybody else for it.
    static var machineName: String {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return "unknown" }
        return unsafe withUnsafeBytes(of: &name.nodename) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Keeps where the database is, so that nobody has to say it with every command.
    private func remember() throws {
        guard let url = try database.stated(memory: memoryPath) else { return }
        try writeSecret(url, to: memoryPath, called: "file")
    }

    private func createMasterKey() throws -> MasterKey {
        var generator = SecureRandom()
        let bytes = MasterKey.generateBytes(using: &generator)
        try writeSecret(bytes.hexadecimal, to: masterKeyPath, called: "master key")
        return try MasterKey(bytes: bytes)
    }

    /// Writes a new file of one line that only its owner can read, and makes it durable.
    private func writeSecret(_ line: String, to path: String, called name: String) throws {
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw AppError(.state, "The \(name) \(path) can't be written.", hint: "Is there an old one?")
        }
        defer { close(descriptor) }
        let text = Array((line + "\n").utf8)
        guard unsafe write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else {
            throw AppError(.state, "The \(name) \(path) can't be written.", hint: "Is the disk full?")
        }
    }
}
