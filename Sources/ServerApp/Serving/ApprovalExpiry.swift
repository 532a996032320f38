// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import ServiceLifecycle

internal import struct Foundation.Date

/// Ends the requests that nobody decided on in time, so that their clients' polling ends.
///
/// A poll that comes before this has looked is answered by the request's own end; this is for the lists that people read.
struct ApprovalExpiry: Service {
    private static let interval: Duration = .seconds(30)

    let approvals: any ApprovalStore
    let time: any TimeSource
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.expire()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func expire() async {
        do {
            let expired = try await approvals.expireApprovals(at: time.now)
            if expired > 0 { logger.notice("requests expired undecided", metadata: ["requests": "\(expired)"]) }
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("undecided requests could not be looked at", metadata: ["error": "\(error)"])
        }
    }
}
