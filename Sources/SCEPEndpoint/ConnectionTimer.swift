// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore

/// The one timer of a connection: what it waits for, since when, and the scheduled look at the clock.
///
/// A deadline that moves later costs nothing: the scheduled look finds it so and is scheduled again. Thus a busy
/// connection schedules about one task a minute rather than several a request.
struct ConnectionTimer {
    /// What is being waited for; a deadline runs from the moment the wait changes.
    enum Wait: Equatable {
        case request(Int)
        case head(Int)
        case body(Int)
        case sending(Int)
        case goodbye
    }

    private(set) var wait: Wait?
    private(set) var deadline: NIODeadline = .distantFuture
    /// Counts requests, so that waiting for the head of the next one is another wait.
    private(set) var requests = 0
    private var scheduled: Scheduled<Void>?
    private var scheduledFor: NIODeadline = .distantFuture

    mutating func requestFinished() {
        requests &+= 1
    }

    /// Begins a wait, unless it is the one that already runs; nil ends any.
    mutating func begin(_ wait: Wait?, limit: Duration, now: NIODeadline) {
        guard wait != self.wait else { return }
        self.wait = wait
        deadline = wait == nil ? .distantFuture : now + TimeAmount(limit)
    }

    /// When a look at the clock has to be scheduled; nil if the one already scheduled comes early enough.
    mutating func lookToSchedule() -> NIODeadline? {
        guard wait != nil, deadline < scheduledFor else { return nil }
        scheduled?.cancel()
        scheduledFor = deadline
        return deadline
    }

    mutating func didSchedule(_ look: Scheduled<Void>) {
        scheduled = look
    }

    /// The scheduled look takes place; true if the deadline has passed.
    mutating func look(now: NIODeadline) -> Bool {
        scheduled = nil
        scheduledFor = .distantFuture
        return wait != nil && deadline <= now
    }

    mutating func cancel() {
        scheduled?.cancel()
        scheduled = nil
        wait = nil
        deadline = .distantFuture
    }
}

extension HTTPConnection {
    /// Starts, keeps or ends the wait that fits the connection's state.
    func updateTimer() {
        guard let context else { return }
        let limits = environment.limits
        let number = timer.requests
        let (wait, limit): (ConnectionTimer.Wait?, Duration) =
            switch state {
            case .awaiting where gate.isBetweenRequests: (.request(number), limits.idleTimeout)
            case .awaiting: (.head(number), limits.headTimeout)
            case .receiving: (.body(number), limits.bodyTimeout)
            case .sending: (.sending(number), limits.sendTimeout)
            case .closing: (.goodbye, limits.lingerTimeout)
            case .responding, .closed: (nil, .zero)
            }
        timer.begin(wait, limit: limit, now: .now())
        scheduleLook(context)
    }

    private func scheduleLook(_ context: ChannelHandlerContext) {
        guard let deadline = timer.lookToSchedule() else { return }
        let look = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] () -> Void in
            self?.lookAtClock()
        }
        timer.didSchedule(look)
    }

    private func lookAtClock() {
        guard let context else { return }
        guard timer.look(now: .now()) else { return scheduleLook(context) }
        switch timer.wait {
        case .head, .body:
            refuse(.tooSlow)
        case .request, .sending, .goodbye, nil:
            close()
        }
    }
}
