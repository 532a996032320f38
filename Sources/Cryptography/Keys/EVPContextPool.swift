// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto
internal import Synchronization

/// Contexts of one key, to be used again and again, set up once for an operation where it is always the same.
///
/// Setting one up costs libcrypto 5 µs, and an enrolment uses a private key three times.
@safe
final class EVPContextPool: Sendable {
    /// Owns a context.
    ///
    /// Unchecked, because the compiler can't see into `EVP_PKEY_CTX`. The invariant: a context is either in the pool's list,
    /// which the mutex guards, or with the one caller that took it out.
    @safe
    private final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        init?(_ key: EVPKey, setUp: (OpaquePointer) -> Bool) {
            guard let pointer = unsafe EVP_PKEY_CTX_new(key.pointer, nil) else { return nil }
            unsafe self.pointer = pointer
            // A failure leaves the context to deinit.
            guard unsafe setUp(pointer) else { return nil }
        }

        deinit {
            unsafe EVP_PKEY_CTX_free(pointer)
        }
    }

    /// More than threads use one key at the same time.
    private static let capacity = 16

    private let key: EVPKey
    private let setUp: @Sendable (OpaquePointer) -> Bool
    private let idle = Mutex<[Context]>([])

    /// Makes an empty pool; `setUp` prepares a new context and says whether that worked.
    init(_ key: EVPKey, setUp: @escaping @Sendable (OpaquePointer) -> Bool) {
        self.key = key
        unsafe self.setUp = setUp
    }

    /// Runs an operation with a context; one that fails is not used again.
    func withContext<Result>(
        _ operation: String,
        _ body: (OpaquePointer) -> Result?
    ) throws(CryptographyError) -> Result {
        let taken = idle.withLock { $0.popLast() }
        guard let context = unsafe taken ?? Context(key, setUp: setUp), let result = unsafe body(context.pointer) else {
            ERR_clear_error()
            throw .libraryFailure(operation)
        }
        idle.withLock { contexts in
            if contexts.count < Self.capacity { contexts.append(context) }
        }
        return result
    }
}
