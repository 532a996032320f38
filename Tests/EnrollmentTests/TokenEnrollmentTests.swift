// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Connectors
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import TestSupport
internal import Testing

/// Signed tokens on the whole way through the service.
@Suite struct TokenEnrollmentTests {
    private static let secret = Array("0123456789abcdef0123456789abcdef".utf8)

    private let world: World

    init() async throws {
        world = try await World()
        try world.folder.write("secret", Self.secret)
    }

    private func profile(_ settings: SCEPProfileSettings = .with(), in world: World? = nil) throws -> ServedProfile {
        var token = TokenSourceSettings(name: "portal")
        token.secret = .file(self.world.folder.file("secret"))
        token.sub = .free
        let world = world ?? self.world
        return try world.profile(settings: settings, sources: [TokenSource(token, used: world.store)])
    }

    /// A token that is good for ten minutes.
    private func token(_ id: String = "id-1", more: String = "") -> String {
        let end = Int(world.clock.now.timeIntervalSince1970) + 600
        let parts = [#"{"alg":"HS256"}"#, #"{"exp":\#(end),"jti":"\#(id)"\#(more)}"#].map {
            Self.base64URL(Data($0.utf8))
        }
        let signed = parts.joined(separator: ".")
        let code = MessageAuthentication.sha256(key: Self.secret, message: Array(signed.utf8))
        return signed + "." + Self.base64URL(Data(code))
    }

    private static func base64URL(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    @Test func oneTokenGivesOneCertificateToOneKey() async throws {
        let (device, other) = (try Device(in: world), try Device("device-2", key: try TestKeys.other, in: world))
        let token = token()
        let first = try await world.ask(try device.message(token), profile: try profile()).certificate
        #expect(first != nil)
        world.clock.advance(1)
        // As a device does that lost its reply and its transaction.
        let again = try await world.ask(try device.message(token, transactionID: "again"), profile: try profile())
        #expect(again.certificate == first)
        #expect(try await world.ask(try other.message(token), profile: try profile()) == .uniform)
        #expect(try await world.ask(try other.message(self.token("id-2")), profile: try profile()).certificate != nil)
        #expect(world.observer.reasons == [.issued, .issuedAgain, .challengeUsed, .issued])
        world.clock.advance(600)
        #expect(
            try await world.ask(try device.message(token, transactionID: "late"), profile: try profile()) == .uniform
        )
        #expect(world.observer.reasons.last == .challengeExpired)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func aTokenThatSeveralKeysBringAtOnceIsGoodForOne() async throws {
        let node = try world.anotherNode()
        let (here, there) = (try profile(), try profile(in: node))
        let keys = [try TestKeys.client, try TestKeys.other, try TestKeys.registration, try TestKeys.authority]
        for round in 0..<5 {
            let messages = try keys.enumerated().map { index, key in
                try Device("device-\(index)", key: key, in: world).message(
                    token("\(round)"),
                    transactionID: "\(round).\(index)"
                )
            }
            let issued = try await withThrowingTaskGroup(of: Bool.self) { group in
                for (index, message) in messages.enumerated() {
                    let (world, profile) = index.isMultiple(of: 2) ? (world, here) : (node, there)
                    group.addTask { try await world.ask(message, profile: profile).certificate != nil }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(issued == 1)
            #expect(try await world.certificateCount() == round + 1)
        }
    }

    @Test func aTokenOfARequestThatWaitsIsUsed() async throws {
        let manual = try profile(.with(approval: .all))
        let (device, other) = (try Device(in: world), try Device("device-2", key: try TestKeys.other, in: world))
        let token = token(more: #","serial":"C02""#)
        _ = try await world.ask(try device.message(token), profile: manual)
        let waiting = try #require(try await world.waiting().last)
        #expect(waiting.attributes.values == ["token.serial": ["C02"]])
        #expect(try await world.ask(try other.message(token, transactionID: "other"), profile: manual) == .uniform)
        _ = try await world.decisions(manual).approve(waiting.id, by: "anna")
        world.clock.advance(1)
        #expect(try await world.ask(try device.poll(), profile: manual).certificate != nil)
        #expect(world.observer.reasons.contains(.challengeUsed))
        #expect(try await world.certificateCount() == 1)
    }

    /// A token of 2 KiB is usual, and one of 8 KiB is read.
    @Test(arguments: [2000, 4096, 8000]) func aLongTokenIsAChallengePassword(_ length: Int) async throws {
        let short = token(more: #","x":"""#).utf8.count
        let padding = String(repeating: "x", count: (length - short) * 3 / 4)
        let long = token(more: #","x":"\#(padding)""#)
        #expect(abs(long.utf8.count - length) < 8)
        let answer = try await world.ask(try Device(in: world).message(long), profile: try profile())
        #expect(answer.certificate != nil)
    }
}
