// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import SCEPCrafting
internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#endif

/// A PostgreSQL database that has too little of something: time, connections, disk.
@Suite struct DatabaseShortageTests {
    @Test func slowStatementsEndInACertificateOrInAnInvitationToComeAgain() async throws {
        let cluster = try await Cluster.start()
        let device = try await Device(of: cluster.first)
        let codes = try await cluster.first.codes(2)
        try await cluster.query(
            """
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(TG_ARGV[0]::float); RETURN NEW; END $$;
            CREATE TRIGGER dawdle BEFORE INSERT ON certificate FOR EACH ROW EXECUTE FUNCTION dawdle('5')
            """
        )
        let first = try device.message(codes[0], "five-seconds")
        let start = ContinuousClock.now
        #expect(try await cluster.first.post(first).isSuccess)
        #expect(start.duration(to: .now) >= .seconds(5))
        // Longer than a statement may take.
        try await cluster.query(
            """
            DROP TRIGGER dawdle ON certificate;
            CREATE TRIGGER dawdle BEFORE INSERT ON certificate FOR EACH ROW EXECUTE FUNCTION dawdle('60')
            """
        )
        let second = try device.message(codes[1], "a-minute")
        let refused = try await cluster.first.post(second)
        #expect(refused.status == 503)
        #expect(refused.fields["retry-after"] != nil)
        #expect(start.duration(to: .now) < .seconds(30))
        try await cluster.query("DROP TRIGGER dawdle ON certificate")
        #expect(try await cluster.second.post(second).isSuccess)
        #expect(try await cluster.first.certificates().count == 2)
        try await cluster.stop()
    }

    @Test func tooFewConnectionsMakeNodesShareThem() async throws {
        // Three of them are kept for superusers, and each node wants seventeen.
        let database = try await PostgreSQLServer(settings: ["max_connections = 20"])
        let cluster = try await Cluster.start(on: database)
        let device = try await Device(of: cluster.first)
        let codes = try await cluster.first.codes(60)
        let messages = try codes.enumerated().map { try device.message($1, "crowd-\($0)") }
        let replies = try await cluster.race(messages)
        #expect(replies.allSatisfy { $0.isSuccess || $0.status == 503 })
        for (message, reply) in zip(messages, replies) where !reply.isSuccess {
            #expect(try await soon { try await cluster.first.post(message).isSuccess })
        }
        // Both have all there are; a command needs one as well.
        #expect(try await cluster.second.stop() == 0)
        #expect(try await cluster.first.certificates().count == codes.count)
        #expect(try await cluster.first.stop() == 0)
    }

    @Test(.enabled(if: geteuid() == 0, "Only root makes small disks."))
    func aFullDiskIsFoundOutAndLeftBehind() async throws {
        let disk = try await SmallDisk()
        let database = try await PostgreSQLServer()
        try await database.query("CREATE TABLESPACE small LOCATION '\(disk.path)'", in: "postgres")
        let cluster = try await Cluster.start(on: database, options: "TABLESPACE small")
        let device = try await Device(of: cluster.first)
        let codes = try await cluster.first.codes(200)
        try disk.fill()
        var refused: [UInt8]?
        var granted = 0
        for (round, code) in codes.enumerated() where refused == nil {
            let message = try device.message(code, "full-\(round)")
            let reply = try await cluster.first.post(message)
            if reply.isSuccess { granted += 1 } else { refused = message }
            #expect(reply.isSuccess || (reply.status == 503 && reply.fields["retry-after"] != nil))
        }
        let message = try #require(refused, "the disk was never full")
        #expect(try await cluster.first.certificates().count == granted)
        try disk.clear()
        #expect(try await soon { try await cluster.second.post(message).isSuccess })
        #expect(try await soon { try await cluster.first.get("/readyz").status == 200 })
        #expect(try await cluster.first.certificates().count == granted + 1)
        try await cluster.stop()
    }
}

/// A file system of 24 MB for PostgreSQL's data, which goes with this object.
private final class SmallDisk: Sendable {
    let path: String
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        path = folder.file("disk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard unsafe mount("tmpfs", path, "tmpfs", 0, "size=24m,mode=0700") == 0 else {
            throw Sceptic.Failure(description: "no file system: \(errno)")
        }
        // The server's user has to get there.
        _ = unsafe chmod(folder.path, 0o711)
        let owned = try await Sceptic.attempt(["postgres:postgres", path], program: "/bin/chown")
        guard owned.succeeded else { throw Sceptic.Failure(description: owned.errors) }
    }

    deinit { _ = unsafe umount2(path, Int32(MNT_DETACH)) }

    /// Leaves no room.
    func fill() throws {
        _ = FileManager.default.createFile(atPath: path + "/filler", contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/filler"))
        let block = Data(count: 4096)
        while (try? file.write(contentsOf: block)) != nil {}
        try file.close()
    }

    func clear() throws {
        try FileManager.default.removeItem(atPath: path + "/filler")
    }
}
