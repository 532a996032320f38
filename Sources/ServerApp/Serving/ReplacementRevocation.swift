// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import ServiceLifecycle

/// Revokes certificates that were replaced, when their days of grace are over.
///
/// Every node looks; the database lets each be revoked once.
struct ReplacementRevocation: Service {
    private static let interval: Duration = .seconds(30)
    /// How many in one storage transaction, so that enrolments don't wait for it.
    private static let batchSize = 100

    let replacements: any ReplacementStore
    let time: any TimeSource
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.revoke()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func revoke() async {
        do {
            var total = 0
            while !Task.isCancelled {
                let count = try await replacements.revokeReplaced(at: time.now, limit: Self.batchSize)
                total += count
                if count < Self.batchSize { break }
            }
            if total > 0 { logger.notice("replaced certificates were revoked", metadata: ["certificates": "\(total)"]) }
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("replaced certificates could not be revoked", metadata: ["error": "\(error)"])
        }
    }
}
