// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import NIOCore

/// Runs the tasks of requests on the event loop of their connection.
///
/// A request is a few hundred microseconds of computing with one wait, for the disk; handing it to another pool of threads and
/// back wakes threads three times more, and there are as many event loops as cores anyway. What waits for longer suspends its
/// task, or has threads of its own.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
