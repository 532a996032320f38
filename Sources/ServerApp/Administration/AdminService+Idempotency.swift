// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Cryptography
internal import Enrollment
internal import Logging
internal import SCEPEndpoint
internal import StrictJSON

internal import struct Foundation.Date

/// What was asked for under an idempotency key is done once, and answered with the same words for a day.
///
/// The row is made before the change and the answer put into it after: if the server dies between them, nobody knows whether the change was
/// made, and whoever asks again is told so instead of having it made twice.
struct Idempotency: Sendable {
    /// After this long nobody works on it any more: listeners give up on a request long before.
    private static let patience = 600.0

    let store: any IdempotencyStore
    let masterKey: MasterKey
    let time: any TimeSource
    let logger: Logger

    /// Carries a request out, unless it was before.
    ///
    /// - Parameters:
    ///   - key: the key, as the field has it.
    ///   - principal: who asks.
    ///   - operation: what is asked for.
    ///   - input: what it is told.
    ///   - body: carries it out, and gives the answer.
    /// - Returns: the answer, now or the first time.
    /// - Throws: what `body` throws, or `ProblemDetails`.
    func once(
        _ key: String,
        _ principal: Principal,
        _ operation: String,
        _ input: JSONValue,
        _ body: () async throws -> [UInt8]
    ) async throws -> [UInt8] {
        guard IdempotencyKey.isValid(key) else {
            throw ProblemDetails(
                .malformedRequest,
                "\(IdempotencyKey.field) has to have 1 to 128 printable ASCII characters without spaces."
            )
        }
        // With a key: what is asked for may hold a password.
        let digest = masterKey.authenticationCode(
            Array("\(operation)\n\(input.written)".utf8),
            purpose: .idempotency
        )
        let request = IdempotentRequest(principal: principal.id, key: key, digest: digest)
        let context = "answer \(key) \(principal.id)"
        switch try await begin(request) {
        case .begun: return try await carryOut(request, context, body)
        case .answered(let sealed):
            do {
                return try masterKey.unwrap(sealed, purpose: .columnEncryption, context: context)
            } catch {
                throw ProblemDetails(.conflict, "This was done before, and the answer can't be read any more.")
            }
        case .other:
            throw ProblemDetails(
                .invalidValue,
                "Something else was asked for under this \(IdempotencyKey.field).",
                hint: "Choose a new one for each thing that you ask for."
            )
        case .unfinished(let begun):
            guard time.now.timeIntervalSince(begun) < Self.patience else {
                throw ProblemDetails(
                    .conflict,
                    "The server was interrupted when this was asked for the first time: it may be done, or not.",
                    hint: "Look whether it is, and if not ask under another \(IdempotencyKey.field)."
                )
            }
            throw ProblemDetails(
                .conflict,
                "The same is being done, or the server was interrupted at it.",
                hint: "Ask again in some seconds.",
                retryAfter: 2
            )
        }
    }

    private func begin(_ request: IdempotentRequest) async throws -> IdempotencyState {
        let now = time.now
        do {
            return try await store.begin(request, at: now, until: now.addingTimeInterval(IdempotencyKey.lifetime))
        } catch {
            throw AppError(error)
        }
    }

    private func carryOut(
        _ request: IdempotentRequest,
        _ context: String,
        _ body: () async throws -> [UInt8]
    ) async throws -> [UInt8] {
        let answer: [UInt8]
        do {
            answer = try await body()
        } catch {
            // What failed may have changed something only if the database did not tell: then the row has to stay.
            if Self.changedNothing(error) { try? await store.giveUp(request) }
            throw error
        }
        do {
            try await store.finish(
                request,
                answer: masterKey.wrap(answer, purpose: .columnEncryption, context: context)
            )
        } catch {
            logger.error("an answer could not be kept", metadata: ["error": "\(type(of: error))"])
        }
        return answer
    }

    private static func changedNothing(_ error: any Error) -> Bool {
        switch error {
        case let error as AppError: error.kind != .failure
        case is ProblemDetails: true
        default: false
        }
    }
}
