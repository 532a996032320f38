// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import Enrollment
internal import Foundation
internal import StrictJSON

/// Asks another system about each challenge by a signed POST: step-ca's SCEPCHALLENGE contract, or a flat form of our own.
///
/// A question that is sent again, by us or by the device, is asked again: the receiver has to answer the same.
public struct WebhookSource: ChallengeSource {
    /// The longest answer that is read, in bytes.
    static let maximumAnswerByteCount = 65_536

    /// The name in traces.
    public var name: String { "webhook '\(settings.name)'" }
    private let settings: WebhookSourceSettings
    private let places: Places
    private let retryDelay: Duration

    /// Makes a source of its settings.
    ///
    /// - Parameters:
    ///   - settings: what is asked, and how.
    ///   - retryDelay: how long to wait before the second try.
    public init(_ settings: WebhookSourceSettings, retryDelay: Duration = .seconds(1)) {
        self.settings = settings
        self.places = Places(settings.parallel)
        self.retryDelay = retryDelay
    }

    /// Asks the hook; a resent request asks it again.
    public func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        // The hook may use the challenge up.
        if question.isDryRun { return .unavailable("not asked in a dry run") }
        let answer = await places.take { await ask(question) }
        return answer ?? .unavailable("\(settings.parallel) questions are on their way already")
    }

    private func ask(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        do {
            let sent = try outgoing(question)
            let (first, delay) = (sent, retryDelay)
            let answer = try await within(.seconds(settings.timeout)) {
                try await Self.exchange(first, retryDelay: delay)
            }
            return judge(answer, to: question)
        } catch let error as ExchangeFailure {
            return .unavailable(error.sentence)
        } catch let error as SecretUnavailable {
            return .unavailable(error.sentence)
        } catch is TimeIsOver {
            return .unavailable("there was no answer in \(settings.timeout) s")
        } catch {
            return .unavailable("the question could not be asked")
        }
    }

    /// Asks, and asks once more when the connection or the system failed.
    private static func exchange(_ question: HTTPQuestion, retryDelay: Duration) async throws -> HTTPAnswer {
        do {
            let answer = try await HTTPExchange.ask(question)
            if answer.status < 500 { return answer }
        } catch {
            guard error.isTransient else { throw error }
        }
        try await Task.sleep(for: retryDelay)
        return try await HTTPExchange.ask(question)
    }

    private func outgoing(_ question: ChallengeQuestion) throws -> HTTPQuestion {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body: [UInt8]
        switch settings.form {
        case .stepCA: body = Array(try encoder.encode(StepWebhookQuestion(question)))
        case .json: body = Array(try encoder.encode(FlatWebhookQuestion(question)))
        }
        guard let key = Data(base64Encoded: Data(try settings.secret.read())), !key.isEmpty else {
            throw SecretUnavailable(sentence: "the secret is not base64")
        }
        var fields: [(name: String, value: String)] = [
            (
                "X-Smallstep-Signature",
                MessageAuthentication.sha256(key: Array(key), message: body).hexadecimal
            ),
            ("X-Request-Id", UUID().uuidString.lowercased()),
        ]
        if let id = settings.id { fields.append(("X-Smallstep-Webhook-ID", id)) }
        // step-ca sets no content type, and receivers of its questions know that.
        if settings.form == .json { fields.append(("Content-Type", "application/json")) }
        if let token = settings.bearerToken {
            fields.append(("Authorization", "Bearer \(String(decoding: try token.read(), as: UTF8.self))"))
        }
        if let basic = settings.basicAuth {
            let pair = Array("\(basic.user):".utf8) + (try basic.password.read())
            fields.append(("Authorization", "Basic \(Data(pair).base64EncodedString())"))
        }
        return HTTPQuestion(
            url: settings.url,
            body: body,
            fields: fields,
            trustRoots: settings.trustRoots,
            maximumAnswerByteCount: Self.maximumAnswerByteCount,
            time: .seconds(settings.timeout)
        )
    }

    private func judge(_ answer: HTTPAnswer, to question: ChallengeQuestion) -> ChallengeAnswer {
        // A redirect is not followed, and says neither yes nor no.
        guard (200..<300).contains(answer.status) else { return .unavailable("it answered with HTTP \(answer.status)") }
        guard let body = try? JSONValue(strictly: answer.body), case .boolean(let isAllowed) = body["allow"] else {
            return .unavailable("its answer is not JSON with 'allow' true or false")
        }
        if isAllowed {
            // Nobody knows how hard somebody else's challenges are to guess.
            return .accept(
                claims: [],
                attributes: ChallengeAttributes(body["data"], under: "webhook"),
                strength: .unknown
            )
        }
        switch settings.deny {
        case .next: return .notMine
        case .reject: return .reject(.challengeRefused, detail: reason(body, question))
        }
    }

    /// What the hook says of its "no", if that can be shown.
    private func reason(_ body: JSONValue, _ question: ChallengeQuestion) -> String? {
        let error = body["error"]
        let text = body["reason"]?.text ?? error?["message"]?.text ?? error?["code"]?.text ?? error?.text
        return text.flatMap { ReasonText.shown(Array($0.utf8), without: question.challenge) }
    }
}
