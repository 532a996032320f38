// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import ServiceLifecycle

/// Lets certificates be found, now and then, that nodes of an older version issue while they are exchanged one by one.
struct SearchCompletion: Service {
    private static let interval: Duration = .seconds(180)

    let certificates: any IssuedCertificateStore
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.complete()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Goes on until there are none left, a portion in each transaction.
    func complete() async {
        do {
            while try await certificates.makeCertificatesFindable() { try Task.checkCancellation() }
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("some certificates can't be searched for yet", metadata: ["error": "\(error)"])
        }
    }
}
