// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import SCEPEndpoint

/// Answers for the server's health.
struct HealthService: HealthResponder {
    /// A database that takes longer is as good as away for whoever asks.
    private static let patience: Duration = .seconds(1)

    let store: any StoreHealth
    let presence: NodePresence
    let metrics: ServerMetrics
    let state: StateMetrics
    let process: ProcessMetrics

    /// Whether the database answers now and took the last write.
    func isReady() async -> Bool {
        guard presence.isHeard else { return false }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.store.isReadable() }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    func metrics() async -> String {
        var text = MetricsText()
        text.begin("sceptic_build_info", .gauge, "The version of the server; always 1.")
        text.sample([("version", ProductVersion.text)], 1)
        text.add("sceptic_ready", .gauge, "Whether the server can enrol now, as /readyz says.", await isReady() ? 1 : 0)
        metrics.write(to: &text)
        await state.write(to: &text)
        process.write(to: &text)
        return text.text
    }
}
