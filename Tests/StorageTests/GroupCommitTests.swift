// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Dispatch
import Enrollment
import Foundation
import Synchronization
import Testing

@testable import Storage

/// Notes what happens, from any thread.
final class Notes<Value: Sendable>: Sendable {
    private let list = Mutex<[Value]>([])

    func add(_ value: Value) { list.withLock { $0.append(value) } }

    var all: [Value] { list.withLock { $0 } }

    func clear() { list.withLock { $0 = [] } }
}

/// A store whose commits are noted, and a way to make writers wait for each other.
struct GroupedStore {
    let fixture: SQLiteFixture
    let store: SQLiteStore
    let groups = Notes<Int>()

    init(_ options: SQLiteOptions = SQLiteOptions()) async throws {
        var options = options
        options.onCommit = { [groups] in groups.add($0) }
        fixture = try SQLiteFixture(options)
        store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        groups.clear()
    }

    /// Runs writes all of which wait while another is signed.
    func together<Value: Sendable>(
        _ count: Int,
        _ write: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Result<Value, any Error>] {
        let signing = DispatchSemaphore(value: 0)
        let first = Records.reservation()
        let isSigning = Switch()
        async let holding = store.reserve(first) {
            isSigning.isOn = true
            signing.wait()
            return Records.certificate(for: first)
        }
        for _ in 0..<5000 where !isSigning.isOn { try await Task.sleep(for: .milliseconds(1)) }
        let results = await withTaskGroup(of: Result<Value, any Error>.self) { group in
            for number in 0..<count {
                group.addTask {
                    do { return .success(try await write(number)) } catch { return .failure(error) }
                }
            }
            for _ in 0..<5000 where store.waitingWrites < count { try? await Task.sleep(for: .milliseconds(1)) }
            signing.signal()
            return await group.reduce(into: []) { $0.append($1) }
        }
        _ = try await holding
        return results
    }
}

struct GroupCommitTests {
    @Test func commitsALoneWriterAtOnce() async throws {
        let grouped = try await GroupedStore()
        for _ in 0..<5 { try await grouped.store.issue() }
        #expect(grouped.groups.all == [1, 1, 1, 1, 1])
    }

    @Test func commitsThoseThatWaitTogether() async throws {
        let grouped = try await GroupedStore()
        let results = try await grouped.together(100) { _ in try await grouped.store.issue() }
        #expect(results.count { (try? $0.get()) != nil } == 100)
        #expect(grouped.groups.all == [1, 64, 36])
        #expect(try await grouped.store.certificateCount() == 101)
    }

    private struct Refusal: Error, Equatable {
        let number: Int
    }

    @Test func isolatesAMembersFailure() async throws {
        let grouped = try await GroupedStore()
        let challenges = (0..<9).map { _ in Records.challenge() }
        try await grouped.store.add(challenges)
        grouped.groups.clear()
        let refused = Notes<Int>()
        let results = try await grouped.together(9) { number in
            var reservation = Records.reservation()
            reservation.claims = [.oneTimeChallenge(challenges[number].id)]
            let certificate = Records.certificate(for: reservation)
            return try await grouped.store.reserve(reservation) {
                if number.isMultiple(of: 3) {
                    refused.add(number)
                    throw Refusal(number: number)
                }
                return certificate
            }
        }
        #expect(grouped.groups.all == [1, 9])
        #expect(refused.all.sorted() == [0, 3, 6])
        let failures = results.compactMap { result -> Int? in
            if case .failure(let error as Refusal) = result { return error.number }
            return nil
        }
        #expect(failures.sorted() == [0, 3, 6])
        #expect(try await grouped.store.certificateCount() == 7)
        for (number, challenge) in challenges.enumerated() {
            let stored = try await grouped.store.challenge(profile: "default", lookup: challenge.lookup)
            #expect((stored?.usedAt == nil) == number.isMultiple(of: 3))
        }
    }

    @Test func failsAllMembersOfAFailedCommit() async throws {
        let failing = Switch()
        var options = SQLiteOptions()
        options.commitFailure = { failing.isOn ? .unavailable("The disk is gone.") : nil }
        let grouped = try await GroupedStore(options)
        let challenge = Records.challenge()
        let results = try await grouped.together(8) { number in
            if number == 0 {
                // It runs in the group of the others, whose commit fails.
                let reservation = Records.reservation()
                return try await grouped.store.reserve(reservation) {
                    failing.isOn = true
                    return Records.certificate(for: reservation)
                }
            }
            return try await grouped.store.issue()
        }
        for result in results {
            #expect(throws: StoreError.unavailable("The disk is gone.")) { try result.get() }
        }
        #expect(grouped.groups.all == [1])
        #expect(try await grouped.store.certificateCount() == 1)
        failing.isOn = false
        try await grouped.store.add([challenge])
        try await grouped.store.issue()
        #expect(try await grouped.store.certificateCount() == 2)
    }

    @Test func tellsNobodyBeforeTheCommit() async throws {
        let events = Notes<String>()
        var options = SQLiteOptions()
        options.commitFailure = {
            Thread.sleep(forTimeInterval: 0.05)
            events.add("commit")
            return nil
        }
        let grouped = try await GroupedStore(options)
        events.clear()
        let results = try await grouped.together(4) { _ in
            try await grouped.store.issue()
            events.add("answer")
        }
        #expect(results.count == 4)
        #expect(events.all == ["commit", "commit", "answer", "answer", "answer", "answer"])
    }
}

/// A switch that any thread may turn.
final class Switch: Sendable {
    private let state = Mutex(false)

    var isOn: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
