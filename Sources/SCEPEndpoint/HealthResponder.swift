// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What tells a listener how the server is: `/readyz` and `/metrics`.
public protocol HealthResponder: Sendable {
    /// Whether the server can serve enrolments now; false makes `/readyz` answer 503.
    func isReady() async -> Bool
    /// The metrics in the Prometheus text format, version 0.0.4.
    func metrics() async -> String
}
