// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

extension StorageCheck {
    static let auditChecks: [StorageCheck] = [
        StorageCheck("tellsTheAuditLogOfEachCertificate") { scenario in
            var reservation = scenario.reservation()
            reservation.applicant = Applicant(subject: "CN=\"a\"", authentication: "a code", remoteAddress: "192.0.2.7")
            _ = try await scenario.store.reserve(reservation) { [reservation] in Scenario.certificate(for: reservation)
            }
            let later = scenario.reservation(transactionID: "later")
            _ = try await scenario.store.reserve(later) { nil }
            _ = try await scenario.store.finish(later.id, certificate: Scenario.certificate(for: later))
            let given = scenario.reservation(transactionID: "given up")
            _ = try await scenario.store.reserve(given) { nil }
            _ = try await scenario.store.abandon(given.id, at: Scenario.now)

            let events = try await scenario.events("enrollment")
            // Connections have streams of their own: there is no order among them.
            func actions(_ id: UUID) -> [String] { events.filter { $0.actID == id }.map(\.action).sorted() }
            try expect(actions(reservation.id), is: ["enrollment.issued"])
            try expect(actions(later.id), is: ["enrollment.issued", "enrollment.ordered"])
            try expect(actions(given.id), is: ["enrollment.abandoned", "enrollment.ordered"])
            let issued = events.first { $0.actID == reservation.id }
            try expect(issued?.origin, is: "192.0.2.7")
            let told = issued?.after ?? ""
            for part in [
                #""subject":"CN=\"a\"""#, reservation.order.serialNumber.hexadecimal, #""raProfile":"devices""#,
            ] {
                try expect(told.contains(part), "\(told) tells of \(part)")
            }
            try await scenario.expectOrder()
        },
        StorageCheck("tellsTheAuditLogOfNothingThatWasUndone") { scenario in
            struct Refusal: Error {}
            let first = scenario.reservation()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let reservation = scenario.reservation(transactionID: "\(number)")
                        _ = try? await scenario.store.reserve(reservation) {
                            if number.isMultiple(of: 2) { throw Refusal() }
                            return Scenario.certificate(for: reservation)
                        }
                    }
                }
            }
            _ = try await scenario.store.reserve(first) { Scenario.certificate(for: first) }
            // The same once more: nothing is changed.
            _ = try await scenario.store.reserve(scenario.repeated(first)) { Scenario.certificate(for: first) }
            try expect(try await scenario.events("enrollment").count, is: 11)
            try await scenario.expectOrder()
        },
        StorageCheck("keepsTheAuditLogInOrderForWritersAtOnce") { scenario in
            let other = try await scenario.beside()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let store = number.isMultiple(of: 2) ? scenario.store : other.store
                        let reservation = scenario.reservation(transactionID: "\(number)")
                        _ = try await store.reserve(reservation) { Scenario.certificate(for: reservation) }
                        if number.isMultiple(of: 20) { try await store.writeAuditCheckpoint(at: Scenario.now) }
                    }
                }
                try await group.waitForAll()
            }
            try await other.store.writeAuditCheckpoint(at: Scenario.moment(1))
            try await scenario.store.writeAuditCheckpoint(at: Scenario.moment(2))
            let found = try await scenario.expectOrder()
            try expect(try await scenario.events("enrollment").count, is: 60)
            try expect(found.streamCount >= 2, "each store writes streams of its own")
            try await other.store.close()
        },
        StorageCheck("writesAnActWithWhateverItChanges") { scenario in
            let act = AuditAct(id: Scenario.id(), action: "thing.do", actor: "anna", origin: "here", input: "{}")
            act.describe(target: "thing a", before: "1", after: "2")
            try await AuditAct.$current.withValue(act) {
                try await scenario.store.apply([.addIssuer(Scenario.issuer("second"))])
                _ = try await scenario.store.revokeChallenge(Scenario.id(), at: Scenario.now)
                let reservation = scenario.reservation()
                _ = try await scenario.store.reserve(reservation) { Scenario.certificate(for: reservation) }
            }
            let events = try await scenario.events("thing")
            try expect(events.count, is: 2)
            try expect(events.allSatisfy { $0.actor == "anna" && $0.actID == act.id }, "they are the act's")
            try expect(events.first?.after, is: "2")
            let issued = try await scenario.events("enrollment")
            try expect(issued.map(\.actor), is: ["anna"])
            try await scenario.expectOrder()
        },
        StorageCheck("findsEventsNewestFirstPageByPage") { scenario in
            for second in 0..<7 {
                let reservation = scenario.reservation(
                    transactionID: "\(second % 3)",
                    at: Scenario.moment(Double(second / 2))
                )
                _ = try await scenario.store.reserve(reservation) { Scenario.certificate(for: reservation) }
            }
            let filter = AuditFilter(actor: "device", action: "enrollment", until: Scenario.moment(3))
            var found: [AuditRecord] = []
            while true {
                let last = found.last.map { (at: $0.event.at, position: $0.position) }
                let page = try await scenario.store.newestAuditEvents(filter, behind: last, limit: 2)
                if page.isEmpty { break }
                found += page
            }
            try expect(found.map(\.event.at), is: [2, 2, 1, 1, 0, 0].map { Scenario.moment($0) })
            try expect(Set(found.map(\.position)).count, is: 6)
            let none = AuditFilter(action: "enroll")
            try expect(try await scenario.store.newestAuditEvents(none, behind: nil, limit: 9).count, is: 0)
        },
        StorageCheck("writesACheckpointWhenThereIsSomethingToTell") { scenario in
            try expect(try await scenario.store.writeAuditCheckpoint(at: Scenario.now), is: true)
            try expect(try await scenario.store.writeAuditCheckpoint(at: Scenario.now), is: false)
            let again = try await scenario.reopened()
            try expect(try await again.store.writeAuditCheckpoint(at: Scenario.now), is: false)
            let reservation = again.reservation()
            _ = try await again.store.reserve(reservation) { Scenario.certificate(for: reservation) }
            try expect(try await again.store.writeAuditCheckpoint(at: Scenario.now), is: true)
            let found = try await again.expectOrder()
            try expect(found.checkpoints, is: 2)
            try await again.store.close()
        },
        StorageCheck("remembersHowFarAnOutputHasCome") { scenario in
            let (one, other) = (Scenario.id(), Scenario.id())
            let lease = Lease(owner: one, until: Scenario.moment(30))
            try expect(try await scenario.store.holdAuditOutput("o", lease, at: Scenario.now), is: true)
            let rival = Lease(owner: other, until: Scenario.moment(60))
            try expect(try await scenario.store.holdAuditOutput("o", rival, at: Scenario.moment(1)), is: false)
            try expect(try await scenario.store.holdAuditOutput("o", rival, at: Scenario.moment(31)), is: true)
            let start = try await scenario.store.auditBacklog(of: "o", limit: 10)
            try expect(start.map(\.sequence), is: [0])
            let head = try await scenario.store.auditEvents(after: nil, in: nil, limit: 10).map(\.position)
            try await scenario.store.advanceAuditOutput("o", to: Array(head.suffix(1)))
            try expect(try await scenario.store.auditBacklog(of: "o", limit: 10), is: [])
            try await scenario.store.apply([.addIssuer(Scenario.issuer("second"))])
            try expect(try await scenario.store.auditBacklog(of: "o", limit: 10).count, is: 1)
            // Whoever had it before and does not know yet that others have it takes nothing back.
            let newest = try await scenario.store.auditEvents(after: nil, in: nil, limit: 10).map(\.position)
            try await scenario.store.advanceAuditOutput("o", to: newest)
            let former = newest.map { AuditPosition(stream: $0.stream, sequence: 0) }
            try await scenario.store.advanceAuditOutput("o", to: former)
            try expect(try await scenario.store.auditBacklog(of: "o", limit: 10), is: [])
        },
        StorageCheck("tellsTheAuditLogWhoMayAdministerOutsideOfAnyAct") { scenario in
            var anna = OperatorRecord(
                id: Scenario.id(),
                name: "anna",
                passwordHash: "$scrypt$",
                roles: ["administrator"],
                createdAt: Scenario.now
            )
            let token = APITokenRecord(
                id: Scenario.id(),
                name: "mdm",
                operatorID: nil,
                roles: ["auditor"],
                lookup: Scenario.bytes(),
                createdAt: Scenario.now,
                expiresAt: Scenario.moment(60)
            )
            func make(_ change: OperatorChange) async throws {
                _ = try await scenario.store.change(change, keepingAdministratorAt: nil)
            }
            try await make(.addOperator(anna))
            anna.isEnabled = false
            try await make(.updateOperator(anna))
            try await make(.addToken(token))
            // What nobody answers for leaves no event, and neither does what changes nothing.
            try await scenario.store.noteUse(ofToken: token.id, at: Scenario.now)
            try await make(.revokeToken(token.id, at: Scenario.now))
            try await make(.revokeToken(token.id, at: Scenario.now))
            try await make(.deleteOperator(anna.id))
            let people = try await scenario.events("operator")
            try expect(people.map(\.action).sorted(), is: ["operator.added", "operator.changed", "operator.removed"])
            try expect(people.contains { $0.after?.contains("scrypt") == true }, is: false)
            let tokens = try await scenario.events("token")
            try expect(tokens.map(\.action).sorted(), is: ["token.added", "token.revoked"])
            try await scenario.expectOrder()
        },
    ]
}

extension Scenario {
    /// All events of some actions, in the order of their stream.
    fileprivate func events(_ action: String) async throws -> [AuditEvent] {
        try await store.auditEvents(after: nil, in: nil, limit: 1000).map(\.event)
            .filter { $0.action.hasPrefix(action + ".") }
    }

    /// Checks the whole log.
    @discardableResult
    fileprivate func expectOrder() async throws -> AuditVerifier {
        let verifier = try await AuditVerifier.verify(store, .unsealed)
        try expect(verifier.findings, is: [])
        return verifier
    }
}
