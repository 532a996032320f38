// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import SCEPCrafting
internal import StrictJSON
internal import TestSupport
internal import Testing

@testable internal import ServerApp

extension AdminBench {
    /// Lets a request wait.
    func wait(
        _ transactionID: String,
        by signer: UInt8 = 1,
        neededVotes: Int = 1
    ) async throws -> ApprovalRecord {
        let issuer = try #require(try await state.opened.configuration().issuers.last { !$0.chain.isEmpty })
        var generator = SystemRandomNumberGenerator()
        let now = Date()
        let key = try TestKeys.client
        var approval = ApprovalRecord(
            id: .version7(at: now, using: &generator),
            key: TransactionKey(profile: "default", transactionID: transactionID, signerDigest: [signer]),
            requestDigest: DigestAlgorithm.sha256.digest(Array(transactionID.utf8) + [signer]),
            publicKeyDigest: DigestAlgorithm.sha256.digest(key.publicKey.subjectPublicKeyInfo),
            request: try HandMadeRequest("device", key: key).der(),
            subject: "CN=device",
            raProfile: "default",
            issuerID: issuer.id,
            remoteAddress: "192.0.2.7",
            createdAt: now,
            expiresAt: now.addingTimeInterval(3600)
        )
        approval.neededVotes = neededVotes
        _ = try await state.opened.store.wait(approval, claims: [])
        return approval
    }
}

@Suite struct RequestOperationTests {
    @Test func requestsThatWaitAreListedShownApprovedAndDenied() async throws {
        let anna = Principal(name: "operator:anna", origin: "192.0.2.1", roles: [.approver])
        let bench = try await AdminBench(as: anna)
        let first = try await bench.wait("first")
        _ = try await bench.wait("second")
        let list = try await bench.ask("GET", "/waiting-requests", query: "limit=1")
        #expect(list.body["items"]?.elements.first?["transactionID"]?.text == "first")
        #expect(list.body["next"]?.text == first.id.uuidString.lowercased())
        let shown = try await bench.ask("GET", "/waiting-requests/first")
        #expect(shown.body["votes"]?.elements.isEmpty == true)
        #expect(shown.body["renewedSerialNumber"] == nil)
        let approved = try await bench.ask("POST", "/waiting-requests/first/approve", #"{"note":"known"}"#)
        #expect(approved.body["outcome"]?.text == "issued")
        #expect(approved.body["serialNumber"] != nil)
        #expect(try await bench.ask("POST", "/waiting-requests/first/approve").status == 409)
        let denied = try await bench.ask("POST", "/waiting-requests/second/deny")
        #expect(denied.body["outcome"]?.text == "denied")
        let after = try await bench.ask("GET", "/waiting-requests/second")
        #expect(after.body["decidedBy"]?.text == "anna")
        #expect(try await bench.ask("GET", "/waiting-requests/third").status == 404)
    }

    @Test(arguments: [
        ("token:mdm (operator:anna)", "anna"), ("token:mdm", "token:mdm"), ("operator:anna", "anna"),
        ("local:root", "root"),
    ])
    func anOperatorIsTheSameWithEachToken(_ principal: String, _ name: String) {
        #expect(Principal(name: principal, origin: "-", roles: []).decider == name)
    }

    @Test func onePersonIsNoTwoWhateverTheyComeWith() async throws {
        let bench = try await AdminBench()
        let path = "/profiles/default"
        #expect(try await bench.ask("PATCH", path, #"{"approval":"all","approvers":{"needed":2}}"#).status == 200)
        _ = try await bench.wait("first", neededVotes: 2)
        let administration = Administration(bench.state.opened)
        for name in ["operator:anna", "token:laptop (operator:anna)"] {
            let anna = Principal(name: name, origin: "-", roles: [.approver])
            let outcome = try await administration.perform(ApproveRequest.self, DecisionInput(id: "first"), as: anna)
            #expect(outcome.outcome == .counted && outcome.votes == 1, "\(name)")
        }
    }

    @Test func nobodyDecidesInSomebodyElsesName() async throws {
        let bench = try await AdminBench()
        _ = try await bench.wait("first")
        let answer = try await bench.ask("POST", "/waiting-requests/first/approve", #"{"by":"bob"}"#)
        #expect(answer.status == 422)
        #expect(answer.body["violations"]?.elements.first?["pointer"]?.text == "/by")
        let local = Principal(name: "local:root", origin: "local", roles: [.administrator])
        let administration = Administration(bench.state.opened)
        let input = DecisionInput(id: "first", by: "bob")
        _ = try await administration.perform(DenyRequest.self, input, as: local)
        #expect(try await bench.ask("GET", "/waiting-requests/first").body["decidedBy"]?.text == "bob")
    }

    @Test func severalRequestsOfOneTransactionIDAreToldApart() async throws {
        let bench = try await AdminBench()
        let first = try await bench.wait("same")
        _ = try await bench.wait("same", by: 2)
        #expect(try await bench.ask("POST", "/waiting-requests/same/deny").status == 409)
        #expect(try await bench.ask("POST", "/waiting-requests/\(first.id)/deny").status == 200)
    }

    @Test func aDecisionThatRulesForbidTellsTheReason() async throws {
        let bench = try await AdminBench()
        let approval = try await bench.wait("late")
        var gone = approval
        gone.key.profile = "absent"
        var generator = SystemRandomNumberGenerator()
        gone.id = .version7(at: Date(), using: &generator)
        gone.requestDigest = [9]
        _ = try await bench.state.opened.store.wait(gone, claims: [])
        let answer = try await bench.ask("POST", "/waiting-requests/\(gone.id)/approve")
        #expect(answer.status == 409)
        #expect(answer.body["reason"]?.text == ReasonCode.policyProfile.rawValue)
    }

    @Test func tracesAreSearchedAndExplained() async throws {
        let bench = try await AdminBench()
        var generator = SystemRandomNumberGenerator()
        let now = Date()
        let traces = (0..<3).map { number in
            TraceRecord(
                id: .version7(at: now.addingTimeInterval(Double(number)), using: &generator),
                at: now.addingTimeInterval(Double(number)),
                profile: "default",
                transactionID: "t\(number)",
                isAuthenticated: number == 1,
                remoteAddress: "192.0.2.\(number)",
                reasonCode: ReasonCode.policyProfile.rawValue,
                steps: [TraceStep(name: "message", outcome: .passed, detail: "read")]
            )
        }
        try await bench.state.opened.store.append(traces, ringSize: 10)
        func found(_ query: String) async throws -> [String] {
            let answer = try await bench.ask("GET", "/requests", query: query)
            try #require(answer.status == 200, "\(answer.body)")
            return try #require(answer.body["items"]).elements.compactMap { $0["transactionID"]?.text }
        }
        #expect(try await found("") == ["t2", "t1", "t0"])
        #expect(try await found("authenticated=true") == ["t1"])
        #expect(try await found("remoteAddress=192.0.2.2&authenticated=false") == ["t2"])
        #expect(try await found("transactionID=t0") == ["t0"])
        #expect(try await found("reason=issued") == [])
        let explained = try await bench.ask("GET", "/requests/t1")
        #expect(explained.body["items"]?.elements.first?["answer"] != nil)
        #expect(try await bench.ask("GET", "/requests/\(traces[2].id)").body["items"]?.elements.count == 1)
        #expect(try await bench.ask("GET", "/requests/absent").status == 404)
        #expect(try await bench.ask("GET", "/requests", query: "authenticated=maybe").status == 400)
    }

    @Test func aRequestIsTried() async throws {
        let bench = try await AdminBench()
        let made = try await bench.ask("POST", "/challenges", #"{"profile":"default"}"#)
        let code = try #require(made.body["codes"]?.elements.first?.text)
        let request = Data(try HandMadeRequest("device", key: try TestKeys.client).der()).base64EncodedString()
        func trial(_ challenge: String, profile: String = "default") async throws -> (status: Int, body: JSONValue) {
            let body =
                "{\"request\":\"\(request)\",\"profile\":\"\(profile)\",\"challenge\":\"\(challenge)\"}"
            let answer = try await bench.ask("POST", "/trials", body)
            return (answer.status, answer.body)
        }
        let good = try await trial(code)
        #expect(good.body["outcome"]?.text == "would be issued")
        #expect(good.body["certificate"]?["subject"]?.text == "CN=device")
        let wrong = try await trial("nonsense")
        #expect(wrong.body["outcome"]?.text == "would be refused")
        #expect(wrong.body["certificate"] == nil)
        #expect(try await trial(code, profile: "absent").status == 404)
        let nonsense = #"{"request":"AAAA","profile":"default"}"#
        #expect(try await bench.ask("POST", "/trials", nonsense).status == 422)
    }
}
