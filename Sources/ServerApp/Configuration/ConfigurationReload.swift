// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Logging
internal import SCEPEndpoint
internal import ServiceLifecycle
internal import UnixSignals

/// Takes up what can change while a server runs, on SIGHUP: TLS credentials, and the log level of the configuration file.
struct ConfigurationReload: Service {
    /// The configuration that the server started with; nil without a file.
    let configuration: ServerConfiguration?
    /// Whether the file says the log level: not if the command line does.
    let takesLogLevel: Bool
    let threshold: LogThreshold
    let listeners: [SCEPListener]
    /// Tells the service manager that a reload begins, and that it is over.
    let notifier: ServiceNotifier
    /// What the service manager shows.
    let status: @Sendable () -> String
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            notifier.reloading()
            reload()
            notifier.ready(status: status())
        }
    }

    private func reload() {
        if let configuration {
            do {
                take(try ServerConfiguration(file: configuration.file), after: configuration)
            } catch {
                let sentence = (error as? AppError)?.sentence ?? "\(type(of: error))"
                return logger.error(
                    "the configuration file can't be used; everything stays as it is",
                    metadata: ["file": "\(configuration.file)", "error": "\(sentence)"]
                )
            }
        }
        var count = 0
        for listener in listeners where listener.isSecure {
            do {
                try listener.renewCredential()
                count += 1
            } catch {
                logger.error("a TLS credential can't be used; the former one stays", metadata: ["error": "\(error)"])
            }
        }
        logger.notice("reloaded", metadata: ["credentials": "\(count)", "level": "\(threshold.level)"])
    }

    /// Takes up what can be, and tells what can't.
    private func take(_ new: ServerConfiguration, after old: ServerConfiguration) {
        if takesLogLevel { threshold.level = new.logLevel ?? .info }
        let waiting = new.restartNeeded(after: old)
        guard !waiting.isEmpty else { return }
        logger.warning(
            "some settings are taken up by a restart only",
            metadata: ["settings": "\(waiting.joined(separator: ", "))"]
        )
    }
}

extension ServerConfiguration {
    /// The settings that differ and that only a server that starts takes up.
    func restartNeeded(after old: ServerConfiguration) -> [String] {
        var keys: [String] = []
        if state != old.state { keys.append("state") }
        if databaseFile != old.databaseFile { keys.append("database") }
        if masterKeyFile != old.masterKeyFile { keys.append("masterKey") }
        if logFormat != old.logFormat { keys.append("log.format") }
        if adminFailuresPerMinute != old.adminFailuresPerMinute { keys.append("adminFailuresPerMinute") }
        if audit != old.audit { keys.append("audit") }
        if traceDays != old.traceDays { keys.append("traceDays") }
        if listeners != old.listeners { keys.append("listeners") }
        return keys
    }
}
