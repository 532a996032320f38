// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

/// What tests and measurements set on a PostgreSQL store.
package struct PostgreSQLOptions: Sendable {
    /// How many connections are opened at most, besides the one that listens.
    package var connections = 16
    /// How long a connection stays open that nobody uses: a server has few, and others want some as well.
    package var idleConnectionLimit = Duration.seconds(30)
    /// How many calls wait for a connection at most.
    package var queueLength = 4096
    /// How long a call waits for a connection.
    package var waitLimit = Duration.seconds(5)
    /// How long connecting to one host may take.
    package var connectLimit = Duration.seconds(5)
    /// How long a statement may take; the client waits a little longer, so that the server can say so.
    package var statementLimit = Duration.seconds(10)
    /// How long a statement waits for a lock.
    package var lockLimit = Duration.seconds(5)
    /// How long an open transaction may do nothing: who is stopped or stuck must not hold locks for ever.
    package var idleLimit = Duration.seconds(15)
    /// For how long a transaction that the server wants repeated is repeated.
    package var repeatLimit = Duration.seconds(10)
    /// How often a transaction that the server wants repeated is repeated.
    package var repeats = 20
    /// How long to wait before the second attempt to connect; then twice as long each time.
    package var firstPause = Duration.milliseconds(50)
    /// How long to wait at most before another attempt to connect.
    package var longestPause = Duration.seconds(5)
    /// How long another node may take to bring the schema up to date, and how long a step may take.
    package var migrationLimit = Duration.seconds(120)
    /// How many steps are added to the schema's history, when it is another than this program's.
    package var extraMigrations = 0
    /// Who writes the audit log, and under which key.
    var audit = AuditIdentity.unsealed
    /// Whether a state is copied into the database.
    var purpose = CopyPurpose.none

    /// The options of a store in service.
    package init() {}
}
