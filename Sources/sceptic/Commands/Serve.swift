// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Logging
internal import SCEPEndpoint
internal import ServerApp

internal import class Foundation.ProcessInfo

/// The command `sceptic serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves a state folder until it is told to stop.",
        discussion: "It works on a state folder of this machine: there is no --server."
    )

    @OptionGroup var state: DataOption

    @Option(help: "The server's configuration file; what other options say comes before what it says.")
    var config: String?

    @Option(help: "HOST:PORT of a plain HTTP listener for SCEP, CRL and CA certificates; may be repeated.")
    var listen: [String] = []

    @Option(help: "HOST:PORT of a TLS listener for the same.")
    var tlsListen: [String] = []

    @Option(help: "The PEM file with the TLS listeners' certificate chain.")
    var tlsCertificate: String?

    @Option(help: "The PEM file with the TLS listeners' private key.")
    var tlsKey: String?

    @Option(
        help:
            "HOST:PORT of the listener for administration and metrics; beyond loopback it needs TLS and somebody who may do everything."
    )
    var adminListen: String?

    @Option(
        help:
            "After how many failures to sign in, in a minute, an address has to wait at the admin listener; 10 if nothing is said, 0 for never."
    )
    var adminFailuresPerMinute: Int?

    @Option(help: "How many days traces are kept, which hold names and addresses; 400 if nothing is said.")
    var traceDays: Int?

    @Option(help: "The PEM file with the admin listener's certificate chain; that of --tls-certificate if not given.")
    var adminTLSCertificate: String?

    @Option(help: "The PEM file with the admin listener's private key; that of --tls-key if not given.")
    var adminTLSKey: String?

    @Option(help: "HOST:PORT of a plain HTTP listener for /metrics alone, for a Prometheus on another machine.")
    var metricsListen: String?

    @Option(
        help:
            "The lowest level of log lines: trace, debug, info (if nothing is said), notice, warning, error or critical."
    )
    var logLevel: String?

    @Option(help: "How log lines look: text (if nothing is said) or json.", transform: Self.format)
    var logFormat: LogFormat?

    @OptionGroup var audit: AuditOutputOptions

    func run() async throws {
        let configuration = try config.map { try ServerConfiguration(file: $0) }
        let level = try logLevel.map(Self.level) ?? configuration?.logLevel ?? .info
        let format = logFormat ?? configuration?.logFormat ?? .text
        let threshold = LogThreshold(level)
        let logger = Logger(label: "sceptic") { _ in LineLogHandler(format: format, threshold: threshold) }
        let traceDays = traceDays ?? configuration?.traceDays ?? Server.defaultTraceDays
        guard Server.traceDaysRange.contains(traceDays) else {
            throw AppError(.usage, "--trace-days has to be 1 to 36500.")
        }
        guard (0...1_000_000).contains(adminFailuresPerMinute ?? 0) else {
            throw AppError(.usage, "--admin-failures-per-minute has to be 0 to 1000000.")
        }
        let listeners = try listeners(configuration)
        #if DEBUG
        let faultPoint = ProcessInfo.processInfo.environment["SCEPTIC_FAULT_POINT"]
        #else
        let faultPoint: String? = nil
        #endif
        let server = Server(
            folder: try state.folder(configuration),
            listeners: listeners,
            traceDays: traceDays,
            adminFailuresPerMinute: adminFailuresPerMinute ?? configuration?.adminFailuresPerMinute,
            audit: audit.outputs ?? configuration?.audit ?? AuditOutputs(),
            logger: logger,
            reloading: Server.Reloading(
                configuration: configuration,
                takesLogLevel: logLevel == nil,
                threshold: threshold
            ),
            faultPoint: faultPoint
        )
        let schemes = listeners.map { $0.tls == nil ? "http" : "https" }
        try await server.run { addresses in
            for (address, scheme) in zip(addresses, schemes) {
                let host = address.host.contains(":") ? "[\(address.host)]" : address.host
                Terminal.result("listening on \(scheme)://\(host):\(address.port)")
            }
        }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else { throw AppError(.usage, "'\(text)' is no log level.") }
        return level
    }

    private static func format(_ text: String) throws -> LogFormat {
        guard let format = LogFormat(rawValue: text) else {
            throw ValidationError("'\(text)' is neither text nor json.")
        }
        return format
    }

    /// Where to listen: as the options say, if any of them says anything of it; else as the file says.
    ///
    /// What systemd has bound is served besides.
    private func listeners(_ configuration: ServerConfiguration?) throws -> [ListenerConfiguration] {
        let inherited = try InheritedSockets(environment: ProcessInfo.processInfo.environment)
            .listeners(tls: tlsCredential)
        let isSaid = !listen.isEmpty || !tlsListen.isEmpty || adminListen != nil || metricsListen != nil
        if !isSaid, let configuration, !configuration.listeners.isEmpty { return configuration.listeners + inherited }
        let isDefault = listen.isEmpty && tlsListen.isEmpty && inherited.isEmpty
        var list: [ListenerConfiguration] = []
        for text in isDefault ? ["127.0.0.1:8080"] : listen {
            let address = try Self.address(text)
            list.append(ListenerConfiguration(host: address.host, port: address.port))
        }
        if !tlsListen.isEmpty {
            guard let tls = tlsCredential else {
                throw AppError(.usage, "A TLS listener needs --tls-certificate and --tls-key.")
            }
            for text in tlsListen {
                let address = try Self.address(text)
                list.append(ListenerConfiguration(host: address.host, port: address.port, tls: tls))
            }
        }
        if let adminListen { list.append(try adminListener(adminListen)) }
        if let metricsListen {
            let address = try Self.address(metricsListen)
            list.append(ListenerConfiguration(host: address.host, port: address.port, roles: [.metrics]))
        }
        return list + inherited
    }

    /// The listener for administration: on loopback plain HTTP will do, elsewhere passwords and tokens need TLS.
    private func adminListener(_ text: String) throws -> ListenerConfiguration {
        let address = try Self.address(text)
        guard (adminTLSCertificate == nil) == (adminTLSKey == nil) else {
            throw AppError(.usage, "--admin-tls-certificate and --admin-tls-key go together.")
        }
        let certificate = adminTLSCertificate ?? (address.isLoopback ? nil : tlsCertificate)
        let key = adminTLSKey ?? (address.isLoopback ? nil : tlsKey)
        guard let certificate, let key else {
            guard address.isLoopback else {
                throw AppError(
                    .usage,
                    "The admin listener needs TLS to listen on \(address.host): passwords and tokens go over it.",
                    hint: "Add --admin-tls-certificate and --admin-tls-key, or listen on 127.0.0.1."
                )
            }
            return .administration(host: address.host, port: address.port)
        }
        let tls = ListenerConfiguration.TLS(certificateChainFile: certificate, privateKeyFile: key)
        return .administration(host: address.host, port: address.port, tls: tls)
    }

    private var tlsCredential: ListenerConfiguration.TLS? {
        guard let tlsCertificate, let tlsKey else { return nil }
        return ListenerConfiguration.TLS(certificateChainFile: tlsCertificate, privateKeyFile: tlsKey)
    }

    private static func address(_ text: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw AppError(.usage, "'\(text)' is not of the form HOST:PORT.")
        }
        return address
    }
}
