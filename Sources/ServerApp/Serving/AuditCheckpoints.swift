// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import ServiceLifecycle

/// Writes a checkpoint of the audit log every minute in which anything was written.
struct AuditCheckpoints: Service {
    private static let interval: Duration = .seconds(60)

    let audit: any AuditStore
    let time: any TimeSource
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.write()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Writes one, if there is anything to tell.
    func write() async {
        do {
            try await audit.writeAuditCheckpoint(at: time.now)
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("no checkpoint of the audit log could be written", metadata: ["error": "\(error)"])
        }
    }
}
