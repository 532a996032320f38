// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Enrollment
internal import Synchronization

internal import struct Foundation.Date
internal import struct Foundation.UUID

extension ListAudit: LocalOperation {
    /// Finds events.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let limit = input.limit ?? 100
        let filter = AuditFilter(
            actor: input.actor,
            action: input.action,
            target: input.target,
            since: input.since,
            until: input.until
        )
        let records: [AuditRecord]
        do {
            records = try await context.state.audit.newestAuditEvents(
                filter,
                behind: try input.after.map(position),
                limit: limit
            )
        } catch let error as StoreError {
            throw AppError(error)
        }
        return Page(
            items: records.map(AuditEventDocument.init),
            next: records.count < limit ? nil : records.last.map(text)
        )
    }

    /// The place of an event among those of all streams, as pages name it.
    private static func text(_ record: AuditRecord) -> String {
        let milliseconds = Int64((record.event.at.timeIntervalSince1970 * 1000).rounded())
        return "\(milliseconds):\(Identifier(record.position.stream)):\(record.position.sequence)"
    }

    private static func position(_ text: String) throws -> (at: Date, position: AuditPosition) {
        let parts = text.split(separator: ":")
        guard parts.count == 3, let milliseconds = Int64(parts[0]), let sequence = Int64(parts[2]),
            let stream = UUID(uuidString: String(parts[1]))
        else { throw AppError(.usage, "The page's beginning can't be read.") }
        return (
            Date(timeIntervalSince1970: Double(milliseconds) / 1000), AuditPosition(stream: stream, sequence: sequence)
        )
    }
}

extension VerifyAudit: LocalOperation {
    /// Checks the log.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await alone(context.state.folder.path) {
            do throws(StoreError) {
                let seal = AuditSeal(context.state.masterKey)
                return AuditVerificationDocument(try await AuditVerifier.verify(context.state.audit, seal))
            } catch {
                throw AppError(error)
            }
        }
    }

    /// Which state folders' logs this process is checking.
    private static let running = Mutex<Set<String>>([])

    /// Carries a check out unless another one of the same state is under way: each reads the whole log.
    static func alone<Result>(_ path: String, _ check: () async throws -> Result) async throws -> Result {
        guard running.withLock({ $0.insert(path).inserted }) else {
            throw ProblemDetails(.unavailable, "The audit log is being checked already.", retryAfter: 30)
        }
        defer { running.withLock { _ = $0.remove(path) } }
        return try await check()
    }
}

extension ExportAudit: LocalOperation {
    /// Where a page begins.
    private enum Place {
        /// Behind a checkpoint.
        case checkpoint(Int64)
        /// Behind a stream's row, or one of its events.
        case event(AuditPosition)
        /// Behind the last event of a stream.
        case stream(UUID?)
    }

    /// Hands a page over.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        do {
            return try await page(try input.after.map(place) ?? .checkpoint(0), input.limit ?? 100, context.state.audit)
        } catch let error as StoreError {
            throw AppError(error)
        }
    }

    private static func page(_ start: Place, _ limit: Int, _ store: any AuditStore) async throws -> Output {
        var (place, rows): (Place, [AuditRowDocument]) = (start, [])
        while rows.count < limit {
            switch place {
            case .checkpoint(let number):
                let page = try await store.auditCheckpoints(after: number, limit: limit - rows.count)
                rows += page.map(AuditRowDocument.init)
                place = page.last.map { .checkpoint($0.number) } ?? .stream(nil)
            case .event(let position):
                let page = try await store.auditEvents(
                    after: position,
                    in: position.stream,
                    limit: limit - rows.count
                )
                rows += page.map(AuditRowDocument.init)
                place = page.last.map { .event($0.position) } ?? .stream(position.stream)
            case .stream(let id):
                guard let next = try await store.auditStreams(after: id, limit: 1).first else {
                    return Page(items: rows, next: nil)
                }
                rows.append(AuditRowDocument(next))
                place = .event(AuditPosition(stream: next.id, sequence: 0))
            }
        }
        return Page(items: rows, next: text(place))
    }

    private static func text(_ place: Place) -> String? {
        switch place {
        case .checkpoint(let number): "checkpoint:\(number)"
        case .event(let position): "event:\(Identifier(position.stream)):\(position.sequence)"
        case .stream(let id): id.map { "stream:\(Identifier($0)):0" } ?? "checkpoint:999999999999999999"
        }
    }

    private static func place(_ text: String) throws -> Place {
        let parts = text.split(separator: ":")
        if parts.count == 2, parts[0] == "checkpoint", let number = Int64(parts[1]) { return .checkpoint(number) }
        guard parts.count == 3, let stream = UUID(uuidString: String(parts[1])), let sequence = Int64(parts[2]) else {
            throw AppError(.usage, "The page's beginning can't be read.")
        }
        return parts[0] == "stream"
            ? .stream(stream) : .event(AuditPosition(stream: stream, sequence: sequence))
    }
}
