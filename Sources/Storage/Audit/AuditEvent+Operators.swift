// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

extension AuditEvent {
    /// A change of who may administer the server, outside of any operation.
    static func changed(_ change: OperatorChange) -> AuditEvent {
        switch change {
        case .addOperator(let record): .changed("operator.added", record)
        case .updateOperator(let record): .changed("operator.changed", record)
        case .deleteOperator(let id): .server("operator.removed", "operator \(id.lowercaseText)", at: Date())
        case .addToken(let record): .added(record)
        case .revokeToken(let id, let moment): .server("token.revoked", "token \(id.lowercaseText)", at: moment)
        }
    }

    private static func changed(_ action: String, _ record: OperatorRecord) -> AuditEvent {
        var details = AuditDetails()
        details.add("id", record.id.lowercaseText)
        details.add("roles", record.roles.sorted().joined(separator: " "))
        details.add("profiles", record.profiles?.sorted().joined(separator: " "))
        details.add("isEnabled", record.isEnabled ? "true" : "false")
        return .server(action, "operator \(record.name)", at: Date(), after: details.text)
    }

    private static func added(_ record: APITokenRecord) -> AuditEvent {
        var details = AuditDetails()
        details.add("name", record.name)
        details.add("operator", record.operatorID?.lowercaseText)
        details.add("roles", record.roles.sorted().joined(separator: " "))
        details.add("profiles", record.profiles?.sorted().joined(separator: " "))
        return .server("token.added", "token \(record.id.lowercaseText)", at: record.createdAt, after: details.text)
    }
}
