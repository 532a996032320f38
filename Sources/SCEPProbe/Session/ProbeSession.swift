// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPCrafting

/// One run of the prober, seen from its checks: a client of the server, and a book in which findings are written.
final class ProbeSession {
    /// What ends a run early.
    enum Stop: Error {
        case tooManyRequests
        case tooLong
        case notSaved(String)

        var sentence: String {
            switch self {
            case .tooManyRequests: "the limit of requests was reached"
            case .tooLong: "the time for the whole run was over"
            case .notSaved(let why): "an exchange could not be saved: \(why)"
            }
        }
    }

    let options: ProbeOptions
    let main: Endpoint
    var ledger: Ledger
    var notes: [String] = []
    private(set) var exchanges: [ExchangeRecord] = []
    /// The senderNonces of all replies, each of which has to be new.
    var noncesSeen: Set<[UInt8]> = []
    private var others: [EndpointRole: Endpoint] = [:]
    private let clock = ContinuousClock()
    let began: ContinuousClock.Instant
    /// Makes names that no other run uses.
    private let run = (0..<4).map { _ in String(UInt8.random(in: 16...255), radix: 16) }.joined()
    private var devices = 0
    /// The certificates of the next CA, once they are known.
    var nextAuthorities: [EncodedCertificate] = []
    /// An EC client with its certificate, once there is one.
    var ecHolder: Identity?
    /// The first enrolment; `.some(nil)` when it was tried and came to nothing.
    var first: Enrolment??

    init(_ options: ProbeOptions, main url: ProbeURL) {
        self.options = options
        self.began = clock.now
        self.ledger = Ledger(secrets: options.challenges.values.flatMap(\.self))
        self.main = Endpoint(
            .main,
            url,
            challenges: options.challenges[.main] ?? [],
            reuses: options.reusesChallenges
        )
    }

    /// How long the run has taken.
    var elapsed: Duration { clock.now - began }

    // MARK: - Findings

    func pass(_ number: Int, _ seen: String, _ exchange: Int? = nil) {
        ledger.add(number, .pass, seen, exchange ?? exchanges.last?.number)
    }

    func fail(_ number: Int, expected: String, _ seen: String, _ exchange: Int? = nil) {
        ledger.add(number, .fail, expected: expected, seen, exchange ?? exchanges.last?.number)
    }

    func cannot(_ number: Int, _ why: String) {
        ledger.add(number, .notTestable, why, nil)
    }

    func cannot(_ numbers: [Int], _ why: String) {
        for number in numbers { cannot(number, why) }
    }

    /// Passes or fails.
    func expect(_ number: Int, _ holds: Bool, _ expected: String, _ seen: String, _ exchange: Int? = nil) {
        if holds { pass(number, seen, exchange) } else { fail(number, expected: expected, seen, exchange) }
    }

    // MARK: - Exchanges

    /// Sends one HTTP request and waits for the answer.
    func exchange(
        _ label: String,
        _ question: HTTPQuestion,
        with url: ProbeURL
    ) async throws -> (number: Int, Result<HTTPAnswer, ConnectionTrouble>) {
        guard exchanges.count < options.maximumRequests else { throw Stop.tooManyRequests }
        guard elapsed < options.totalLimit else { throw Stop.tooLong }
        if options.pause > .zero { try await Task.sleep(for: options.pause) }
        let number = exchanges.count + 1
        let bytes = question.encoded(to: url)
        let start = clock.now
        let result: Result<HTTPAnswer, ConnectionTrouble>
        do throws(ConnectionTrouble) {
            result = .success(try await RawConnection.exchange(bytes, with: url, timeout: options.timeout))
        } catch {
            result = .failure(error)
        }
        let taken = (clock.now - start).components
        let received = (try? result.get()).map(Self.record) ?? []
        exchanges.append(
            ExchangeRecord(
                number: number,
                label: label,
                answer: Self.word(result),
                milliseconds: Int(taken.seconds) * 1000 + Int(taken.attoseconds / 1_000_000_000_000_000)
            )
        )
        do {
            try options.save?(number, label, bytes, received)
        } catch {
            throw Stop.notSaved("\(error)")
        }
        return (number, result)
    }

    private static func word(_ result: Result<HTTPAnswer, ConnectionTrouble>) -> String {
        switch result {
        case .success(let answer): "HTTP \(answer.status), \(answer.body.count) bytes"
        case .failure(let trouble): trouble.sentence
        }
    }

    /// An answer written down again, to be saved.
    private static func record(_ answer: HTTPAnswer) -> [UInt8] {
        let head = ["HTTP \(answer.status)"] + answer.fields.map { "\($0.name): \($0.value)" } + ["", ""]
        return Array(head.joined(separator: "\r\n").utf8) + answer.body
    }

    // MARK: - Who and where

    /// A further URL, its capabilities and certificates asked for; nil when nobody named it.
    func endpoint(_ role: EndpointRole) async throws -> Endpoint? {
        if role == .main { return main }
        if let known = others[role] { return known }
        guard let url = options.urls[role] else { return nil }
        let challenges = options.challenges[role] ?? options.challenges[.main] ?? []
        let made = Endpoint(role, url, challenges: challenges, reuses: options.reusesChallenges)
        others[role] = made
        try await discover(made)
        return made
    }

    /// A new client.
    func device(_ algorithm: KeyAlgorithm = .rsa(bits: 2048), certificateName: String? = nil) throws -> Identity {
        devices += 1
        return try Identity(
            "probe-\(run)-\(devices)",
            key: try options.makeKey(algorithm),
            certificateName: certificateName
        )
    }

    /// A new transactionID.
    func transactionID() -> String {
        (0..<16).map { _ in String(UInt8.random(in: 16...255), radix: 16, uppercase: true) }.joined()
    }
}
