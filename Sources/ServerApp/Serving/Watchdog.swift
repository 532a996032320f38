// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import SCEPEndpoint
internal import ServiceLifecycle

/// Says to whoever started the server that it lives, as long as it does, and that it ends, when it does.
///
/// It lives when every listener is open and every event loop answers: a request that comes now would be read. A database that is away
/// or a CA that can't sign is no reason to start the server anew, which would mend neither.
struct Watchdog: Service {
    let notifier: ServiceNotifier
    let listeners: [SCEPListener]
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Twice as often as it has to be: a single one that comes late does no harm.
                try? await Task.sleep(for: self.notifier.watchdogInterval.map { $0 / 2 } ?? .seconds(3600))
                if !Task.isCancelled { await self.tell() }
            }
        }
        notifier.stopping()
    }

    private func tell() async {
        guard let interval = notifier.watchdogInterval else { return }
        for listener in listeners {
            guard await listener.isAlive(within: interval / 4) else {
                logger.error("a listener does not answer; the watchdog hears nothing")
                return
            }
        }
        notifier.alive()
    }
}
