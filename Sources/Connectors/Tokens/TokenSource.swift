// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment
internal import Foundation
internal import StrictJSON

/// Takes signed tokens for challenges: who holds the key says whom to trust, and for which name; each token is good once.
public struct TokenSource: ChallengeSource {
    /// The most keys that are tried with one token: a stranger must not make the server verify dozens of signatures.
    private static let maximumTries = 8

    /// The name in traces.
    public var name: String { "token '\(settings.name)'" }
    private let settings: TokenSourceSettings
    private let ring: TokenKeyRing
    private let used: any UsedChallengeStore

    /// Makes a source of its settings.
    ///
    /// - Parameters:
    ///   - settings: whose tokens are taken.
    ///   - used: knows the tokens that have been used.
    public init(_ settings: TokenSourceSettings, used: any UsedChallengeStore) {
        self.settings = settings
        self.ring = TokenKeyRing(settings)
        self.used = used
    }

    /// Verifies a token and holds the request to what it names; nothing is used up but by the reservation.
    public func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        guard let token = SignedToken(question.challenge) else { return .notMine }
        // Another issuer's token may be another source's, and is not looked at further.
        if let issuer = settings.issuer, token.claims["iss"]?.text != issuer { return .notMine }
        do {
            try await verify(token, now: question.now)
            let claims = try TokenClaims(token.claims, settings, now: question.now)
            return try await answer(claims, question)
        } catch let error as UnusableToken {
            return .reject(error.reason, detail: error.detail)
        } catch let error as KeysUnavailable {
            return .unavailable(error.sentence)
        } catch let error as SecretUnavailable {
            return .unavailable(error.sentence)
        } catch is StoreError {
            return .unavailable("the database did not answer")
        } catch {
            return .unavailable("its keys can't be used")
        }
    }

    private func verify(_ token: SignedToken, now: Date) async throws {
        guard !token.hasCriticalParts else {
            throw UnusableToken(reason: .challengeUnknown, detail: "it asks for what is not understood here, by 'crit'")
        }
        let keys = try await ring.keys(for: token.keyID, now: now).filter { $0.mayHaveSigned(token) }
        guard !keys.isEmpty else {
            throw UnusableToken(
                reason: .challengeUnknown,
                detail: "no key of the source fits its algorithm '\(Self.shown(token.algorithm))' and its key id"
                    + (token.keyID.map { " '\(Self.shown($0))'" } ?? "")
            )
        }
        guard keys.prefix(Self.maximumTries).contains(where: { $0.isSignature(of: token) }) else {
            throw UnusableToken(reason: .challengeUnknown, detail: "its signature is by no key of the source")
        }
    }

    private func answer(_ claims: TokenClaims, _ question: ChallengeQuestion) async throws -> ChallengeAnswer {
        if let profile = claims.raProfile, profile != question.raProfile {
            return .reject(
                .challengeIdentity,
                detail: "bound to RA profile '\(Self.shown(profile))', asked for '\(question.raProfile)'"
            )
        }
        if let mismatch = claims.boundTo?.mismatch(question.request, question.keyAlgorithm) {
            return .reject(.challengeIdentity, detail: mismatch)
        }
        let claim = ExternalChallenge(
            // A maker that names itself gives each id once, whichever profiles trust it; another name is good at one profile.
            profile: claims.issuer == nil ? question.profile : "",
            // By who made it, where it says so: another name for the source must not make old tokens good again.
            source: "token \(claims.issuer.map { "of \($0)" } ?? settings.name)",
            id: claims.id,
            expires: claims.expires
        )
        if let user = try await used.user(of: claim), user != question.publicKeyDigest {
            return .reject(.challengeUsed)
        }
        var attributes = claims.attributes
        if let bound = claims.raProfile { attributes.bind(raProfile: bound) }
        return .accept(claims: [.external(claim)], attributes: attributes, strength: .unguessable)
    }

    private static func shown(_ text: String) -> String { ReasonText.shown(text.utf8.prefix(100)) ?? "" }
}
