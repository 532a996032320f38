// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import Logging
internal import SCEPEndpoint
internal import StrictJSON
internal import Synchronization
internal import Testing

@testable internal import ServerApp

/// A clock that a test sets.
final class SettableTime: TimeSource {
    private let moment = Mutex(Date())

    var now: Date { moment.withLock { $0 } }

    func wait(until moment: Date) async {}

    func advance(_ seconds: Double) { moment.withLock { $0 += seconds } }
}

/// The lines that were logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = event.metadata ?? [:]
            lines.lines.withLock { $0.append("\(event.message) \(more)") }
        }
    }
}

/// The admin API over an open state, where who asks is found out as in the server.
struct AccessBench: Sendable {
    let state: State
    let time = SettableTime()
    let log = LogLines()
    let service: AdminService

    init() async throws {
        state = try await State()
        let authenticator = Authenticator(
            store: state.opened.operators,
            masterKey: state.opened.masterKey,
            time: time,
            logger: log.logger
        )
        service = AdminService(
            administration: Administration(state.opened, time: time),
            time: time,
            logger: log.logger
        ) { request in await authenticator.authenticate(request) }
    }

    struct Answer: Sendable {
        var status: Int
        var body: JSONValue
        var text: String
        var fields: [String: String]
    }

    func ask(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        by credentials: String?,
        query: String = "",
        key: String? = nil,
        from address: String = "127.0.0.1",
        isSecure: Bool = false,
        fields more: [(name: String, value: String)] = []
    ) async throws -> Answer {
        var fields = more
        if let credentials { fields.append(("authorization", credentials)) }
        if body != nil { fields.append(("content-type", "application/json")) }
        if let key { fields.append(("idempotency-key", key)) }
        let response = await service.respond(
            to: AdminHTTPRequest(
                method: method,
                path: "/api/v1" + path,
                query: query,
                fields: fields,
                body: Array((body ?? "").utf8),
                remoteAddress: address,
                isSecure: isSecure
            )
        )
        return Answer(
            status: response.status,
            body: response.body.isEmpty ? .null : try JSONValue(strictly: response.body, maximumDepth: 64),
            text: String(decoding: response.body, as: UTF8.self),
            fields: Dictionary(response.fields.map { ($0.name, $0.value) }) { first, _ in first }
        )
    }

    /// Carries an operation out as at the state folder.
    func locally<Operation: LocalOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input
    ) async throws -> Operation.Output {
        let root = Principal(name: "local:root", origin: "local", roles: [.administrator])
        return try await Administration(state.opened, time: time).perform(operation, input, as: root)
    }

    /// The field Authorization of a new token.
    func token(
        _ roles: [Role],
        name: String = "test",
        profiles: [String]? = nil,
        of owner: String? = nil,
        days: Int = 90
    ) async throws -> (field: String, id: Identifier) {
        let made = try await locally(
            NewToken.self,
            NewToken.Input(name: name, roles: roles, profiles: profiles, operator: owner, days: days)
        )
        return ("Bearer " + made.secret, made.token.id)
    }

    func person(_ name: String, _ roles: [Role], password: String? = nil, profiles: [String]? = nil) async throws {
        _ = try await locally(NewOperator.self, NewOperator.Input(name: name, roles: roles, profiles: profiles))
        guard let password, var record = try await state.opened.operators.operator(named: name) else { return }
        // As cheap as is accepted: what the usual cost is has its own test.
        var generator = SystemRandomNumberGenerator()
        let cost = PasswordHash.Cost(logarithm: 10, blockSize: 8, parallelism: 1)
        record.passwordHash = try PasswordHash(of: password, cost: cost, using: &generator).text
        _ = try await state.opened.operators.change(.updateOperator(record), keepingAdministratorAt: nil)
    }

    static func basic(_ name: String, _ password: String) -> String {
        "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
    }
}
