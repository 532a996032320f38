// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import NIOCore
import PKIX
import SCEP

/// Devices that enrol with several nodes of one server, whatever becomes of the nodes.
struct Crowd: Sendable {
    /// The same profiles at each node, by name.
    let nodes: [[String: Target]]
    let authorities: CACertificates
    let recipient: EncodedCertificate
    let issuer: Name
    let keys: [SoftwareKey]
    let ledger: Ledger
    let eventLoop: any EventLoop

    /// What a device carries through its story.
    struct Device: Sendable {
        let number: Int
        let story: Story
        var generator: SplitMix
    }

    /// How an application ended, as its device sees it.
    enum Ending: Sendable {
        case certificate
        case failure
        /// The device stopped asking.
        case open
    }

    /// Plays a device's story to its end, and returns what was applied for.
    func play(
        _ device: Device,
        _ profile: String,
        _ challenge: (number: Int, code: String)
    ) async throws -> [Application] {
        var device = device
        let names = device.story == .rivals ? ["a", "b"] : ["a"]
        let applications = try names.enumerated().map { offset, name in
            try Application(
                subject: try Name("CN=device-\(profile)-\(challenge.number)-\(name),O=Chaos"),
                profile: profile,
                challenge: challenge,
                key: keys[(2 * device.number + offset) % keys.count],
                recipient: recipient
            )
        }
        let first = Int.random(in: nodes.indices, using: &device.generator)
        let other = (first + Int.random(in: 1..<max(2, nodes.count), using: &device.generator)) % nodes.count
        switch device.story {
        case .plain:
            _ = try await follow(applications[0], device, from: first)
        case .late:
            let ending = try await follow(applications[0], device, from: first)
            guard case .certificate = ending else { break }
            try await Task.sleep(for: .milliseconds(Int.random(in: 500...6000, using: &device.generator)))
            _ = try await follow(applications[0], device, from: other)
            _ = try await send(try applications[0].remade(), .remade, of: applications[0], device, to: first)
        case .twice, .rivals:
            var second = device
            // Otherwise both would choose alike from here on.
            second.generator = SplitMix(seed: device.generator.next())
            let pairs = [(applications[0], device, first), (applications[applications.count - 1], second, other)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (application, device, node) in pairs {
                    group.addTask { _ = try await follow(application, device, from: node) }
                }
                try await group.waitForAll()
            }
        }
        return applications
    }

    /// Asks for a certificate until there is an answer: again after no answer, and by polls while it waits.
    func follow(
        _ application: Application,
        _ device: Device,
        from first: Int,
        until deadline: ContinuousClock.Instant? = nil
    ) async throws -> Ending {
        var device = device
        var node = first
        var waits = false
        while deadline.map({ $0 > .now }) ?? true {
            let remakes = Int.random(in: 0..<100, using: &device.generator) < 20
            let (message, kind): (ClientRequest, LedgerEntry.Kind) =
                // A client may also ask by its request what became of it.
                waits && !remakes
                ? (try application.poll(issuer: issuer), .poll)
                : remakes ? (try application.remade(), .remade) : (application.request, .request)
            switch try await send(message, kind, of: application, device, to: node) {
            case .success: return .certificate
            case .failure: return .failure
            case .pending:
                waits = true
                try await Task.sleep(for: .milliseconds(Int.random(in: 500...1500, using: &device.generator)))
            case .unavailable, .refused, .cut, .silent, .odd:
                // Sooner than the server asks for, so that many ask while it recovers.
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...700, using: &device.generator)))
            }
            node = Int.random(in: nodes.indices, using: &device.generator)
        }
        return .open
    }

    /// Sends a message to a node, and takes down what came of it.
    @discardableResult
    func send(
        _ message: ClientRequest,
        _ kind: LedgerEntry.Kind,
        of application: Application,
        _ device: Device,
        to node: Int
    ) async throws -> LedgerEntry.Outcome {
        guard let target = nodes[node][application.profile] else { return .odd }
        let sent = Date().timeIntervalSince1970
        let ending = await SingleExchange.run(target.post(message.bytes), to: target, on: eventLoop)
        var entry = LedgerEntry(
            device: device.number,
            story: device.story,
            profile: application.profile,
            challenge: application.challenge,
            transactionID: message.transactionID.text,
            kind: kind,
            node: node,
            sent: sent,
            ended: Date().timeIntervalSince1970,
            outcome: .odd
        )
        switch ending {
        case .refused(let why): (entry.outcome, entry.detail) = (.refused, why)
        case .cut(let why): (entry.outcome, entry.detail) = (.cut, why)
        case .silent: entry.outcome = .silent
        case .reply(let status, let retryAfter, let body):
            judge(status, retryAfter, body, message, application, &entry)
        }
        try await ledger.add(entry)
        return entry.outcome
    }

    private func judge(
        _ status: UInt,
        _ retryAfter: String?,
        _ body: [UInt8],
        _ message: ClientRequest,
        _ application: Application,
        _ entry: inout LedgerEntry
    ) {
        guard status == 200 else {
            let says = String(decoding: body.prefix(200), as: UTF8.self)
            let isRetryable = status == 503 && (retryAfter.flatMap { Int($0) } ?? 0) > 0
            entry.outcome = isRetryable ? .unavailable : .odd
            entry.detail = "HTTP \(status), Retry-After \(retryAfter ?? "missing"): \(says)"
            return
        }
        do {
            switch try ReceivedReply(bytes: body, to: message, authorities: authorities) {
            case .pending: entry.outcome = .pending
            case .certificateList: entry.detail = "a CRL"
            case .failure(let failInfo, let text):
                entry.outcome = .failure
                entry.detail = [failInfo?.description, text].compactMap { $0 }.joined(separator: ": ")
            case .success(let issued, _):
                try ReplyCheck.check(issued, application.wanted, authorities)
                entry.outcome = .success
                entry.certificate = Data(issued.der)
            }
        } catch {
            entry.detail = "\(error)"
        }
    }
}
