// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let measureChecks: [StorageCheck] = [
        StorageCheck("countsExpiredLeasesNoFurtherThanTheLimit") { scenario in
            for number in 0..<3 {
                let reservation = scenario.reservation(transactionID: "\(number)")
                try expect(try await scenario.hold(reservation), "reserved")
            }
            let store = scenario.store
            try expect(try await store.backlog(at: Scenario.moment(60), limit: 10).expiredLeases, is: 0)
            try expect(try await store.backlog(at: Scenario.moment(61), limit: 10).expiredLeases, is: 3)
            try expect(try await store.backlog(at: Scenario.moment(61), limit: 2).expiredLeases, is: 2)
            try expect(try await store.backlog(at: Scenario.moment(61), limit: 2).pendingApprovals, is: 0)
        },
        StorageCheck("countsPendingApprovalsUntilTheyAreDecided") { scenario in
            let approval = scenario.approval()
            try expect(try await scenario.store.wait(approval, claims: []), "pending")
            try expect(try await scenario.store.backlog(at: Scenario.now, limit: 10).pendingApprovals, is: 1)
            let decision = ApprovalDecision(by: "operator", at: Scenario.now)
            try expect(try await scenario.store.deny(approval.id, decision), is: true)
            try expect(try await scenario.store.backlog(at: Scenario.now, limit: 10).pendingApprovals, is: 0)
        },
        StorageCheck("timesItsCommits") { scenario in
            let before = scenario.store.measures.commits
            _ = try await scenario.added()
            let after = scenario.store.measures.commits
            try expect(after.count > before.count && after.sum > before.sum, "\(after)")
            try expect(scenario.store.measures.waiting, is: 0)
        },
    ]
}
