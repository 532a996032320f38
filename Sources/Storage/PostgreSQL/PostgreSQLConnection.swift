// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// A connection to PostgreSQL behind the seam.
///
/// Statements are prepared once for each connection. To be used by one thread at a time.
final class PostgreSQLConnection: SQLConnection {
    /// What happened to the transaction that is open, or to the connection.
    enum Trouble {
        /// The server gave the transaction up.
        case refused
        /// The server wants the transaction to be repeated.
        case repeatable
        /// The connection broke.
        case lost
        /// The time limit passed, or nobody waits any more; the connection is closed.
        case abandoned
    }

    /// Where events go; the pool's connections have it.
    var trail: AuditTrail?
    /// The worst that happened since this was last made nil.
    var trouble: Trouble?
    /// What the server's settings are like: sentences for the log.
    private(set) var warnings: [String] = []
    private let session: PostgreSQLSession
    private let limits: PostgreSQLOptions
    private var prepared: [ObjectIdentifier: Prepared] = [:]
    /// How many were prepared, also those that were replaced.
    private var preparations = 0
    /// Whether a statement that was prepared is no longer good, or the server takes no changes, where another one may by now:
    /// the connection should not be used again.
    private(set) var isWornOut = false

    private struct Prepared {
        /// Kept, because its identity is only its own for as long as it is there.
        let statement: SQLStatement
        let name: String
        let parameters: [String]
        let types: [SQLType]
    }

    /// Connects to the first host that lets it in.
    convenience init(_ location: PostgreSQLLocation, _ options: PostgreSQLOptions) throws(PostgreSQLFailure) {
        var failure = PostgreSQLFailure.lost("no host is named")
        for parameters in location.hosts {
            do throws(PostgreSQLFailure) {
                let session = try PostgreSQLSession(parameters, until: .now + options.connectLimit)
                try self.init(session, options, userOptions: location.sessionOptions)
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private init(
        _ session: PostgreSQLSession,
        _ options: PostgreSQLOptions,
        userOptions: String
    ) throws(PostgreSQLFailure) {
        self.session = session
        limits = options
        try setUp(userOptions)
    }

    deinit { session.close() }

    // MARK: SQLConnection

    func execute(_ statement: SQLStatement, _ values: SQLValues) throws(StoreError) -> Int {
        try run(statement, values).changes
    }

    func query<Value>(
        _ statement: SQLStatement,
        _ values: SQLValues,
        _ read: (inout ColumnReader<PostgreSQLRow>) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        let result = try run(statement, values)
        var found: [Value] = []
        found.reserveCapacity(result.count)
        for row in 0..<result.count {
            var reader = ColumnReader(PostgreSQLRow(result: result, row: row))
            found.append(try read(&reader))
        }
        return found
    }

    func takeTurn(of key: TransactionKey) throws(StoreError) {
        _ = try execute(Self.turn, ["key": .int64(Self.lockNumber(key))])
    }

    func takeTurn(of bytes: [UInt8]) throws(StoreError) {
        _ = try execute(Self.turn, ["key": .int64(Self.lockNumber(bytes))])
    }

    func announceChange() throws(StoreError) {
        _ = try execute(Self.announcement, [:])
    }

    /// The channel on which changes of the configuration are announced.
    static let channel = "sceptic_configuration"

    private static let turn = SQLStatement("SELECT pg_advisory_xact_lock(:key)")
    private static let announcement = SQLStatement("NOTIFY \(channel)")

    /// The lock that stands for a key: 64-bit FNV-1a, which is the same for all versions of this program.
    ///
    /// Two keys that share a lock wait for each other, and that is all.
    static func lockNumber(_ key: TransactionKey) -> Int64 {
        lockNumber(key.signerDigest + Array("\(key.profile)\0\(key.transactionID)".utf8))
    }

    /// The lock that stands for bytes.
    static func lockNumber(_ bytes: [UInt8]) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int64(bitPattern: hash)
    }

    // MARK: For the driver

    /// Whether the connection can be used for something new.
    func isAlive() -> Bool { !isWornOut && session.isAlive() }

    /// Whether a transaction is open.
    var isInTransaction: Bool { session.isInTransaction }

    /// Whether the connection is still there, as far as one knows.
    var isOpen: Bool { session.isOpen }

    /// Ends the connection.
    func close() {
        trail?.close()
        session.close()
    }

    /// Makes what is going on end early, and the connection with it.
    var isInterrupted: (@Sendable () -> Bool)? {
        get { session.isInterrupted }
        set { session.isInterrupted = newValue }
    }

    /// Runs a command without parameters.
    ///
    /// - Returns: what the server says it has done, and whether it warned.
    func command(_ text: String) throws(PostgreSQLFailure) -> (done: String, isWarned: Bool) {
        session.hasWarning = false
        do throws(PostgreSQLFailure) {
            let result = try session.run(text, until: deadline)
            return (result.command, session.hasWarning)
        } catch {
            note(error)
            throw error
        }
    }

    /// Waits for a change to be announced.
    func awaitNotification(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> Bool {
        try session.awaitNotification(until: deadline)
    }

    private var deadline: ContinuousClock.Instant { .now + limits.statementLimit + .seconds(2) }

    private func run(_ statement: SQLStatement, _ values: SQLValues) throws(StoreError) -> PostgreSQLResult {
        let known = prepared[ObjectIdentifier(statement)]
        let names = known?.parameters ?? PostgreSQLText(statement.text).parameters
        let parameters = PostgreSQLParameters(try Self.order(values, names))
        do throws(PostgreSQLFailure) {
            var name = known?.name ?? ""
            if known == nil || known?.types != parameters.types { name = try prepare(statement, parameters.types) }
            return try session.run(prepared: name, parameters, until: deadline)
        } catch {
            note(error)
            throw StoreError(postgreSQL: error)
        }
    }

    private func prepare(_ statement: SQLStatement, _ types: [SQLType]) throws(PostgreSQLFailure) -> String {
        let text = PostgreSQLText(statement.text)
        preparations += 1
        let name = "s\(preparations)"
        try session.prepare(name, text.text, types, until: deadline)
        prepared[ObjectIdentifier(statement)] = Prepared(
            statement: statement,
            name: name,
            parameters: text.parameters,
            types: types
        )
        return name
    }

    private func note(_ failure: PostgreSQLFailure) {
        switch failure {
        case .lost: trouble = .lost
        case .late, .interrupted: trouble = .abandoned
        case .refused(let refusal):
            if ["0A000", "25006", "26000"].contains(refusal.state) { isWornOut = true }
            if refusal.isLast || !session.isOpen {
                trouble = .lost
            } else if trouble == nil {
                trouble = ["40001", "40P01", "55P03"].contains(refusal.state) ? .repeatable : .refused
            }
        }
    }

    /// The values in the order of the parameters.
    private static func order(_ values: SQLValues, _ names: [String]) throws(StoreError) -> [SQLValue] {
        guard values.count == names.count else { throw .wrongParameters }
        var ordered: [SQLValue] = []
        ordered.reserveCapacity(names.count)
        for (position, name) in names.enumerated() {
            // Most callers name the values in the statement's order.
            if values[position].key == name {
                ordered.append(values[position].value)
            } else {
                guard let found = values.first(where: { $0.key == name }) else { throw .wrongParameters }
                ordered.append(found.value)
            }
        }
        return ordered
    }
}

extension PostgreSQLConnection {
    /// Sets the session up, and looks how the server is set.
    fileprivate func setUp(_ userOptions: String) throws(PostgreSQLFailure) {
        var settings = [
            ("statement_timeout", limits.statementLimit), ("lock_timeout", limits.lockLimit),
            ("idle_in_transaction_session_timeout", limits.idleLimit),
        ]
        // Before 14 the server looks only when it has something to say whether the client is still there.
        if session.serverVersion >= 140_000 { settings.append(("client_connection_check_interval", .seconds(1))) }
        // What the user sets stays.
        let own = settings.filter { !userOptions.contains($0.0) }.map { name, limit in
            "set_config('\(name)', '\(limit / .milliseconds(1))', false)"
        }
        let fixed = [
            "set_config('standard_conforming_strings', 'on', false)",
            // Stronger than "on" is fine.
            """
            set_config('synchronous_commit',
                CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)
            """,
            "current_setting('fsync')", "current_setting('full_page_writes')",
        ]
        let result = try session.run("SELECT " + (fixed + own).joined(separator: ", "), until: deadline)
        guard session.report("server_encoding") == "UTF8" else {
            throw .lost("the encoding of the database is not UTF8", "08004")
        }
        let names = [2: "fsync", 3: "full_page_writes"]
        warnings = names.sorted { $0.key < $1.key }.compactMap { column, name in
            result.string(0, column) == "on"
                ? nil
                : "The database server runs with \(name) off: what it confirms may be lost when its machine stops."
        }
    }
}

extension StoreError {
    /// A mistake of this target: a statement was given other values than it names.
    fileprivate static let wrongParameters = StoreError.unavailable("A statement was given the wrong parameters.")
}
