// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment
internal import PKIX

internal import struct Foundation.Date

/// Gives the RA of a CA a new key, while the CA keeps its own (design §6.7).
///
/// 1. `rotateRA`: the new key is *prepared*: all servers can decrypt with it, nobody is told of it.
/// 2. `activateRA`: GetCACert names it; the one before is *decrypt-only*, and whoever enveloped to it is still answered.
/// 3. `retireRA`: a decrypt-only one is used no more, and is kept for the record.
public struct RARotation: Sendable {
    private let state: OpenedState
    private let issuer: String
    private let time: any TimeSource
    private let announce: Announcement

    /// Is told what a key of the RA was and will be, before it is changed.
    public typealias Announcement =
        @Sendable (_ before: CAGeneration.Registration?, _ after: CAGeneration.Registration) throws -> Void

    /// Puts the use-case together.
    ///
    /// - Parameters:
    ///   - state: the state to change.
    ///   - issuer: the CA's name in URLs.
    ///   - time: the clock.
    ///   - announce: is told of each change before it is made.
    public init(
        _ state: OpenedState,
        issuer: String = "issuing",
        time: any TimeSource = SystemTimeSource(),
        announce: @escaping Announcement = { _, _ in }
    ) {
        self.state = state
        self.issuer = issuer
        self.time = time
        self.announce = announce
    }

    /// Prepares a new key for the RA of the CA that issues; if one is prepared already, that one stays.
    ///
    /// - Returns: the prepared RA.
    /// - Throws: `AppError`; `conflict` when the CA speaks SCEP with its own key.
    public func rotateRA() async throws -> CAGeneration.Registration {
        let generations = try await state.generations(of: issuer)
        let active = try generations.active()
        if let prepared = generations.credentials(of: active, .prepared).last {
            return try await registration(prepared.generation)
        }
        guard let model = generations.credentials(of: active, .active).last else {
            throw AppError(.conflict, "The CA '\(issuer)' has no active RA.")
        }
        guard model.certificate != active.certificate else {
            throw AppError(
                .conflict,
                "The CA '\(issuer)' speaks SCEP with its own key.",
                hint: "Give the CA a new key with: sceptic ca rollover"
            )
        }
        let records = RecordMaker(masterKey: state.masterKey, now: time.now)
        let known = generations.stored.raCredentials.filter { $0.issuerID == active.id }.map(\.generation)
        let credential = try state.registration(
            like: model,
            for: active,
            certificate: try EncodedCertificate(derEncoded: active.certificate),
            issuerKey: try state.key(of: active),
            generation: (known.max() ?? 0) + 1,
            state: .prepared,
            records
        )
        try announce(nil, try CAGeneration.Registration(credential))
        try await state.apply([.addRACredential(credential)])
        return try await registration(credential.generation)
    }

    /// Announces the prepared RA, when all servers that run have learned of it.
    ///
    /// - Returns: the RA that GetCACert names now.
    /// - Throws: `AppError`; `conflict` when none is prepared, or a server has not learned of it.
    public func activateRA() async throws -> CAGeneration.Registration {
        let generations = try await state.generations(of: issuer)
        let active = try generations.active()
        guard let prepared = generations.credentials(of: active, .prepared).last else {
            throw AppError(.conflict, "No RA is prepared.", hint: "Make one with: sceptic ca rotate-ra")
        }
        try await state.waitForNodes(time)
        try announce(prepared, to: .active)
        try await state.apply(
            generations.credentials(of: active, .active).map {
                .moveRACredential($0.id, from: .active, to: .decryptOnly)
            } + [.moveRACredential(prepared.id, from: .prepared, to: .active)]
        )
        return try await registration(prepared.generation)
    }

    /// Ends the use of a decrypt-only RA: whoever still envelopes to it is refused.
    ///
    /// - Parameters:
    ///   - generation: the RA's generation.
    ///   - keyGeneration: which key of the CA it speaks for; the present one if nil.
    /// - Throws: `AppError`; `conflict` when there is none, or it is not decrypt-only.
    public func retireRA(_ generation: Int, keyGeneration: Int? = nil) async throws {
        let generations = try await state.generations(of: issuer)
        let number = try keyGeneration ?? generations.active().keyGeneration
        let record = generations.all.first { $0.keyGeneration == number }
            .flatMap { issuer in
                generations.stored.raCredentials.first { $0.issuerID == issuer.id && $0.generation == generation }
            }
        guard let record else {
            throw AppError(
                .conflict,
                "Key \(number) of the CA '\(issuer)' has no RA \(generation).",
                hint: "Look with: sceptic ca rollover status"
            )
        }
        guard record.state == .decryptOnly else {
            throw AppError(
                .conflict,
                "RA \(generation) is \(record.state.rawValue), not decrypt-only.",
                hint: "Only what GetCACert names no more can be retired."
            )
        }
        try announce(record, to: .retired)
        try await state.apply([.moveRACredential(record.id, from: .decryptOnly, to: .retired)])
    }

    private func announce(_ record: RACredentialRecord, to state: RACredentialState) throws {
        var after = record
        after.state = state
        try announce(try CAGeneration.Registration(record), try CAGeneration.Registration(after))
    }

    private func registration(_ generation: Int) async throws -> CAGeneration.Registration {
        let generations = try await state.generations(of: issuer)
        let shown = try CAGeneration(try generations.active(), generations.stored)
        guard let found = shown.registrations.first(where: { $0.generation == generation }) else {
            throw AppError(.failure, "RA \(generation) of the CA '\(issuer)' has disappeared.")
        }
        return found
    }
}
