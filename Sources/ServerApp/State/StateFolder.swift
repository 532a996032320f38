// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import Enrollment
internal import Storage

internal import struct Foundation.Data
internal import struct Foundation.FileAttributeType
internal import class Foundation.FileManager
internal import class Foundation.ProcessInfo
internal import struct Foundation.URL

#if canImport(Glibc)
internal import Glibc
#endif

/// The folder that holds everything a server knows: the database and, unless it lies elsewhere, the master key.
public struct StateFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Names a folder.
    public init(path: String) {
        self.path = path
    }

    var databasePath: String { path + "/sceptic.sqlite" }
    var masterKeyPath: String { path + "/master.key" }
    private var lockPath: String { path + "/serve.lock" }

    /// Makes the folder, for its owner alone, with a database and a master key.
    ///
    /// - Throws: `AppError` when there is a state in it already, or it can't be made.
    func create() throws -> (store: any EnrollmentStore, masterKey: MasterKey) {
        guard !FileManager.default.fileExists(atPath: databasePath) else {
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
        let masterKey = try MasterKeySource.environment() ?? createMasterKey()
        return (try openStore(.create), masterKey)
    }

    /// Opens the state in the folder.
    ///
    /// - Throws: `AppError` with one clear sentence.
    public func open() throws -> OpenedState {
        try checkState()
        let masterKey = try MasterKeySource.environment() ?? MasterKeySource.file(masterKeyPath)
        return OpenedState(folder: self, store: try openStore(.existing), masterKey: masterKey)
    }

    /// Throws an `AppError` unless there is a state in the folder that this user can get at.
    func checkState() throws {
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        guard type == .typeDirectory else {
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
        guard FileManager.default.fileExists(atPath: databasePath) else {
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

    private func openStore(_ mode: OpeningMode) throws -> any EnrollmentStore {
        do {
            return try DatabaseLocation.sqlite(path: databasePath).open(mode)
        } catch {
            throw AppError(error)
        }
    }

    private func createMasterKey() throws -> MasterKey {
        var generator = SecureRandom()
        let bytes = MasterKey.generateBytes(using: &generator)
        let descriptor = unsafe Glibc.open(masterKeyPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw AppError(.state, "The master key \(masterKeyPath) can't be written.", hint: "Is there an old one?")
        }
        defer { close(descriptor) }
        let text = Array((bytes.hexadecimal + "\n").utf8)
        guard unsafe write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else {
            throw AppError(.state, "The master key \(masterKeyPath) can't be written.", hint: "Is the disk full?")
        }
        return try MasterKey(bytes: bytes)
    }
}

/// A state that is open: the folder, its store and its master key.
public struct OpenedState: Sendable {
    /// The folder.
    public let folder: StateFolder
    let store: any EnrollmentStore
    /// The key under which its secrets lie.
    public let masterKey: MasterKey

    /// Its challenges.
    public var challenges: any ChallengeStore { store }
    /// The traces of its requests.
    public var traces: any TraceStore { store }
    /// The certificates it issued.
    public var certificates: any IssuedCertificateStore { store }
    /// The requests that wait for somebody's decision, or did.
    public var approvals: any ApprovalStore { store }
    /// What is revoked.
    public var revocations: any RevocationStore { store }
}
