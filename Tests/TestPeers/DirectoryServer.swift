// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
package import TestSupport

/// A slapd of the tests' own: on this machine only, in a temporary folder.
///
/// It stops with the process that made it, however that ends.
package final class DirectoryServer: Sendable {
    /// A run that should have worked and did not.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The server that all tests share which don't stop it.
    package static func shared() async throws -> DirectoryServer { try await sharedServer.value }
    private static let sharedServer = Task { try await DirectoryServer(name: "IP:127.0.0.1") }

    static let program = "/usr/sbin/slapd"
    /// The account that may search.
    package static let account = "cn=sceptic,dc=example"
    /// Its password.
    package static let accountPassword = "of the account"

    /// The port of `ldap://`.
    package let port: Int
    /// The port of `ldaps://`.
    package let tlsPort: Int
    /// Where its files lie.
    package let openssl: OpenSSL
    private let watcher = Process()
    private let lifeline = Pipe()

    /// The file of its certificate, which is its own root.
    package var roots: String { openssl.folder.file("server.pem") }
    /// The file of the account's password.
    package var passwordFile: String { openssl.folder.file("account") }

    /// Starts a server.
    ///
    /// - Parameter name: the one name in its certificate.
    /// - Throws: `Failure`, also where Debian's package slapd is missing.
    package init(name: String) async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw Failure(description: "There is no slapd: scripts/bootstrap build installs Debian's package slapd.")
        }
        (port, tlsPort) = (try freePort(), try freePort())
        openssl = try OpenSSL()
        try await openssl.run([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=directory of the tests",
            "-addext",
            "subjectAltName=\(name)", "-keyout", "server.key", "-out", "server.pem",
        ])
        try openssl.write("account", (Self.accountPassword + "\n").utf8)
        try openssl.write("slapd.conf", Self.configuration(openssl.folder).utf8)
        try openssl.write("entries.ldif", Self.entries.utf8)
        try FileManager.default.createDirectory(atPath: openssl.folder.file("data"), withIntermediateDirectories: true)
        try start()
        try await awaitConnection()
    }

    deinit { try? lifeline.fileHandleForWriting.close() }

    /// Sends a signal to the server.
    package func signal(_ number: Int32) throws {
        let text = try String(contentsOfFile: openssl.folder.file("pid"), encoding: .utf8)
        guard let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)), kill(pid, number) == 0 else {
            throw Failure(description: "slapd can't be sent a signal")
        }
    }

    /// Ends the server.
    package func stop() throws { try signal(SIGKILL) }

    /// Has a shell fill the server, run it, wait for this process to end, and clear it away.
    private func start() throws {
        let script = """
            trap '' INT TERM HUP
            cd "$0"
            "$1" -Tadd -q -f slapd.conf -l entries.ldif >log 2>&1 && {
                "$1" -f slapd.conf -h "ldap://127.0.0.1:$2 ldaps://127.0.0.1:$3" -d 0 >>log 2>&1 &
                echo "$!" >pid
            }
            read -r line
            kill -9 "$(cat pid)"
            rm -rf "$0"
            """
        watcher.executableURL = URL(fileURLWithPath: "/bin/sh")
        watcher.arguments = ["-c", script, openssl.folder.path, Self.program, "\(port)", "\(tlsPort)"]
        watcher.standardInput = lifeline
        watcher.standardOutput = FileHandle.nullDevice
        watcher.standardError = FileHandle.nullDevice
        _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try watcher.run()
    }

    private func awaitConnection() async throws {
        for _ in 0..<600 {
            if canConnect(port), canConnect(tlsPort) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        let log = (try? String(contentsOfFile: openssl.folder.file("log"), encoding: .utf8)) ?? ""
        throw Failure(description: "slapd does not start: \(log)")
    }

    private static func configuration(_ folder: TemporaryFolder) -> String {
        """
        include /etc/ldap/schema/core.schema
        include /etc/ldap/schema/cosine.schema
        include /etc/ldap/schema/inetorgperson.schema
        modulepath /usr/lib/ldap
        moduleload back_mdb
        TLSCertificateFile \(folder.file("server.pem"))
        TLSCertificateKeyFile \(folder.file("server.key"))
        # A bind with a name and no password succeeds here, as it does in many a directory.
        allow bind_anon_cred bind_anon_dn
        database mdb
        suffix "dc=example"
        directory \(folder.file("data"))
        maxsize 134217728
        dbnosync
        access to attrs=userPassword by anonymous auth by * none
        access to * by dn.exact="\(account)" read by self read by anonymous auth by * none

        """
    }

    /// What stands in the directory.
    private static var entries: String {
        let people = [
            person("alice", mail: "alice@example", "employeeNumber: code-42\ndepartmentNumber: 7\ndepartmentNumber: 8"),
            person("bob", mail: "bob@example", "employeeNumber: code-43"),
            person("twin1", mail: "twin@example", "employeeNumber: code-44"),
            person("twin2", mail: "twin@example", "employeeNumber: code-44"),
            person(
                "big",
                mail: "big@example",
                "employeeNumber: code-45\ndescription: " + String(repeating: "x", count: 10_485_760)
            ),
            person("m\u{FC}ller", mail: "mueller@example", "employeeNumber: code-46"),
            person("a*b(c)\\\\d\\,e", plain: "a*b(c)\\d,e", mail: "odd@example", "employeeNumber: code-47"),
        ]
        return """
            dn: dc=example
            objectClass: dcObject
            objectClass: organization
            dc: example
            o: Example

            dn: \(account)
            objectClass: organizationalRole
            objectClass: simpleSecurityObject
            cn: sceptic
            userPassword: \(accountPassword)

            dn: ou=people,dc=example
            objectClass: organizationalUnit
            ou: people

            \(people.joined(separator: "\n"))
            """
    }

    private static func person(_ dn: String, plain: String? = nil, mail: String, _ others: String) -> String {
        let name = Data((plain ?? dn).utf8).base64EncodedString()
        return """
            dn:: \(Data("uid=\(dn),ou=people,dc=example".utf8).base64EncodedString())
            objectClass: inetOrgPerson
            uid:: \(name)
            cn:: \(name)
            sn: Person
            mail: \(mail)
            userPassword:: \(Data("password of \(plain ?? dn)".utf8).base64EncodedString())
            \(others)

            """
    }
}

/// A port of this machine that nobody listens on.
package func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
        }
    }
    guard isBound else { throw DirectoryServer.Failure(description: "There is no free port.") }
    return Int(UInt16(bigEndian: address.sin_port))
}

private func canConnect(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port)
    return unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

private func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
