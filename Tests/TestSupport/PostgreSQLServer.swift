// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// A PostgreSQL server of the tests' own: on this machine only, in a temporary folder, with a random password.
///
/// It stops with the process that made it, however that ends. It does not flush its disk (`fsync=off`), because nothing
/// that tests write must outlive the machine.
package final class PostgreSQLServer: Sendable {
    /// A run that should have worked and did not.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether Debian's package of the server is there.
    package static var isInstalled: Bool { programs != nil }

    /// The server that all tests share which don't stop it or change its settings.
    package static func shared() async throws -> PostgreSQLServer { try await sharedServer.value }

    private static let sharedServer = Task { try await PostgreSQLServer() }

    /// The name of the superuser.
    package let user = "sceptic"
    /// The superuser's password, which a URL can hold as it is.
    package let password = UUID().uuidString
    /// The port on 127.0.0.1.
    package let port: Int
    /// Where its files lie; its socket is there as well.
    package let folder: String
    private let programs: String
    private let watcher: Process
    private let lifeline: Pipe

    /// Makes a server and starts it.
    ///
    /// - Parameter settings: lines for `postgresql.conf`.
    /// - Throws: `Failure` when it does not start.
    package init(settings: [String] = []) async throws {
        guard let programs = Self.programs else { throw Failure(description: "There is no PostgreSQL server.") }
        self.programs = programs
        port = try Self.freePort()
        // A socket's path must not be long.
        folder = "/tmp/sceptic-postgres-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        (watcher, lifeline) = (Process(), Pipe())
        try watch()
        try Data(password.utf8).write(to: URL(fileURLWithPath: folder + "/password"))
        if Self.isRoot { try await run("/bin/chown", ["-R", "postgres:postgres", folder]) }
        try await initialize()
        try await append(
            [
                "listen_addresses = '127.0.0.1'", "port = \(port)", "unix_socket_directories = '\(folder)'",
                "fsync = off", "shared_buffers = 16MB", "max_connections = 400", "logging_collector = off",
            ] + settings
        )
        try await start()
    }

    deinit {
        // The watcher reads its end, and stops the server.
        try? lifeline.fileHandleForWriting.close()
    }

    /// Starts the server, and returns when it can be reached.
    package func start() async throws {
        try await control(["-w", "-t", "60", "-l", folder + "/log", "start"])
    }

    /// Stops the server.
    ///
    /// - Parameter mode: `fast`, or `immediate` as in a crash.
    /// - Throws: `Failure` when it does not stop.
    package func stop(_ mode: String = "fast") async throws {
        try await control(["-w", "-t", "60", "-m", mode, "stop"])
    }

    /// Adds lines to `postgresql.conf`, which count from the next start on.
    package func append(_ settings: [String]) async throws {
        for setting in settings {
            try await runAsServer(
                "/bin/sh",
                ["-c", "echo \"$1\" >>\"$2\"", "sh", setting, folder + "/data/postgresql.conf"]
            )
        }
    }

    /// Makes it a standby of nobody from the next start on, or no longer: it answers, and takes no changes.
    package func setStandby(_ isStandby: Bool) async throws {
        try await runAsServer(isStandby ? "/usr/bin/touch" : "/bin/rm", [folder + "/data/standby.signal"])
    }

    /// Gives the server a file that only it can read.
    package func install(_ file: String, as name: String) async throws {
        try await run("/bin/cp", [file, folder + "/data/" + name])
        try await run("/bin/chmod", ["600", folder + "/data/" + name])
        if Self.isRoot { try await run("/bin/chown", ["postgres:postgres", folder + "/data/" + name]) }
    }

    /// Makes an empty database and gives its name.
    package func makeDatabase(_ options: String = "") async throws -> String {
        let name = "db_" + UUID().uuidString.replacing("-", with: "").lowercased()
        try await query("CREATE DATABASE \(name) \(options)", in: "postgres")
        return name
    }

    /// The URL of a database by TCP.
    package func url(
        _ database: String,
        user: String? = nil,
        password: String? = nil,
        host: String = "127.0.0.1"
    )
        -> String
    {
        "postgres://\(user ?? self.user):\(password ?? self.password)@\(host):\(port)/\(database)"
    }

    /// The URL of a database by the socket.
    package func socketURL(_ database: String) -> String {
        "postgres:///\(database)?host=\(folder)&port=\(port)&user=\(user)&password=\(password)"
    }

    /// Runs statements with `psql` and gives what they return, a row a line.
    @discardableResult
    package func query(_ text: String, in database: String) async throws -> String {
        try await run(
            programs + "/psql",
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-c", text]
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: Processes

    private static var isRoot: Bool { geteuid() == 0 }

    /// The folder of the newest version's programs.
    private static let programs: String? = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap(Int.init).sorted(by: >).map { "\(root)/\($0)/bin" }
            .first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
    }()

    /// Has a shell run the programs, wait for this process to end, and clear the server away.
    ///
    /// Foundation waits for a child's end on a socket, which a server that it started would keep open.
    private func watch() throws {
        let script = """
            trap '' INT TERM HUP
            while read -r number; do
                (
                    /bin/sh "$0/job-$number" >"$0/output-$number" 2>&1
                    echo "$?" >"$0/new-$number"
                    mv "$0/new-$number" "$0/status-$number"
                ) &
            done
            "$@" -D "$0/data" -m immediate stop
            rm -rf "$0"
            """
        watcher.executableURL = URL(fileURLWithPath: "/bin/sh")
        watcher.arguments = ["-c", script, folder] + Self.asServer(programs + "/pg_ctl")
        watcher.standardInput = lifeline
        watcher.standardOutput = FileHandle.nullDevice
        watcher.standardError = FileHandle.nullDevice
        watcher.currentDirectoryURL = URL(fileURLWithPath: "/")
        _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try watcher.run()
    }

    /// Has the watcher run a program, and gives what it writes.
    @discardableResult
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        let number = UUID().uuidString
        let words = ([program] + arguments).map { "'" + $0.replacing("'", with: "'\\''") + "'" }
        try Data("exec \(words.joined(separator: " "))\n".utf8).write(
            to: URL(fileURLWithPath: folder + "/job-\(number)")
        )
        try lifeline.fileHandleForWriting.write(contentsOf: Data("\(number)\n".utf8))
        let path = folder + "/status-\(number)"
        while !FileManager.default.fileExists(atPath: path) { try await Task.sleep(for: .milliseconds(10)) }
        let output = try String(contentsOfFile: folder + "/output-\(number)", encoding: .utf8)
        let status = try String(contentsOfFile: path, encoding: .utf8)
        guard status == "0\n" else { throw Failure(description: "\(program) failed with \(status): \(output)") }
        return output
    }

    private func control(_ arguments: [String]) async throws {
        try await runAsServer(programs + "/pg_ctl", ["-D", folder + "/data"] + arguments)
    }

    private func initialize() async throws {
        var arguments = [
            "-D", folder + "/data", "-U", user, "--pwfile", folder + "/password", "-A", "scram-sha-256", "--no-sync",
            "-E", "UTF8", "--locale=C.UTF-8",
        ]
        // Sorts as people do, so that whatever must sort as bytes do has to say so.
        if let version = programs.split(separator: "/").dropLast().last.flatMap({ Int($0) }), version >= 15 {
            arguments += ["--locale-provider=icu", "--icu-locale=en"]
        }
        try await runAsServer(programs + "/initdb", arguments)
    }

    private func runAsServer(_ program: String, _ arguments: [String]) async throws {
        let command = Self.asServer(program) + arguments
        try await run(command[0], Array(command.dropFirst()))
    }

    /// A command as a user whom PostgreSQL accepts: it refuses root.
    private static func asServer(_ program: String) -> [String] {
        guard isRoot else { return ["/usr/bin/env", program] }
        return ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program]
    }

    /// A port that nobody listens on.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else { throw Failure(description: "There is no free port.") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
