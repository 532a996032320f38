// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Testing

@testable internal import SCEPProbe

/// Each check is seen to fail where its requirement is broken, and only there.
@Suite struct MutationTests {
    @Test func aRightServerPassesEverythingThatItCanShow() async throws {
        let report = try await ProbeRun.report(Breakage())
        let rest = report.results.filter { $0.outcome != .pass }.map {
            "\($0.number) \($0.outcome): \($0.reason ?? "") \($0.findings)"
        }
        // 22 and 111 can't be seen; this server serves queries (161) and EC clients (168).
        let numbers = report.results.filter { $0.outcome != .pass }.map(\.number)
        #expect(numbers == [22, 111, 161, 168], "\(rest)")
        #expect(report.notes.isEmpty)
    }

    @Test(arguments: Mutation.all)
    func aBrokenRequirementIsNoticed(_ mutation: Mutation) async throws {
        var breakage = Breakage()
        mutation.base(&breakage)
        mutation.breaks(&breakage)
        let report = try await ProbeRun.report(breakage, only: [mutation.number])
        let result = try #require(report.results.first { $0.number == mutation.number })
        #expect(result.outcome == .fail, "\(result.reason ?? "") \(result.findings) \(report.exchanges)")
    }

    @Test(arguments: [31, 161, 168])
    func aServerThatLacksSomethingPassesWhatIsAskedOfSuchServers(_ number: Int) async throws {
        var breakage = Breakage()
        try #require(Mutation.all.first { $0.number == number }).base(&breakage)
        let report = try await ProbeRun.report(breakage, only: [number])
        let result = try #require(report.results.first { $0.number == number })
        #expect(result.outcome == .pass, "\(result.reason ?? "") \(result.findings)")
    }

    @Test func everyRequirementHasAMutationOrAReason() {
        let broken = Set(Mutation.all.map(\.number))
        let missing = RequirementTable.all.map(\.number).filter {
            !broken.contains($0) && !Mutation.exempt.contains($0)
        }
        #expect(missing.isEmpty)
        for number in Mutation.exempt {
            guard case .invisible = RequirementTable.requirement(number)?.kind else {
                Issue.record("\(number) is exempt without a reason")
                continue
            }
        }
    }

    @Test func theTableHasTheRequirementsThatBindServers() {
        #expect(RequirementTable.all.count == 138)
        #expect(RequirementTable.all.count { $0.subject == .server } == 132)
        #expect(RequirementTable.all.map(\.number) == RequirementTable.all.map(\.number).sorted())
        #expect(Set(RequirementTable.all.map(\.number)).count == 138)
    }
}
