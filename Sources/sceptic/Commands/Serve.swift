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

    @Option(help: "How many days traces are kept, which hold names and addresses.")
    var traceDays: Int = Server.defaultTraceDays

    @Option(help: "The PEM file with the admin listener's certificate chain; that of --tls-certificate if not given.")
    var adminTLSCertificate: String?

    @Option(help: "The PEM file with the admin listener's private key; that of --tls-key if not given.")
    var adminTLSKey: String?

    @Option(help: "HOST:PORT of a plain HTTP listener for /metrics alone, for a Prometheus on another machine.")
    var metricsListen: String?

    @Option(help: "The lowest level of log lines: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String = "info"

    @Option(help: "How log lines look: text or json.", transform: Self.format)
    var logFormat: LogFormat = .text

    func run() async throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw AppError(.usage, "'\(logLevel)' is no log level.")
        }
        var logger = Logger(label: "sceptic") { [logFormat] _ in LineLogHandler(format: logFormat) }
        logger.logLevel = level
        guard (1...36_500).contains(traceDays) else { throw AppError(.usage, "--trace-days has to be 1 to 36500.") }
        let listeners = try listeners()
        #if DEBUG
        let faultPoint = ProcessInfo.processInfo.environment["SCEPTIC_FAULT_POINT"]
        #else
        let faultPoint: String? = nil
        #endif
        let server = Server(
            folder: try state.folder,
            listeners: listeners,
            traceDays: traceDays,
            logger: logger,
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

    private static func format(_ text: String) throws -> LogFormat {
        guard let format = LogFormat(rawValue: text) else {
            throw ValidationError("'\(text)' is neither text nor json.")
        }
        return format
    }

    private func listeners() throws -> [ListenerConfiguration] {
        let inherited = try InheritedSockets(environment: ProcessInfo.processInfo.environment)
        let isDefault = listen.isEmpty && tlsListen.isEmpty && inherited.sockets.isEmpty
        var list: [ListenerConfiguration] = []
        for text in isDefault ? ["127.0.0.1:8080"] : listen {
            let (host, port) = try Self.address(text)
            list.append(ListenerConfiguration(host: host, port: port))
        }
        if !tlsListen.isEmpty {
            guard let tls = tlsCredential else {
                throw AppError(.usage, "A TLS listener needs --tls-certificate and --tls-key.")
            }
            for text in tlsListen {
                let (host, port) = try Self.address(text)
                list.append(ListenerConfiguration(host: host, port: port, tls: tls))
            }
        }
        if let adminListen { list.append(try adminListener(adminListen)) }
        if let metricsListen {
            let (host, port) = try Self.address(metricsListen)
            list.append(ListenerConfiguration(host: host, port: port, roles: [.metrics]))
        }
        list += try inherited.listeners(tls: tlsCredential)
        return list
    }

    /// The listener for administration: on loopback plain HTTP will do, elsewhere passwords and tokens need TLS.
    private func adminListener(_ text: String) throws -> ListenerConfiguration {
        let (host, port) = try Self.address(text)
        guard (adminTLSCertificate == nil) == (adminTLSKey == nil) else {
            throw AppError(.usage, "--admin-tls-certificate and --admin-tls-key go together.")
        }
        let isLoopback = Server.isLoopback(host)
        let certificate = adminTLSCertificate ?? (isLoopback ? nil : tlsCertificate)
        let key = adminTLSKey ?? (isLoopback ? nil : tlsKey)
        guard let certificate, let key else {
            guard isLoopback else {
                throw AppError(
                    .usage,
                    "The admin listener needs TLS to listen on \(host): passwords and tokens go over it.",
                    hint: "Add --admin-tls-certificate and --admin-tls-key, or listen on 127.0.0.1."
                )
            }
            return .administration(host: host, port: port)
        }
        let tls = ListenerConfiguration.TLS(certificateChainFile: certificate, privateKeyFile: key)
        return .administration(host: host, port: port, tls: tls)
    }

    private var tlsCredential: ListenerConfiguration.TLS? {
        guard let tlsCertificate, let tlsKey else { return nil }
        return ListenerConfiguration.TLS(certificateChainFile: tlsCertificate, privateKeyFile: tlsKey)
    }

    private static func address(_ text: String) throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw AppError(.usage, "'\(text)' is not of the form HOST:PORT.") }
        let host = text[..<colon].filter { !"[]".contains($0) }
        return (host.isEmpty ? "0.0.0.0" : String(host), port)
    }
}
