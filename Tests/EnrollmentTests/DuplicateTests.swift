// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// RA profiles that certify a subject or a key once.
@Suite struct DuplicateTests {
    private func enroll(
        _ world: World,
        _ profile: ServedProfile,
        _ name: String = "device-1",
        key: SoftwareKey? = nil
    ) async throws -> Answer {
        world.clock.advance(1)
        let device = try Device(name, key: key, in: world)
        let message = try device.message(try await world.code(), transactionID: UUID().uuidString)
        return try await world.ask(message, profile: profile)
    }

    @Test func allowsDuplicatesUnlessTold() async throws {
        let world = try await World()
        let profile = try world.profile()
        for _ in 0..<2 { #expect(try await enroll(world, profile).certificate != nil) }
        #expect(try await world.certificateCount() == 2)
    }

    @Test func refusesASubjectThatMeansTheSameAndKeepsTheCode() async throws {
        let world = try await World()
        let profile = try world.profile(duplicates: DuplicatePolicy(subject: .refuse))
        let first = try await enroll(world, profile)
        #expect(first.certificate != nil)
        let code = try await world.code()
        let other = try Device("DEVICE-1", key: try TestKeys.other, in: world)
        let answer = try await world.ask(try other.message(code, transactionID: "other"), profile: profile)
        #expect(answer == .failure("2", "there is a certificate with this subject already"))
        #expect(try await world.row(code).usedAt == nil)
        #expect(try await enroll(world, profile, "device-2").certificate != nil)
        let serial = try #require(first.certificate).serialNumber.map { String(format: "%02x", $0) }.joined()
        #expect(world.observer.summaries.contains { $0.detail.lowercased().contains(serial) })
        #expect(world.observer.reasons == [.issued, .policyDuplicateSubject, .issued])
    }

    @Test func renewsWhatItRefusesToIssueTwice() async throws {
        let world = try await World()
        let profile = try world.profile(duplicates: DuplicatePolicy(subject: .refuse, key: .refuse))
        let device = try await world.enrolled(profile: profile)
        for number in 0..<2 {
            world.clock.advance(1)
            let renewal = try device.renewal(try TestKeys.client, transactionID: "renewal \(number)")
            // The second one renews what has been renewed: its successor stands for it.
            let answer = try await world.ask(renewal, profile: profile)
            #expect((answer.certificate != nil) == (number == 0))
        }
        #expect(world.observer.reasons == [.issued, .issued, .policyDuplicateSubject])
    }

    @Test func replacesAtOnce() async throws {
        let world = try await World()
        let profile = try world.profile(duplicates: DuplicatePolicy(subject: .replace))
        let first = try #require(try await enroll(world, profile).certificate)
        let second = try #require(try await enroll(world, profile, key: try TestKeys.other).certificate)
        #expect(try await world.record(first).revocation?.reason == .superseded)
        #expect(try await world.record(second).revocation == nil)
    }

    @Test func replacesAfterDaysOfGrace() async throws {
        let world = try await World()
        let profile = try world.profile(duplicates: DuplicatePolicy(subject: .replace, graceDays: 7))
        let first = try #require(try await enroll(world, profile).certificate)
        let second = try #require(try await enroll(world, profile, key: try TestKeys.other).certificate)
        #expect(try await world.store.revokeReplaced(at: world.clock.now, limit: 10) == 0)
        world.clock.advance(7 * 86_400)
        #expect(try await world.store.revokeReplaced(at: world.clock.now, limit: 10) == 1)
        #expect(try await world.record(first).revocation?.reason == .superseded)
        #expect(try await world.record(second).revocation == nil)
    }

    @Test func looksWhenARequestIsApproved() async throws {
        let world = try await World()
        let profile = try world.profile(
            settings: .with(approval: .all),
            duplicates: DuplicatePolicy(subject: .refuse)
        )
        for key in [try TestKeys.client, try TestKeys.other] {
            world.clock.advance(1)
            let message = try Device(key: key, in: world).message(try await world.code())
            _ = try await world.ask(message, profile: profile)
        }
        let waiting = try await world.waiting()
        #expect(waiting.count == 2)
        let decisions = world.decisions(profile)
        guard case .issued = try await decisions.approve(try #require(waiting.first).id, by: "anna"),
            case .refused(.policyDuplicateSubject, _) = try await decisions.approve(
                try #require(waiting.last).id,
                by: "anna"
            )
        else {
            Issue.record("not one of them")
            return
        }
        #expect(try await world.waiting().count == 1)
    }

    @Test func settingsAreReadAndWrittenAndWrongOnesRefused() throws {
        func read(_ text: String) throws -> DuplicatePolicy {
            try JSONDecoder().decode(DuplicatePolicy.self, from: Data(text.utf8))
        }
        #expect(try read("{}") == DuplicatePolicy())
        let full = DuplicatePolicy(subject: .replace, key: .refuse, graceDays: 7)
        #expect(try read(#"{"subject": "replace", "key": "refuse", "graceDays": 7}"#) == full)
        #expect(try read(String(decoding: try JSONEncoder().encode(full), as: UTF8.self)) == full)
        let wrong = [
            #"{"subject": "no"}"#, #"{"key": "replace"}"#, #"{"subject": "replace", "graceDays": -1}"#,
            #"{"graceDays": 7}"#,
        ]
        for text in wrong { #expect(throws: DecodingError.self, "\(text)") { try read(text) } }
        let old = #"{"issuer": "issuing", "template": \#(try template())}"#
        let settings = try JSONDecoder().decode(RAProfileSettings.self, from: Data(old.utf8))
        #expect(settings.duplicates == DuplicatePolicy())
    }

    private func template() throws -> String {
        let settings = RAProfileSettings(issuer: "issuing", template: .init())
        return String(decoding: try JSONEncoder().encode(settings.template), as: UTF8.self)
    }
}
