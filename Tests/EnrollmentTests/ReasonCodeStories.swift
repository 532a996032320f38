// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

/// Stories of requests that wait, renewals, polls and queries.
extension ReasonCodeTests {
    private static let opened = ["message", "signature", "envelope"]
    private static let accepted = opened + ["request", "challenge"]
    private static let renewed = opened + ["request", "renewal"]

    private static func manual(_ world: World) throws -> ServedProfile {
        try world.profile(settings: .with(approval: .all))
    }

    /// A device whose request waits.
    private static func waiting(_ world: World, maker: String? = nil) async throws -> (Device, ApprovalRecord) {
        let device = try Device(in: world)
        let act = maker.map {
            AuditAct(id: UUID(), action: "challenge.new", actor: $0, origin: "-", input: "{}")
        }
        let code = try await AuditAct.$current.withValue(act) { try await world.code() }
        _ = try await world.ask(try device.message(code), profile: try manual(world))
        world.clock.advance(1)
        return (device, try #require(try await world.waiting().last))
    }

    static let approvalStories = [
        Story(reason: .approvalPending, steps: accepted + ["policy", "approval"]) { world in
            _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: try manual(world))
        },
        Story(reason: .approvalDenied, steps: opened + ["approval"]) { world in
            let (device, approval) = try await waiting(world)
            _ = try await world.decisions(try manual(world)).deny(approval.id, by: "anna")
            _ = try await world.ask(try device.poll(), profile: try manual(world))
        },
        Story(reason: .approvalExpired, steps: opened + ["approval"]) { world in
            let (device, _) = try await waiting(world)
            world.clock.advance(15 * 86_400)
            _ = try await world.ask(try device.poll(), profile: try manual(world))
        },
        Story(reason: .approvalDecided, steps: ["approval", "policy", "issuing", "challenge"]) { world in
            let (_, approval) = try await waiting(world)
            let profile = try manual(world)
            // Somebody denies it while the certificate is being prepared.
            let service = world.service(approvals: StaleApprovals(store: world.store, seen: approval))
            _ = try await world.decisions(profile).deny(approval.id, by: "bert")
            _ = try await ApprovalAdministration(service: service) { _ in profile }.approve(approval.id, by: "anna")
        },
        Story(reason: .approvalNotEntitled, steps: ["approval"]) { world in
            let (_, approval) = try await waiting(world)
            var settings = SCEPProfileSettings.with(approval: .enrollments)
            settings.approvers.names = ["anna"]
            let profile = try world.profile(settings: settings)
            _ = try await world.decisions(profile).approve(approval.id, by: "mallory")
        },
        Story(reason: .approvalOwnRequest, steps: ["approval"]) { world in
            let (_, approval) = try await waiting(world, maker: "operator:anna")
            var settings = SCEPProfileSettings.with(approval: .enrollments)
            settings.fourEyes = .required
            _ = try await world.decisions(try world.profile(settings: settings)).approve(approval.id, by: "anna")
        },
        Story(reason: .pollUnknown, steps: ["message", "signature", "poll"]) { world in
            _ = try await world.ask(try Device(in: world).poll())
        },
        Story(reason: .issuedRevoked, steps: accepted + ["policy", "issuing", "transaction"]) { world in
            let message = try Device(in: world).message(try await world.code())
            try await world.revoke(try #require(try await world.ask(message).certificate))
            world.clock.advance(1)
            _ = try await world.ask(message)
        },
    ]

    static let renewalStories = [
        Story(reason: .renewalNotServed, steps: renewed) { world in
            try await renew(world, policy: RenewalPolicy(requests: .refused))
        },
        Story(reason: .renewalSigner, steps: renewed) { world in
            let device = try Device(in: world)
            _ = try await world.ask(try device.renewal(device.key))
        },
        Story(reason: .renewalExpired, steps: renewed) { world in try await renew(world, after: 366) },
        Story(reason: .renewalRevoked, steps: renewed) { world in
            let device = try await world.enrolled()
            try await world.revoke(try #require(device.issued))
            world.clock.advance(1)
            _ = try await world.ask(try device.renewal(try TestKeys.other))
        },
        Story(reason: .renewalStatusUnknown, steps: renewed) { world in
            let device = try Device(in: world).holding(try AlternateCA.issue())
            let profile = try AlternateCA().profile(world, list: [])
            _ = try await world.ask(try device.renewal(try TestKeys.other), profile: profile)
        },
        Story(reason: .renewalTooEarly, steps: renewed + ["renewal window"]) { world in
            try await renew(world, policy: RenewalPolicy(window: .lastDays(30)))
        },
        Story(reason: .renewalKeyReuse, steps: renewed + ["renewal key"]) { world in
            try await renew(world, policy: RenewalPolicy(keyReuse: .refused), key: try TestKeys.client)
        },
        Story(reason: .renewalNames, steps: renewed + ["renewal names"]) { world in
            let device = try await world.enrolled()
            world.clock.advance(1)
            let message = try device.renewal(try TestKeys.other) { $0.subject = HandMadeCertificate.name("other") }
            _ = try await world.ask(message)
        },
        Story(reason: .replyUndeliverable, steps: renewed + ["reply"]) { world in
            let device = try await world.enrolled(key: try TestKeys.ec)
            world.clock.advance(1)
            _ = try await world.ask(try device.renewal(try TestKeys.ec))
        },
    ]

    static let queryStories = [
        Story(reason: .queryNotEntitled, steps: ["message", "signature", "query"]) { world in
            _ = try await world.ask(try Device(in: world).query(HandMadeCertificate.name("Example CA"), [1]))
        },
        Story(reason: .queryNotFound, steps: ["message", "signature", "query", "envelope", "query"]) { world in
            let device = try await world.enrolled()
            world.clock.advance(1)
            _ = try await world.ask(try device.query(HandMadeCertificate.name("Example CA"), [1]))
        },
        Story(reason: .queryAnswered, steps: ["message", "signature", "query", "envelope", "query"]) { world in
            let device = try await world.enrolled()
            world.clock.advance(1)
            _ = try await world.ask(try device.query(HandMadeCertificate.name("Example CA"), [1], type: "22"))
        },
    ]

    private static func renew(
        _ world: World,
        policy: RenewalPolicy = RenewalPolicy(),
        key: SoftwareKey? = nil,
        after days: Double = 1
    ) async throws {
        let device = try await world.enrolled()
        world.clock.advance(days * 86_400)
        let profile = try world.profile(settings: .with(renewal: policy))
        _ = try await world.ask(try device.renewal(try key ?? TestKeys.other), profile: profile)
    }
}
