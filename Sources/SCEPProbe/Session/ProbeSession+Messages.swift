// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPCrafting

/// Who asked for a certificate, how, and what came.
struct Enrolment {
    var sent: SentMessage
    var reply: Reply
    /// The PKCS#10 request.
    var request: [UInt8]
    var sender: Identity

    /// The client with its new certificate; nil when none was issued.
    var holder: Identity? {
        reply.issued.map { Identity(sender.name, key: sender.key, issued: $0) }
    }
}

/// How the parts of a request are spoilt.
struct Spoilers {
    var request: (inout HandMadeRequest) throws -> Void = { _ in }
    var envelope: (inout EnvelopeBuilder) throws -> Void = { _ in }
    var outer: (inout PKIMessageBuilder) throws -> Void = { _ in }
}

extension ProbeSession {
    /// Makes a PKCS#10 request.
    func certificationRequest(
        _ subject: String,
        key: SoftwareKey,
        challenge: String?,
        _ spoil: (inout HandMadeRequest) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var request = HandMadeRequest(subject, key: key, challenge: nil)
        if let challenge {
            let isPrintable = challenge.utf8.allSatisfy { byte in
                Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?".utf8).contains(byte)
            }
            let value = isPrintable ? TLV.printable(challenge) : TLV.utf8(challenge)
            request.attributes = [TLV.attribute(OID.challengePassword, value)]
        }
        try spoil(&request)
        return try request.der()
    }

    /// Makes a pkiMessage around some message data.
    func message(
        _ type: String,
        _ data: [UInt8],
        from sender: Identity,
        to endpoint: Endpoint,
        transactionID id: String? = nil,
        subjectKey: PublicKey? = nil,
        challenge: String? = nil,
        _ spoilers: Spoilers = Spoilers()
    ) throws -> SentMessage {
        let nonce = (0..<16).map { _ in UInt8.random(in: 0...255) }
        let id = id ?? transactionID()
        var envelope =
            if let recipient = endpoint.recipient { try EnvelopeBuilder(data, to: recipient) } else {
                EnvelopeBuilder(data, password: challenge ?? "")
            }
        try spoilers.envelope(&envelope)
        var outer = PKIMessageBuilder(
            content: try envelope.build(),
            signer: sender.certificate,
            key: sender.key,
            transactionID: id,
            messageType: type,
            senderNonce: nonce
        )
        try spoilers.outer(&outer)
        return SentMessage(
            bytes: try outer.build(),
            transactionID: id,
            senderNonce: nonce,
            messageType: type,
            sender: sender,
            subjectKey: subjectKey,
            challenge: challenge,
            digest: outer.digest,
            cipher: envelope.cipher
        )
    }

    /// Makes a PKCSReq, or another request with a PKCS#10 request inside.
    func enrolment(
        _ sender: Identity,
        challenge: String?,
        at endpoint: Endpoint,
        type: String = "19",
        transactionID: String? = nil,
        subject: String? = nil,
        subjectKey: SoftwareKey? = nil,
        _ spoilers: Spoilers = Spoilers()
    ) throws -> (sent: SentMessage, request: [UInt8]) {
        let key = subjectKey ?? sender.key
        let request = try certificationRequest(
            subject ?? sender.name,
            key: key,
            challenge: challenge,
            spoilers.request
        )
        let sent = try message(
            type,
            request,
            from: sender,
            to: endpoint,
            transactionID: transactionID,
            subjectKey: key.publicKey,
            challenge: challenge,
            spoilers
        )
        return (sent, request)
    }

    /// Sends a pkiMessage, reads the reply and holds it against everything that replies have to be.
    func ask(_ label: String, _ sent: SentMessage, at endpoint: Endpoint) async throws -> Reply {
        let question =
            endpoint.needsGET
            ? HTTPQuestion.get(endpoint.url.target("PKIOperation", message: ProbeURL.escapedBase64(sent.bytes)))
            : HTTPQuestion.post(endpoint.url.target("PKIOperation"), sent.bytes)
        return try await ask(label, sent, question, at: endpoint)
    }

    /// Sends a pkiMessage in an HTTP request of one's own.
    func ask(
        _ label: String,
        _ sent: SentMessage,
        _ question: HTTPQuestion,
        at endpoint: Endpoint
    ) async throws -> Reply {
        let (number, result) = try await exchange(label, question, with: endpoint.url)
        var reply = Reply(exchange: number, result)
        observe(&reply, to: sent, at: endpoint)
        return reply
    }

    /// Enrols a client, with a challenge that is used up by it.
    ///
    /// - Returns: nil when there is no challenge left, which the numbers hear of.
    func enrol(
        _ label: String,
        _ numbers: [Int],
        at endpoint: Endpoint? = nil,
        sender: Identity? = nil,
        transactionID: String? = nil,
        subject: String? = nil,
        _ spoilers: Spoilers = Spoilers()
    ) async throws -> Enrolment? {
        let endpoint = endpoint ?? main
        guard let ticket = endpoint.take() else {
            for number in numbers { cannot(number, "there is no challenge left for it") }
            return nil
        }
        let sender = try sender ?? device()
        let (sent, request) = try enrolment(
            sender,
            challenge: ticket.challenge,
            at: endpoint,
            transactionID: transactionID,
            subject: subject,
            spoilers
        )
        let reply = try await ask(label, sent, at: endpoint)
        return Enrolment(sent: sent, reply: reply, request: request, sender: sender)
    }

    /// Sends a request that has to be refused, with a challenge that would otherwise do.
    ///
    /// Any refusal will do, even an HTTP error, unless a FAILURE or even a failInfo is asked for.
    @discardableResult
    func refuse(
        _ number: Int,
        _ label: String,
        failInfo: String? = nil,
        onlyFailure: Bool = false,
        isAnswerable: Bool = true,
        _ make: (Identity, String?) throws -> SentMessage
    ) async throws -> Reply? {
        guard let ticket = main.peek() else {
            cannot(number, "there is no challenge left for it")
            return nil
        }
        var sent = try make(try device(), ticket.challenge)
        sent.isAnswerable = isAnswerable
        let reply = try await ask(label, sent, at: main)
        judgeRefusal(number, label, reply, failInfo: failInfo, onlyFailure: onlyFailure)
        if reply.verdict == .success { _ = main.take() }
        return reply
    }

    /// Writes down whether a reply refuses as it should.
    func judgeRefusal(
        _ number: Int,
        _ label: String,
        _ reply: Reply,
        failInfo: String? = nil,
        onlyFailure: Bool = false
    ) {
        let expected =
            failInfo.map { "FAILURE \(Reply.failInfoName($0))" } ?? (onlyFailure ? "FAILURE" : "a refusal")
        let holds: Bool
        switch reply.verdict {
        case .failure(let found): holds = failInfo == nil || found == failInfo
        case .httpError: holds = failInfo == nil && !onlyFailure
        case .success, .pending, .unknownStatus, .unreadable, .silence: holds = false
        }
        expect(number, holds, expected, "\(label): \(reply.seen)", reply.exchange)
    }
}
