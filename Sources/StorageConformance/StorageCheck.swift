// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

/// A storage engine with a state of its own, which is empty at first.
public protocol StorageFixture: Sendable {
    /// Opens the state; what earlier stores wrote is there. Several may be open at once.
    func open() async throws -> any EnrollmentStore
}

/// One sentence of the ports' contracts, to be checked on a storage engine.
public struct StorageCheck: Sendable, CustomStringConvertible {
    /// What is to hold, as a name in lowerCamelCase.
    public let description: String
    private let body: @Sendable (any StorageFixture) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (any StorageFixture) async throws -> Void) {
        self.description = description
        self.body = body
    }

    init(_ description: String, with body: @escaping @Sendable (Scenario) async throws -> Void) {
        self.init(description) { fixture in
            let scenario = try await Scenario(fixture)
            try await body(scenario)
            try await scenario.store.close()
        }
    }

    /// Runs the check.
    ///
    /// - Parameter fixture: a fresh one.
    /// - Throws: `StorageCheckFailure` when the engine breaks the contract, or what the engine threw.
    public func run(on fixture: any StorageFixture) async throws {
        try await body(fixture)
    }

    /// All checks there are.
    public static let all: [StorageCheck] =
        reservationChecks + claimChecks + externalClaimChecks + openTransactionChecks + concurrencyChecks
        + certificateChecks + certificateSearchChecks + traceSearchChecks
        + challengeChecks + traceChecks + configurationChecks + authorityChecks + waitingChecks + waitingClaimChecks
        + approvalChecks + approvalConcurrencyChecks + voteChecks + revocationChecks + certificateListChecks
        + revocationConcurrencyChecks + nodeChecks + registrationChecks + measureChecks
        + duplicateChecks + operatorChecks + idempotencyChecks + auditChecks
}

/// A broken contract.
public struct StorageCheckFailure: Error, Sendable, CustomStringConvertible {
    /// What was found and what should have been, with the place of the check.
    public let description: String
}

func expect(_ holds: Bool, _ what: String, file: StaticString = #fileID, line: UInt = #line) throws {
    if !holds { throw StorageCheckFailure(description: "\(what) (\(file):\(line))") }
}

func expect<Value: Equatable>(
    _ found: Value,
    is wanted: Value,
    file: StaticString = #fileID,
    line: UInt = #line
) throws {
    try expect(found == wanted, "found \(found) instead of \(wanted)", file: file, line: line)
}

func unwrap<Value>(_ value: Value?, file: StaticString = #fileID, line: UInt = #line) throws -> Value {
    guard let value else { throw StorageCheckFailure(description: "nothing was found (\(file):\(line))") }
    return value
}

/// Expects a conflict, and nothing else.
func expectConflict(
    file: StaticString = #fileID,
    line: UInt = #line,
    _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch StoreError.conflict {
        return
    }
    throw StorageCheckFailure(description: "there was no conflict (\(file):\(line))")
}
