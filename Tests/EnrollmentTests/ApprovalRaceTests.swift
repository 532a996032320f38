// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import TestSupport
internal import Testing

internal import struct Foundation.Date
internal import struct Foundation.UUID

@testable internal import Storage

/// Decisions and polls at the same moment on two nodes (other-servers trap 15).
@Suite struct ApprovalRaceTests {
    /// What happens while the device polls.
    enum Race: CaseIterable, Sendable {
        case approve, approveTwice, approveAndDeny, approveAndExpire, approveAndResend
    }

    private static let rounds = 100

    @Test(arguments: Race.allCases) func noPollFailsWhileACertificateIsIssuedAndNoneIsIssuedTwice(
        race: Race
    ) async throws {
        let nodes = try await Self.nodes()
        let profiles = try nodes.map { try $0.profile(settings: .with(approval: .enrollments)) }
        let codes = try await nodes[0].challenges.makeOneTime(
            count: Self.rounds,
            profile: "default",
            lifetime: 86_400
        )
        var issued = 0
        for (round, code) in codes.enumerated() {
            let (device, id) = (try Device(in: nodes[0]), "round \(round)")
            let request = try device.message(code, transactionID: id)
            #expect(try await nodes[0].ask(request, profile: profiles[0]) == .pending)
            let waiting = try #require(try await nodes[0].store.approvals(transactionID: id, limit: 1).first)
            let poll = try device.poll(transactionID: id)
            let answers = try await withThrowingTaskGroup(of: Answer?.self) { group in
                for index in 0..<4 {
                    group.addTask { try await nodes[index % 2].ask(poll, profile: profiles[index % 2]) }
                }
                for action in Self.actions(race) {
                    group.addTask { try await action(nodes[1], profiles[1], waiting, request) }
                }
                return try await group.reduce(into: []) { $0.append($1) }.compactMap(\.self)
            }
            let after = try await nodes[0].ask(poll, profile: profiles[0])
            let certificate = after.certificate?.der
            if certificate != nil { issued += 1 }
            #expect(try await nodes[0].certificateCount() == issued)
            for answer in answers where answer != .pending && answer != after {
                Issue.record("\(answer) while the record says \(after)")
            }
            switch race {
            case .approve, .approveTwice, .approveAndResend: #expect(certificate != nil)
            case .approveAndDeny:
                #expect(certificate != nil || after == .failure("2", "the request was denied"))
            case .approveAndExpire:
                #expect(certificate != nil || after == .failure("2", "nobody decided on the request in time"))
            }
        }
        #expect(try await nodes[0].waiting().isEmpty)
    }

    private static func nodes() async throws -> [World] {
        let world = try await World()
        return [world, try world.anotherNode()]
    }

    private typealias Action =
        @Sendable (World, ServedProfile, ApprovalRecord, Message) async throws -> Answer?

    private static func actions(_ race: Race) -> [Action] {
        let approve: Action = { world, profile, approval, _ in
            let outcome = try await world.decisions(profile).approve(approval.id, by: "anna")
            if case .refused(let reason, let detail) = outcome { Issue.record("\(reason): \(detail)") }
            return nil
        }
        let deny: Action = { world, profile, approval, _ in
            _ = try await world.decisions(profile).deny(approval.id, by: "bert")
            return nil
        }
        let expire: Action = { world, _, approval, _ in
            // As another node's sweep does it, whose clock is ahead.
            _ = try await world.store.expireApprovals(at: approval.expiresAt)
            return nil
        }
        let resend: Action = { world, profile, _, request in try await world.ask(request, profile: profile) }
        switch race {
        case .approve: return [approve]
        case .approveTwice: return [approve, approve]
        case .approveAndDeny: return [approve, deny]
        case .approveAndExpire: return [approve, expire]
        case .approveAndResend: return [approve, resend, resend]
        }
    }

    @Test func sameRequestAtOnceOnTwoNodesWaitsOnce() async throws {
        let nodes = try await Self.nodes()
        let profile = try nodes[0].profile(settings: .with(approval: .enrollments))
        let message = try Device(in: nodes[0]).message(try await nodes[0].code())
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
            for index in 0..<16 { group.addTask { try await nodes[index % 2].ask(message, profile: profile) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0 == .pending })
        #expect(try await nodes[0].waiting().count == 1)
    }

    @Test func oneCodeAtOnceByTwoKeysLetsOneRequestWait() async throws {
        let nodes = try await Self.nodes()
        let profile = try nodes[0].profile(settings: .with(approval: .all))
        let code = try await nodes[0].code()
        let keys = [try TestKeys.client, try TestKeys.other]
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
            for index in 0..<16 {
                let message = try Device("device-\(index % 2)", key: keys[index % 2], in: nodes[0]).message(code)
                group.addTask { try await nodes[index / 2 % 2].ask(message, profile: profile) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0 == .pending }.count == 8)
        #expect(answers.filter { $0 == .uniform }.count == 8)
        #expect(try await nodes[0].waiting().count == 1)
    }

    @Test func requestIsNotIssuedUnapprovedThoughItsOpenTransactionIsGivenUpMeanwhile() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .all))
        let code = try await world.challenges.makeStatic(code: nil, name: "lab", profile: "default", lifetime: nil)
        // The store says that the same request is open; until the reservation looks, its issuer has refused it.
        let issuerID = world.issuer.id
        let service = world.service(
            approvals: StaleApprovals(store: world.store) { approval in
                .alreadyOpen(
                    OpenTransaction(
                        id: UUID(),
                        key: approval.key,
                        publicKeyDigest: approval.publicKeyDigest,
                        order: IssuanceOrder(issuerID: issuerID, serialNumber: [1], toBeSigned: [0x30, 0]),
                        raProfile: approval.raProfile,
                        lease: Lease(owner: UUID(), until: .distantFuture)
                    )
                )
            }
        )
        let answer = try await world.ask(try Device(in: world).message(code), profile: profile, service: service)
        #expect(answer == .unavailable)
        #expect(try await world.certificateCount() == 0)
    }
}

/// A store that says what it saw a moment ago.
struct StaleApprovals: ApprovalStore {
    let store: any EnrollmentStore
    /// What it says of a request that is to wait.
    var waiting: (@Sendable (ApprovalRecord) -> PendingOutcome)?
    /// What it says of a request's state.
    var seen: ApprovalRecord?

    func wait(_ approval: ApprovalRecord, claims: [Claim]) async throws(StoreError) -> PendingOutcome {
        if let waiting { return waiting(approval) }
        return try await store.wait(approval, claims: claims)
    }

    func approval(_ id: UUID) async throws(StoreError) -> ApprovalRecord? {
        if let seen { return seen }
        return try await store.approval(id)
    }

    func newestApproval(_ key: TransactionKey) async throws(StoreError) -> ApprovalRecord? {
        try await store.newestApproval(key)
    }

    func approvals(transactionID: String, limit: Int) async throws(StoreError) -> [ApprovalRecord] {
        try await store.approvals(transactionID: transactionID, limit: limit)
    }

    func approvals(_ state: ApprovalState, after id: UUID?, limit: Int) async throws(StoreError) -> [ApprovalRecord] {
        try await store.approvals(state, after: id, limit: limit)
    }

    func vote(_ id: UUID, _ decision: ApprovalDecision) async throws(StoreError) -> VoteOutcome {
        try await store.vote(id, decision)
    }

    func votes(on id: UUID) async throws(StoreError) -> [ApprovalDecision] { try await store.votes(on: id) }

    func deny(_ id: UUID, _ decision: ApprovalDecision) async throws(StoreError) -> Bool {
        try await store.deny(id, decision)
    }

    func expireApprovals(at moment: Date) async throws(StoreError) -> Int {
        try await store.expireApprovals(at: moment)
    }
}
