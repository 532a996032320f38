// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Testing

@testable internal import ServerApp

@Suite struct ServiceNotifierTests {
    @Test func theWatchdogCountsForTheProcessThatItNames() {
        func interval(_ environment: [String: String]) -> Duration? {
            ServiceNotifier(environment: environment, process: 7).watchdogInterval
        }
        #expect(interval(["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "7"]) == .seconds(2))
        #expect(interval(["WATCHDOG_USEC": "2000000"]) == .seconds(2))
        #expect(interval(["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "8"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "soon"]) == nil)
        #expect(interval([:]) == nil)
    }

    /// Whoever listens badly or not at all must not matter to the server.
    @Test(arguments: [nil, "", "relative", "/", "@", "/no/such/socket", "@" + String(repeating: "x", count: 200)])
    func nothingHappensWhereNobodyListens(name: String?) {
        let notifier = ServiceNotifier(environment: name.map { ["NOTIFY_SOCKET": $0] } ?? [:], process: 1)
        notifier.ready(status: "serving")
        notifier.reloading()
        notifier.stopping()
    }
}
