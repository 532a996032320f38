// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Foundation
internal import StrictJSON

/// Why there are no keys to look at a token with.
struct KeysUnavailable: Error, Hashable {
    var sentence: String
}

/// The keys of a token source: from files, by a secret, or fetched and kept for a while.
actor TokenKeyRing {
    /// How old a fetched set may get before it is fetched again, in seconds.
    private static let freshSeconds: Double = 3600
    /// How often a set is fetched at most, in seconds: a stranger's token with an unknown key id asks for it, too.
    private static let refreshSeconds: Double = 60
    /// How often that is tried as long as there is none, in seconds.
    private static let firstSeconds: Double = 5
    /// The longest key set that is read, in bytes: a key has less than one KiB.
    static let maximumByteCount = 262_144

    private let settings: TokenSourceSettings
    private var files: (bytes: [[UInt8]], keys: [TokenKey])?
    private var fetched: (keys: [TokenKey], at: Date)?
    private var lastAttempt: Date?
    private var lastFailure = "they have not been fetched yet"
    private var fetching: Task<Void, Never>?

    init(_ settings: TokenSourceSettings) {
        self.settings = settings
    }

    /// The keys, fetched anew if there is reason to, and not too often.
    func keys(for keyID: String?, now: Date) async throws -> [TokenKey] {
        if let secret = settings.secret {
            let bytes = try secret.read()
            guard bytes.count >= 32 else { throw KeysUnavailable(sentence: "the secret has less than 32 bytes") }
            return [try await TokenKey.secret(bytes)]
        }
        guard let url = settings.keySet else { return try await fileKeys() }
        if isDue(keyID, now) {
            if let fetching {
                await fetching.value
            } else if mayTry(now) {
                await fetch(url, now)
            }
        }
        guard let fetched, abs(now.timeIntervalSince(fetched.at)) < Double(settings.maximumKeySetHours) * 3600 else {
            // Not the whole URL: its query may hold a key.
            let host = URLComponents(string: url)?.host ?? "its host"
            throw KeysUnavailable(sentence: "there are no keys from '\(host)': \(lastFailure)")
        }
        return fetched.keys
    }

    /// The files are read at each question, so that keys can be exchanged while the server runs, and understood once.
    private func fileKeys() async throws -> [TokenKey] {
        let bytes = try settings.keys.map { try SecretReference.file($0).read() }
        if let files, files.bytes == bytes { return files.keys }
        var keys: [TokenKey] = []
        for (file, path) in zip(bytes, settings.keys) {
            let found = await TokenKey.keys(in: file)
            guard !found.isEmpty else { throw KeysUnavailable(sentence: "there is no public key in '\(path)'") }
            keys += found
        }
        files = (bytes, keys)
        return keys
    }

    private func isDue(_ keyID: String?, _ now: Date) -> Bool {
        guard let fetched, abs(now.timeIntervalSince(fetched.at)) < Self.freshSeconds else { return true }
        guard let keyID else { return false }
        return !fetched.keys.contains { $0.id == keyID }
    }

    private func mayTry(_ now: Date) -> Bool {
        guard let lastAttempt else { return true }
        let pause = fetched == nil ? Self.firstSeconds : Self.refreshSeconds
        // A clock that was put back must not keep the keys old.
        return abs(now.timeIntervalSince(lastAttempt)) >= pause
    }

    private func fetch(_ url: String, _ now: Date) async {
        lastAttempt = now
        let question = HTTPQuestion(
            url: url,
            fields: [("Accept", "application/jwk-set+json, application/json")],
            trustRoots: settings.trustRoots,
            maximumAnswerByteCount: Self.maximumByteCount,
            time: .seconds(settings.timeout)
        )
        // Not a part of whoever asked first: others wait for it, too. They go on when everything is in its place.
        let task = Task {
            let keys = await answer(to: question)
            if let keys { fetched = (keys, now) }
            fetching = nil
        }
        fetching = task
        await task.value
    }

    /// The keys of an answer; nil when there is none, and the reason is kept.
    private func answer(to question: HTTPQuestion) async -> [TokenKey]? {
        do {
            let answer = try await HTTPExchange.ask(question)
            guard answer.status == 200 else {
                lastFailure = "it answered with HTTP \(answer.status)"
                return nil
            }
            let keys = await (try? JSONValue(strictly: answer.body)).asyncMap { await TokenKey.keys(in: $0) } ?? []
            if keys.isEmpty { lastFailure = "its answer has no key that can be used" }
            return keys.isEmpty ? nil : keys
        } catch {
            lastFailure = error.sentence
            return nil
        }
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ transform: (Wrapped) async -> Result) async -> Result? {
        guard let self else { return nil }
        return await transform(self)
    }
}
