// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

internal import struct Foundation.Date

extension OpenedState {
    /// How long to wait for all servers, in seconds: longer than a dead one is counted among the living.
    private static let patience = NodePresence.silence + 10

    /// Waits until all servers that live serve the configuration as it is stored now.
    ///
    /// - Throws: `AppError`; `conflict` when one of them does not take it up.
    func waitForNodes(_ time: any TimeSource) async throws {
        let end = time.now.addingTimeInterval(Self.patience)
        do {
            let version = try await store.configurationVersion()
            while true {
                let living = try await store.nodes(seenAfter: time.now.addingTimeInterval(-NodePresence.silence))
                guard let late = living.first(where: { $0.configurationVersion < version }) else { return }
                guard time.now < end else {
                    throw AppError(
                        .conflict,
                        "The server on \(late.name) has not taken up the last change yet.",
                        hint: "Look after that server, or stop it, and try again."
                    )
                }
                await time.wait(until: time.now.addingTimeInterval(0.1))
                try Task.checkCancellation()
            }
        } catch let error as StoreError {
            throw AppError(error)
        }
    }
}
