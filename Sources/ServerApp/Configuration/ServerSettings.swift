// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Logging
internal import SCEPEndpoint

/// The content of a server's configuration file.
struct ServerSettings: Codable, Sendable {
    /// A file that is named because what is in it is a secret.
    struct File: Codable, Sendable {
        var file: String
    }

    struct Log: Codable, Sendable {
        var level: Logger.Level?
        var format: LogFormat?
    }

    var state: String?
    var database: File?
    var masterKey: File?
    var log: Log?
    var traceDays: Int?
    var audit: AuditOutputs?
    var adminFailuresPerMinute: Int?
    var listeners: [ListenerSettings]?

    private enum CodingKeys: String, CodingKey {
        case state, database, masterKey, log, traceDays, audit, adminFailuresPerMinute, listeners
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        state = try values.decodeIfPresent(String.self, forKey: .state)
        database = try values.decodeIfPresent(File.self, forKey: .database)
        masterKey = try values.decodeIfPresent(File.self, forKey: .masterKey)
        log = try values.decodeIfPresent(Log.self, forKey: .log)
        traceDays = try values.decodeIfPresent(Int.self, forKey: .traceDays)
        audit = try values.decodeIfPresent(AuditOutputs.self, forKey: .audit)
        adminFailuresPerMinute = try values.decodeIfPresent(Int.self, forKey: .adminFailuresPerMinute)
        listeners = try values.decodeIfPresent([ListenerSettings].self, forKey: .listeners)
        if let problem = audit?.problems.first {
            throw DecodingError.dataCorrupted(
                .init(codingPath: values.codingPath + [CodingKeys.audit], debugDescription: problem)
            )
        }
        guard (0...1_000_000).contains(adminFailuresPerMinute ?? 0) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: values.codingPath + [CodingKeys.adminFailuresPerMinute],
                    debugDescription: "this has to be 0 to 1000000"
                )
            )
        }
        guard traceDays.map(Server.traceDaysRange.contains) ?? true else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: values.codingPath + [CodingKeys.traceDays],
                    debugDescription:
                        "this has to be \(Server.traceDaysRange.lowerBound) to \(Server.traceDaysRange.upperBound)"
                )
            )
        }
    }
}

extension LogFormat: Codable {}

/// One listener in a server's configuration file.
struct ListenerSettings: Codable, Sendable {
    enum Role: String, Codable, CaseIterable, Sendable {
        case scep, publication, admin, metrics

        var role: ListenerRole {
            switch self {
            case .scep: .scep
            case .publication: .publication
            case .admin: .admin
            case .metrics: .metrics
            }
        }
    }

    struct TLS: Codable, Sendable {
        var certificate: String
        var key: String
    }

    struct Limits: Codable, Sendable {
        var connections: Int?
        var bodyBytes: Int?
        var requestLineBytes: Int?
        var headerBytes: Int?
        var idleSeconds: Int?
        var headSeconds: Int?
        var bodySeconds: Int?
        var sendSeconds: Int?
        var stopSeconds: Int?

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case connections, bodyBytes, requestLineBytes, headerBytes
            case idleSeconds, headSeconds, bodySeconds, sendSeconds, stopSeconds
        }

        /// What is sensible: less would turn everybody away, more would not be a limit.
        private static func range(_ key: CodingKeys) -> ClosedRange<Int> {
            switch key {
            case .connections: 1...1_000_000
            case .bodyBytes, .requestLineBytes, .headerBytes: 4096...67_108_864
            case .idleSeconds, .headSeconds, .bodySeconds, .sendSeconds: 1...3600
            case .stopSeconds: 0...3600
            }
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            func read(_ key: CodingKeys) throws -> Int? {
                guard let number = try values.decodeIfPresent(Int.self, forKey: key) else { return nil }
                let range = Self.range(key)
                guard range.contains(number) else {
                    throw DecodingError.dataCorrupted(
                        .init(
                            codingPath: values.codingPath + [key],
                            debugDescription: "this has to be \(range.lowerBound) to \(range.upperBound)"
                        )
                    )
                }
                return number
            }
            connections = try read(.connections)
            bodyBytes = try read(.bodyBytes)
            requestLineBytes = try read(.requestLineBytes)
            headerBytes = try read(.headerBytes)
            idleSeconds = try read(.idleSeconds)
            headSeconds = try read(.headSeconds)
            bodySeconds = try read(.bodySeconds)
            sendSeconds = try read(.sendSeconds)
            stopSeconds = try read(.stopSeconds)
        }
    }

    var address: String
    var roles: [Role]?
    var tls: TLS?
    var limits: Limits?
    let host: String
    let port: Int

    private enum CodingKeys: String, CodingKey {
        case address, roles, tls, limits
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        address = try values.decode(String.self, forKey: .address)
        roles = try values.decodeIfPresent([Role].self, forKey: .roles)
        tls = try values.decodeIfPresent(TLS.self, forKey: .tls)
        limits = try values.decodeIfPresent(Limits.self, forKey: .limits)
        func fault(_ key: CodingKeys, _ sentence: String) -> DecodingError {
            .dataCorrupted(.init(codingPath: values.codingPath + [key], debugDescription: sentence))
        }
        guard let place = ListenAddress(address) else {
            throw fault(.address, "'\(address)' is not of the form HOST:PORT")
        }
        (host, port) = (place.host, place.port)
        guard roles != [] else { throw fault(.roles, "a listener has at least one role") }
        guard tls != nil || place.isLoopback || !(roles ?? []).contains(.admin) else {
            throw fault(.roles, "administration needs tls, or listens on loopback only")
        }
    }

    /// The listener.
    var configuration: ListenerConfiguration {
        let roles = Set((roles ?? [.scep, .publication]).map(\.role))
        let tls = tls.map { ListenerConfiguration.TLS(certificateChainFile: $0.certificate, privateKeyFile: $0.key) }
        var configuration =
            roles == [.admin]
            ? ListenerConfiguration.administration(host: host, port: port, tls: tls)
            : ListenerConfiguration(host: host, port: port, roles: roles, tls: tls)
        guard let limits else { return configuration }
        func set<Value>(_ path: WritableKeyPath<ListenerLimits, Value>, _ value: Value?) {
            if let value { configuration.limits[keyPath: path] = value }
        }
        set(\.connections, limits.connections)
        set(\.bodyBytes, limits.bodyBytes)
        set(\.requestLineBytes, limits.requestLineBytes)
        set(\.headerFieldBytes, limits.headerBytes)
        set(\.idleTimeout, limits.idleSeconds.map { .seconds($0) })
        set(\.headTimeout, limits.headSeconds.map { .seconds($0) })
        set(\.bodyTimeout, limits.bodySeconds.map { .seconds($0) })
        set(\.sendTimeout, limits.sendSeconds.map { .seconds($0) })
        set(\.stopTimeout, limits.stopSeconds.map { .seconds($0) })
        return configuration
    }
}

/// A place to listen at, as people write it.
public struct ListenAddress: Sendable, Hashable {
    /// The address or host name; all addresses if none was written.
    public let host: String
    /// The port; 0 lets the system choose.
    public let port: Int

    /// Reads `HOST:PORT`, with brackets around an IPv6 address.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = text[..<colon].filter { !"[]".contains($0) }
        self.host = host.isEmpty ? "0.0.0.0" : String(host)
        self.port = port
    }

    /// Whether nobody on another machine gets there.
    public var isLoopback: Bool { Server.isLoopback(host) }
}
