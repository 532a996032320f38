// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
public import Cryptography
public import Enrollment
internal import PKIX

internal import struct Foundation.Date

/// Gives a CA its next key, step by step (RFC 8894 §4.7).
///
/// 1. `prepareNext`: the next generation exists and serves whoever envelopes to its RA; GetNextCACert names it.
/// 2. `activateNext`: it issues and GetCACert names it; the one before goes on to decrypt and to publish its CRL.
///
/// Each step is one storage transaction, and running servers follow within a second.
public struct CARollover: Sendable {
    private let state: OpenedState
    private let issuer: String
    private let time: any TimeSource
    private let announce: Announcement

    /// Is told what a generation was and will be, before it is changed.
    public typealias Announcement = @Sendable (_ before: CAGeneration?, _ after: CAGeneration) throws -> Void

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

    /// The generations of the CA, the oldest first.
    public func status() async throws -> [CAGeneration] {
        let generations = try await state.generations(of: issuer)
        guard !generations.all.isEmpty else {
            throw AppError(.missing, "There is no CA '\(issuer)'.", hint: "Look with: sceptic ca show")
        }
        return try generations.all.map { try CAGeneration($0, generations.stored) }
    }

    /// Makes the next generation with its RA.
    ///
    /// - Parameter keyType: the type of its key; that of the present one if nil.
    /// - Returns: the next generation.
    /// - Throws: `AppError`; `conflict` when there is a next generation already.
    public func prepareNext(keyType: KeyAlgorithm? = nil) async throws -> CAGeneration {
        let generations = try await state.generations(of: issuer)
        let active = try generations.active()
        guard generations.next == nil else {
            throw AppError(
                .conflict,
                "The CA '\(issuer)' has a next key already.",
                hint: "Go on with: sceptic ca rollover activate, or take it back with: sceptic ca rollover cancel"
            )
        }
        guard let model = generations.credentials(of: active, .active).last else {
            throw AppError(
                .conflict,
                "The CA '\(issuer)' has no RA, so no device would hear of its next key.",
                hint: "Only a CA that issues to devices is rolled over."
            )
        }
        let records = RecordMaker(masterKey: state.masterKey, now: time.now)
        let number = (generations.all.map(\.keyGeneration).max() ?? 0) + 1
        let (next, credential) =
            if model.certificate == active.certificate {
                try singleCA(after: active, keyType, number, records)
            } else {
                try underItsRoot(after: active, generations, like: model, keyType, number, records)
            }
        var stored = generations.stored
        stored.raCredentials.append(credential)
        try announce(nil, try CAGeneration(next, stored))
        try await state.apply([.addIssuer(next), .addRACredential(credential)])
        return try await generation(number)
    }

    /// Lets the next generation issue, when all servers that run have learned of it, and takes the present one out of GetCACert.
    ///
    /// - Returns: the generation that issues now.
    /// - Throws: `AppError`; `conflict` when there is no next generation.
    public func activateNext() async throws -> CAGeneration {
        let generations = try await state.generations(of: issuer)
        let active = try generations.active()
        guard let next = generations.next else { throw nothingPrepared }
        try await state.waitForNodes(time)
        try announce(next, to: .active, generations.stored)
        try await state.apply(
            [.moveIssuer(active.id, from: .active, to: .former), .moveIssuer(next.id, from: .next, to: .active)]
                + generations.withdrawal(of: active)
        )
        return try await generation(next.keyGeneration)
    }

    /// Takes the next generation back: nothing names it any more, and what it issued meanwhile stays good and revocable.
    ///
    /// Its number is not used again, since certificates may name the URL of its CRL.
    ///
    /// - Returns: the generation that was taken back.
    /// - Throws: `AppError`; `conflict` when there is no next generation.
    public func cancelNext() async throws -> CAGeneration {
        let generations = try await state.generations(of: issuer)
        guard let next = generations.next else { throw nothingPrepared }
        try announce(next, to: .former, generations.stored)
        try await state.apply([.moveIssuer(next.id, from: .next, to: .former)] + generations.withdrawal(of: next))
        return try await generation(next.keyGeneration)
    }

    private func announce(_ issuer: IssuerRecord, to state: IssuerState, _ stored: StoredConfiguration) throws {
        var after = issuer
        after.state = state
        try announce(try CAGeneration(issuer, stored), try CAGeneration(after, stored))
    }

    private var nothingPrepared: AppError {
        AppError(.conflict, "The CA '\(issuer)' has no next key.", hint: "Make one with: sceptic ca rollover prepare")
    }

    private func generation(_ number: Int) async throws -> CAGeneration {
        guard let found = try await status().first(where: { $0.keyGeneration == number }) else {
            throw AppError(.failure, "Generation \(number) of the CA '\(issuer)' has disappeared.")
        }
        return found
    }

    // MARK: - Keys and certificates

    private func underItsRoot(
        after active: IssuerRecord,
        _ generations: StoredGenerations,
        like model: RACredentialRecord,
        _ keyType: KeyAlgorithm?,
        _ number: Int,
        _ records: RecordMaker
    ) throws -> (IssuerRecord, RACredentialRecord) {
        var generator = SecureRandom()
        guard let root = generations.stored.issuers.first(where: { $0.certificate == active.chain.first }) else {
            throw AppError(.conflict, "The CA above '\(issuer)' is none of this server's: it has to sign the next key.")
        }
        let current = try EncodedCertificate(derEncoded: active.certificate)
        let key = try SoftwareKey.generate(try keyType ?? state.key(of: active).publicKey.algorithm)
        let certificate: EncodedCertificate
        do {
            certificate = try KeyCeremony.nextIssuing(
                after: current,
                publicKey: key.publicKey,
                by: try EncodedCertificate(derEncoded: root.certificate),
                rootKey: try state.key(of: root),
                publication: StoredGenerations.publication(root),
                now: records.now,
                using: &generator
            )
        } catch let error as IssuanceError {
            throw AppError(error)
        }
        let next = try records.issuer(
            issuer,
            generation: number,
            state: .next,
            certificate: certificate,
            chain: active.chain,
            publicURL: active.publicURL,
            key: key
        )
        let credential = try state.registration(
            like: model,
            for: next,
            certificate: certificate,
            issuerKey: key,
            generation: 1,
            state: .active,
            records
        )
        return (next, credential)
    }

    /// A self-signed CA that speaks SCEP with its own key.
    private func singleCA(
        after active: IssuerRecord,
        _ keyType: KeyAlgorithm?,
        _ number: Int,
        _ records: RecordMaker
    ) throws -> (IssuerRecord, RACredentialRecord) {
        if case .ec = keyType {
            throw AppError(
                .usage,
                "A single CA needs an RSA key, since clients encrypt to it.",
                hint: "Leave --key-type out."
            )
        }
        var generator = SecureRandom()
        let key = try SoftwareKey.generate(try keyType ?? state.key(of: active).publicKey.algorithm)
        let certificate: EncodedCertificate
        do {
            certificate = try KeyCeremony.nextSingleCA(
                after: try EncodedCertificate(derEncoded: active.certificate),
                key: key,
                now: records.now,
                using: &generator
            )
        } catch let error as IssuanceError {
            throw AppError(error)
        }
        let next = try records.issuer(
            issuer,
            generation: number,
            state: .next,
            certificate: certificate,
            chain: [],
            publicURL: active.publicURL,
            key: key
        )
        let credential = try records.credential(
            of: next.id,
            generation: 1,
            state: .active,
            certificate: certificate,
            encryption: nil,
            key: key
        )
        return (next, credential)
    }
}
