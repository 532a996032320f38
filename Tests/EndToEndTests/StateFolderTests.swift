// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import GRDB
internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#endif

/// What is wrong with a state folder is said in one sentence, with an exit code.
@Suite struct StateFolderTests {
    /// Serving fails, and so does a local command; both say the same.
    private func expectRefusal(
        _ state: String,
        _ words: String,
        exitCode: Int32 = 78,
        environment: [String: String] = [:]
    ) async throws {
        for command in [["serve", "--listen", "127.0.0.1:0"], ["challenge", "new"]] {
            let run = try await Sceptic.attempt(command + ["--data", state], environment: environment)
            #expect(run.status == exitCode, "\(command): \(run.errors)")
            #expect(run.output.isEmpty)
            #expect(run.isOneSentence, "\(run.errors)")
            #expect(run.errors.contains(words), "\(run.errors)")
        }
    }

    /// A state folder that is in order.
    private func state() async throws -> (folder: TemporaryFolder, path: String) {
        let folder = try TemporaryFolder()
        try await Sceptic.initialise(folder.file("state"))
        return (folder, folder.file("state"))
    }

    @Test func missingFolder() async throws {
        try await expectRefusal(try TemporaryFolder().file("absent"), "There is no folder")
    }

    @Test func fileInTheFoldersPlace() async throws {
        let folder = try TemporaryFolder()
        try await expectRefusal(try folder.write("file", [1]), "There is no folder")
        try await expectRefusal(folder.file("file") + "/state", "There is no folder")
    }

    @Test func folderWithoutAState() async throws {
        let folder = try TemporaryFolder()
        try await expectRefusal(folder.path, "holds no state")
    }

    @Test(.enabled(if: getuid() != 0, "permissions do not hold root off"))
    func unreadableFolder() async throws {
        let (folder, path) = try await state()
        try FileManager.default.setAttributes([.posixPermissions: 0o000], ofItemAtPath: path)
        try await expectRefusal(path, "can't be read")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        withExtendedLifetime(folder) {}
    }

    @Test func stateOfANewerVersion() async throws {
        let (folder, path) = try await state()
        let queue = try DatabaseQueue(path: path + "/sceptic.sqlite")
        try await queue.write { database in
            try database.execute(
                sql: "INSERT INTO schema_migration (version, name, applied_at) VALUES (99, 'later', 0)"
            )
        }
        try queue.close()
        try await expectRefusal(path, "newer version (schema 99;")
        withExtendedLifetime(folder) {}
    }

    @Test func databaseOfSomethingElse() async throws {
        let (folder, path) = try await state()
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: path + "/sceptic.sqlite" + suffix)
        }
        let queue = try DatabaseQueue(path: path + "/sceptic.sqlite")
        try await queue.write { try $0.execute(sql: "CREATE TABLE song (title TEXT)") }
        try queue.close()
        let before = try folder.read("state/sceptic.sqlite")
        try await expectRefusal(path, "not a database of this program")
        #expect(try folder.read("state/sceptic.sqlite") == before)
    }

    @Test(arguments: [0, 1, 100, 5000])
    func garbageInTheDatabasesPlace(length: Int) async throws {
        let (folder, path) = try await state()
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: path + "/sceptic.sqlite" + suffix)
        }
        try folder.write("state/sceptic.sqlite", Array(repeating: 0x2A, count: length))
        try await expectRefusal(path, "not a database of this program")
        #expect(try folder.read("state/sceptic.sqlite").count == length)
    }

    @Test func damagedDatabase() async throws {
        let (folder, path) = try await state()
        let queue = try DatabaseQueue(path: path + "/sceptic.sqlite")
        try await queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try queue.close()
        var bytes = try folder.read("state/sceptic.sqlite")
        for index in 4096..<bytes.count { bytes[index] = 0xA5 }
        try folder.write("state/sceptic.sqlite", bytes)
        let run = try await Sceptic.attempt(["serve", "--listen", "127.0.0.1:0", "--data", path])
        #expect(run.status == 78, "\(run.errors)")
        #expect(run.isOneSentence, "\(run.errors)")
    }

    @Test func otherMasterKey() async throws {
        let (folder, path) = try await state()
        try folder.write("state/master.key", Array((String(repeating: "ab", count: 32) + "\n").utf8))
        try await expectRefusal(path, "The master key is not the one")
    }

    @Test func missingMasterKey() async throws {
        let (folder, path) = try await state()
        try FileManager.default.removeItem(atPath: folder.file("state/master.key"))
        try await expectRefusal(path, "The master key")
    }

    @Test(arguments: ["", "abc", "zz", String(repeating: "a", count: 63), String(repeating: "a", count: 66), "+1+1"])
    func malformedMasterKey(text: String) async throws {
        let (folder, path) = try await state()
        try folder.write("state/master.key", Array(text.utf8))
        try await expectRefusal(path, "master.key there")
        if !text.isEmpty {
            let run = try await Sceptic.attempt(
                ["serve", "--data", path, "--listen", "127.0.0.1:0"],
                environment: ["SCEPTIC_MASTER_KEY": text + "secret"]
            )
            #expect(run.status == 78)
            #expect(!run.errors.contains(text + "secret"))
        }
    }

    @Test func masterKeyMayComeFromElsewhere() async throws {
        let (folder, path) = try await state()
        let key = try folder.read("state/master.key")
        try FileManager.default.moveItem(atPath: path + "/master.key", toPath: folder.file("elsewhere"))
        let server = try await Server(
            folder: folder,
            state: path,
            environment: ["SCEPTIC_MASTER_KEY_FILE": folder.file("elsewhere")]
        )
        #expect(try await server.get("/scep?operation=GetCACaps").status == 200)
        #expect(try await server.stop() == 0)
        let text = String(decoding: key, as: UTF8.self)
        let other = try await Server(folder: folder, state: path, environment: ["SCEPTIC_MASTER_KEY": text])
        #expect(try await other.stop() == 0)
    }

    @Test func folderThatIsServedAlready() async throws {
        let server = try await Server.start()
        let run = try await Sceptic.attempt(["serve", "--data", server.state, "--listen", "127.0.0.1:0"])
        #expect(run.status == 75)
        #expect(run.isOneSentence)
        #expect(run.errors.contains("Another process serves"))
        #expect(try await server.get("/healthz").status == 200)
        // The lock dies with its holder.
        try await server.kill9()
        #expect(try await server.restarted().stop() == 0)
    }

    @Test func addressThatIsTaken() async throws {
        let server = try await Server.start()
        let (folder, path) = try await state()
        let run = try await Sceptic.attempt(["serve", "--data", path, "--listen", "127.0.0.1:\(server.port)"])
        #expect(run.status == 75, "\(run.errors)")
        #expect(run.errors.split(separator: "\n").contains { $0.hasPrefix("error: ") && $0.contains("\(server.port)") })
        withExtendedLifetime(folder) {}
        #expect(try await server.stop() == 0)
    }

    @Test func stateIsNotMadeOverAnother() async throws {
        let (folder, path) = try await state()
        let before = try folder.read("state/master.key")
        let run = try await Sceptic.attempt(["init", "--data", path, "--name", "Again"])
        #expect(run.status == 73)
        #expect(run.errors.contains("There is a state in"))
        #expect(try folder.read("state/master.key") == before)
    }

    @Test func folderOfSomebodyElsesFilesIsLeftAlone() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("home"), withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file("home"))
        try folder.write("home/letter.txt", [1])
        let run = try await Sceptic.attempt(["init", "--data", folder.file("home"), "--name", "Example"])
        #expect(run.status == 73, "\(run.output)\(run.errors)")
        #expect(run.errors.contains("is not empty"))
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file("home"))[.posixPermissions] as? Int
        #expect(mode == 0o755)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("home")) == ["letter.txt"])
    }
}

extension Sceptic.Run {
    /// Whether the errors are one sentence, and perhaps a hint.
    var isOneSentence: Bool {
        let lines = errors.split(separator: "\n")
        let told = lines.filter { $0.hasPrefix("error: ") }
        guard let sentence = told.first, told.count == 1, lines.count <= 2 else { return false }
        return sentence.hasSuffix(".") && !sentence.hasSuffix("..")
            && lines.dropFirst().allSatisfy { $0.hasPrefix("hint: ") }
    }
}
