// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Lets the processes that write to one database take turns.
///
/// SQLite's lock knows no queue: a server that always has something to write would take it again before a waiting
/// command looks. Whoever wants that lock holds this one until it has it; a writer that has just committed finds it
/// held, and waits.
final class WriterTurn: Sendable {
    private let descriptor: CInt
    /// How long somebody else may hold it, in milliseconds: who is stopped or stuck must not stop the others.
    private let patience: Int

    /// Opens the lock's file, which only its owner can read and which stays.
    init(path: String, patience: Int) throws(StoreError) {
        self.patience = patience
        descriptor = unsafe open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unavailable("The file \(path) can't be opened: \(unsafe String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Waits for the turn, or until patience ends.
    func take() {
        for _ in 0..<(2 * patience) {
            // A file system that can't lock is no reason to wait.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { return }
            usleep(500)
        }
    }

    /// Lets the next one have it.
    func pass() {
        _ = flock(descriptor, LOCK_UN)
    }
}
