// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import AdminClient
internal import ServerApp

/// Where operations are carried out: on the state folder here, or by a server.
enum Administrator {
    case local(Administration, Principal)
    case remote(AdminClient)

    /// Carries an operation out.
    ///
    /// - Throws: `AppError`, wherever it was carried out.
    func perform<Operation: LocalOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input
    ) async throws -> Operation.Output {
        let violations = Operation.Input.schema.violations(in: try AdminJSON.value(input))
        if let first = violations.first {
            throw AppError(.usage, "The value of \(first.pointer.dropFirst()) can't be: \(first.sentence).")
        }
        switch self {
        case .local(let administration, let principal):
            do {
                let output = try await administration.perform(operation, input, as: principal)
                if !Operation.isReading { await administration.writeCheckpoint() }
                return output
            } catch let problem as ProblemDetails {
                throw AppError(problem)
            }
        case .remote(let client):
            do {
                return try await client.perform(operation, input)
            } catch let problem as ProblemDetails {
                throw AppError(problem)
            } catch let error as AdminClientError {
                throw AppError(error)
            }
        }
    }

    /// Hands over a list part by part, so that memory does not grow with it.
    ///
    /// - Parameters:
    ///   - operation: the operation that lists.
    ///   - maximum: how many at most.
    ///   - start: where to begin.
    ///   - input: what it has to be told.
    ///   - body: takes each part.
    /// - Throws: `AppError`, or what `body` threw.
    func forEach<Operation: LocalOperation, Item>(
        _ operation: Operation.Type,
        atMost maximum: Int = .max,
        after start: Identifier? = nil,
        _ input: (_ after: Identifier?, _ limit: Int) -> Operation.Input,
        _ body: ([Item]) throws -> Void
    ) async throws where Operation.Output == Page<Item> {
        var (after, count) = (start, 0)
        repeat {
            let page = try await perform(operation, input(after, min(1000, maximum - count)))
            try body(page.items)
            count += page.items.count
            after = page.next.flatMap(Identifier.init)
        } while after != nil && count < maximum
    }

    /// All items of a list, page by page, up to a number.
    func all<Operation: LocalOperation, Item>(
        _ operation: Operation.Type,
        atMost maximum: Int = .max,
        _ input: (_ after: Identifier?, _ limit: Int) -> Operation.Input
    ) async throws -> [Item] where Operation.Output == Page<Item> {
        var items: [Item] = []
        try await forEach(operation, atMost: maximum, input) { items += $0 }
        return items
    }

    /// All items of a list whose pages begin behind a name.
    func allByName<Operation: LocalOperation, Item>(
        _ operation: Operation.Type,
        _ input: (_ after: String?, _ limit: Int) -> Operation.Input
    ) async throws -> [Item] where Operation.Output == Page<Item> {
        var items: [Item] = []
        var after: String?
        repeat {
            let page = try await perform(operation, input(after, 1000))
            items += page.items
            after = page.next
        } while after != nil
        return items
    }
}

extension AppError {
    /// What a server's problem is to whoever typed the command; exit codes are the same as beside the state folder.
    fileprivate init(_ problem: ProblemDetails) {
        self.init(
            Self.kind(problem.code),
            problem.detail,
            hint: problem.hint,
            reason: problem.reason,
            pointer: problem.violations.first?.pointer
        )
    }

    private static func kind(_ code: ProblemCode) -> AppError.Kind {
        switch code {
        case .malformedRequest, .invalidValue, .bodyTooLarge, .unsupportedMediaType, .methodNotAllowed: .usage
        case .notAuthenticated: .unauthenticated
        case .notAllowed: .denied
        case .notFound: .missing
        case .conflict: .conflict
        case .changedMeanwhile: .changed
        case .tooManyRequests: .busy
        case .failure: .state
        case .unavailable: .failure
        }
    }

    /// What went wrong on the way.
    fileprivate init(_ error: AdminClientError) {
        switch error {
        case .unusable(let sentence, let hint):
            self.init(.usage, "The server can't be asked: \(sentence).", hint: hint)
        case .unreachable(let detail):
            self.init(.failure, "The server does not answer at \(detail).")
        case .strange(let sentence):
            self.init(.failure, "This is no admin listener: \(sentence).")
        }
    }
}
