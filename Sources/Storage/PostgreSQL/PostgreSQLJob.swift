// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Synchronization

/// Whether somebody still waits for a job.
final class PostgreSQLCancellation: Sendable {
    private let state = Atomic(false)

    var isCancelled: Bool { state.load(ordering: .acquiring) }

    func cancel() { state.store(true, ordering: .releasing) }
}

/// One call that waits for a connection, or runs on one.
struct PostgreSQLJob: Sendable {
    enum Kind: Sendable {
        /// Statements that each see the newest state.
        case read
        /// Statements that see the state of one moment.
        case snapshot
        /// A transaction.
        case write
    }

    let kind: Kind
    /// Until when it may wait.
    let deadline: ContinuousClock.Instant
    let cancellation: PostgreSQLCancellation
    /// Does it, and says whether the changes stay and how the caller is told.
    let perform: @Sendable (PostgreSQLConnection) throws -> (stays: Bool, answer: @Sendable () -> Void)
    /// Tells the caller that nothing was done.
    let fail: @Sendable (any Error) -> Void
    /// How often a connection was found dead under it.
    var losses = 0
}

extension PostgreSQLConnection {
    /// What became of a job.
    enum Ending {
        /// The caller knows.
        case told
        /// The connection was dead before it had any effect, so that it may run on another one.
        case again
    }

    /// Runs a job and tells its caller.
    func run(_ job: PostgreSQLJob, _ options: PostgreSQLOptions) -> Ending {
        if job.kind != .write { isInterrupted = { [cancellation = job.cancellation] in cancellation.isCancelled } }
        defer { isInterrupted = nil }
        trouble = nil
        // A rollback that failed before closed the connection; this is for mistakes of this driver.
        if isInTransaction { close() }
        return job.kind == .read ? read(job) : transact(job, options)
    }

    private func read(_ job: PostgreSQLJob) -> Ending {
        do {
            let (_, answer) = try job.perform(self)
            answer()
        } catch {
            // What only reads can begin anew.
            if trouble == .lost, job.losses < 3 { return .again }
            job.fail(error)
        }
        return .told
    }

    private func transact(_ job: PostgreSQLJob, _ options: PostgreSQLOptions) -> Ending {
        let end = ContinuousClock.now + options.repeatLimit
        var repeats = 0
        while true {
            trouble = nil
            trail?.rollBack()
            do throws(PostgreSQLFailure) {
                _ = try command(job.kind == .write ? Control.begin : Control.beginSnapshot)
            } catch {
                // Nothing of the job was sent.
                if trouble == .lost, job.losses < 3 { return .again }
                job.fail(Self.beginning(error))
                return .told
            }
            let failure: any Error
            do {
                let (stays, answer) = try job.perform(self)
                // Whoever went on after a failure would have all of it undone.
                if trouble != nil { throw StoreError.unavailable("The transaction had failed.") }
                if stays { try commit() } else { rollBack() }
                trail?.commit()
                answer()
                return .told
            } catch {
                failure = error
            }
            rollBack()
            if job.kind == .snapshot, trouble == .lost, job.losses < 3 { return .again }
            guard trouble == .repeatable, isOpen, repeats < options.repeats, ContinuousClock.now < end else {
                job.fail(failure)
                return .told
            }
            repeats += 1
            Thread.sleep(forTimeInterval: .random(in: 0.001...(0.004 * Double(min(repeats, 16)))))
        }
    }

    /// Why a transaction did not begin: a standby has no such feature as a transaction that may write.
    private static func beginning(_ failure: PostgreSQLFailure) -> StoreError {
        guard case .refused(let refusal) = failure, refusal.state == "0A000" else {
            return StoreError(postgreSQL: failure)
        }
        return StoreError(sqlState: "25006", message: refusal.message)
    }

    /// Makes the changes durable.
    private func commit() throws(StoreError) {
        let done: String
        let isWarned: Bool
        do throws(PostgreSQLFailure) {
            (done, isWarned) = try command(Control.commit)
        } catch {
            // An answer other than the last words means that all was undone.
            if case .refused = error, isOpen { throw StoreError(postgreSQL: error) }
            trail?.abandon()
            throw .unavailable(
                "The connection to the database was lost while a change was committed: whether it was made is unknown."
            )
        }
        guard done == "COMMIT" else { throw .unavailable("The database undid the transaction.") }
        // The server gives waiting for a standby up with a warning.
        if isWarned {
            trail?.abandon()
            throw .unavailable("The database did not wait for its standby: whether the change stays is unknown.")
        }
    }

    /// Undoes the changes, if need be by closing the connection.
    private func rollBack() {
        trail?.rollBack()
        guard isOpen, isInTransaction else { return }
        let before = trouble
        do throws(PostgreSQLFailure) {
            _ = try command(Control.rollback)
            trouble = before
        } catch {
            close()
        }
    }

    private enum Control {
        static let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        static let beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        static let commit = "COMMIT"
        static let rollback = "ROLLBACK"
    }
}
