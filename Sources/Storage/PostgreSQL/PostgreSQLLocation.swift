// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment
import Foundation

/// Where a PostgreSQL database is and how to get in.
///
/// What the URL leaves open is taken from libpq's environment variables, and a password also from `~/.pgpass`. A server
/// that is not on this machine must prove by TLS who it is, unless the URL or `PGSSLMODE` names a weaker `sslmode`.
public struct PostgreSQLLocation: Sendable {
    /// libpq's parameters for each of the hosts, in the order in which they are tried; they hold the password.
    let hosts: [[(key: String, value: String)]]
    /// The location as a URL without the password.
    public let description: String
    /// Why the connection is not as safe as it should be: a sentence, if there is a reason.
    public let warning: String?
    /// What the user sets with `options`.
    let sessionOptions: String

    /// Reads a connection URL.
    ///
    /// - Parameter url: `postgres://user@host:port/database?parameter=value`, as libpq describes it.
    /// - Throws: `unavailable` with a sentence that does not hold the URL, in which there may be a password.
    public init(url: String) throws(StoreError) {
        try self.init(url: url, environment: ProcessInfo.processInfo.environment)
    }

    init(url: String, environment: [String: String]) throws(StoreError) {
        guard Self.isURL(url) else {
            throw .unavailable("The database's URL must begin with postgres:// or postgresql://.")
        }
        // What libpq says of a URL that it can't read may quote the password.
        guard var parameters = PostgreSQLResult.parameters(ofURL: url), Self.isPlausible(parameters) else {
            throw .unavailable(
                """
                The database's URL can't be read: it must be postgres://user@host:port/database?parameter=value with \
                parameters that libpq knows, and whatever is not a letter or a digit in a password as %XX.
                """
            )
        }
        for (key, variable) in Self.variables where parameters[key] == nil {
            if let value = environment[variable], !value.isEmpty { parameters[key] = value }
        }
        let mode = parameters["sslmode"]
        let hosts = try Self.split(parameters)
        let isRemote = parameters["service"] != nil || !hosts.allSatisfy { Self.isLocal($0.host, $0.address) }
        Self.complete(&parameters, isRemote: isRemote)
        if hosts.count > 1 { parameters["target_session_attrs"] = parameters["target_session_attrs"] ?? "read-write" }
        self.hosts = hosts.map { host in
            var own = parameters
            own["host"] = host.host
            own["hostaddr"] = host.address
            own["port"] = host.port
            return own.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        }
        description = Self.description(parameters, hosts)
        sessionOptions = parameters["options"] ?? ""
        warning =
            isRemote && mode != nil && mode != "verify-full"
            ? "The connection to the database has the sslmode \(Self.modes.first { $0 == mode } ?? "unknown"), which does not make sure that it is the right server."
            : nil
    }

    private struct Host {
        var host: String?
        var address: String?
        var port: String?
    }

    private static let modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    /// The environment variables that decide where the connection goes and how safe it is; libpq reads the others itself.
    private static let variables = [
        "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT", "application_name": "PGAPPNAME", "gssencmode": "PGGSSENCMODE",
        "options": "PGOPTIONS", "service": "PGSERVICE", "target_session_attrs": "PGTARGETSESSIONATTRS",
    ]

    private static func isURL(_ url: String) -> Bool { url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") }

    /// Whether no part of a password with a "/" in it was taken for a port and a database.
    private static func isPlausible(_ parameters: [String: String]) -> Bool {
        let ports = (parameters["port"] ?? "").split(separator: ",")
        return ports.allSatisfy { UInt16($0) != nil } && parameters["dbname"]?.contains("@") != true
            && parameters["host"]?.contains("@") != true
    }

    /// The hosts that a URL names, separated by commas, with their addresses and ports.
    private static func split(_ parameters: [String: String]) throws(StoreError) -> [Host] {
        func list(_ key: String) -> [String?] {
            let value = parameters[key] ?? ""
            return value.split(separator: ",", omittingEmptySubsequences: false).map { $0.isEmpty ? nil : String($0) }
        }
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        let count = max(names.count, addresses.count)
        guard [1, count].contains(ports.count), [0, 1, count].contains(names.count) || names == [nil],
            addresses == [nil] || addresses.count == count, names == [nil] || names.count == count
        else {
            throw .unavailable("The database's URL must name as many ports and addresses as hosts, or one port.")
        }
        return (0..<count).map { index in
            Host(
                host: index < names.count ? names[index] : nil,
                address: index < addresses.count ? addresses[index] : nil,
                port: index < ports.count ? ports[index] : ports.first ?? nil
            )
        }
    }

    /// Whether a host is this machine: a socket's folder, or a loopback address; without a host libpq takes a socket.
    private static func isLocal(_ host: String?, _ address: String?) -> Bool {
        guard let name = address ?? host else { return true }
        if name.hasPrefix("/") || name.lowercased() == "localhost" || name == "::1" {
            return true
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Adds what the user left open.
    private static func complete(_ parameters: inout [String: String], isRemote: Bool) {
        if isRemote { parameters["sslmode"] = parameters["sslmode"] ?? "verify-full" }
        // libpq before 16 does not know that "system" means the system's authorities.
        let isVerified = parameters["sslmode"]?.hasPrefix("verify-") == true
        if parameters["sslrootcert"] == "system" || (isVerified && parameters["sslrootcert"] == nil) {
            parameters["sslrootcert"] = bundle
        }
        let defaults = [
            "application_name": "sceptic", "client_encoding": "UTF8", "gssencmode": "disable",
            // Notices within about 20 s that the other machine is gone.
            "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "2",
            "tcp_user_timeout": "15000",
        ]
        for (key, value) in defaults where parameters[key] == nil { parameters[key] = value }
        parameters["client_encoding"] = "UTF8"
    }

    /// The system's authorities, as Debian, Fedora or Alpine keeps them.
    private static var bundle: String {
        let places = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
        ]
        return places.first { FileManager.default.fileExists(atPath: $0) } ?? places[0]
    }

    private static func description(_ parameters: [String: String], _ hosts: [Host]) -> String {
        let user = parameters["user"].map { $0 + "@" } ?? ""
        let places = hosts.map { host in
            (host.host ?? host.address ?? "") + (host.port.map { ":" + $0 } ?? "")
        }
        return "postgres://" + user + places.joined(separator: ",") + "/" + (parameters["dbname"] ?? "")
    }
}

extension PostgreSQLLocation: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The location as a URL without the password.
    public var debugDescription: String { description }

    /// Nothing but the description: the parameters hold the password.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
