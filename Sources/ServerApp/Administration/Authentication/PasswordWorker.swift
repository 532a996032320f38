// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Dispatch
internal import Synchronization

/// Computes the hashes of passwords: one at a time, since each takes 128 MB, and on no thread that serves anybody else.
final class PasswordWorker: Sendable {
    /// The process's only one.
    static let shared = PasswordWorker()
    /// How many may wait: the last of them waits for some seconds.
    static let maximumWaiting = 16

    private let queue = DispatchQueue(label: "passwords", qos: .utility)
    private let waiting = Mutex(0)
    private let limit: Int

    init(maximumWaiting: Int = PasswordWorker.maximumWaiting) { limit = maximumWaiting }

    /// Hashes a new password.
    ///
    /// - Throws: `AppError`, with `busy` when too many wait.
    func hash(_ password: String) async throws -> PasswordHash {
        let hash = try await work { () throws(CryptographyError) in
            var generator = SecureRandom()
            return try PasswordHash(of: password, using: &generator)
        }
        guard let hash else {
            throw AppError(.busy, "Too many passwords are being computed.", hint: "Try again in some seconds.")
        }
        return hash
    }

    /// Whether a password is the one of a hash; nil when too many wait.
    func matches(_ password: String, _ hash: PasswordHash) async throws -> Bool? {
        try await work { () throws(CryptographyError) in try hash.matches(password) }
    }

    private func work<Value: Sendable>(
        _ body: @escaping @Sendable () throws(CryptographyError) -> Value
    ) async throws -> Value? {
        let mayWait = waiting.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard mayWait else { return nil }
        defer { waiting.withLock { $0 -= 1 } }
        let result: Result<Value, CryptographyError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(CryptographyError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
