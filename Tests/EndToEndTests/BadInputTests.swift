// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import SCEPCrafting
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

/// The table "Bad input" over HTTP: each line has its answer, issues nothing, and leaves a trace that says why.
@Suite(.serving(andIssuing: 1)) struct BadInputTests {
    /// What was sent instead of a message, and what must come of it.
    private func expect(
        _ body: [UInt8],
        status: Int = 400,
        type: String? = "application/x-pki-message",
        _ comment: Comment
    ) async throws {
        let server = try Server.current
        let reply = try await server.post(body, type: type)
        #expect(reply.status == status, comment)
        #expect(reply.contentType == "text/plain", comment)
        #expect(reply.text.hasSuffix(".\n") && reply.text.split(separator: ".").count <= 2, "\(comment): \(reply.text)")
    }

    @Test func emptyBodyIsRefused() async throws {
        try await expect([], "empty")
        #expect(try await Server.current.get("/scep/default?operation=PKIOperation&message=").status == 400)
        #expect(try await Server.current.get("/scep/default?operation=PKIOperation").status == 400)
    }

    @Test func truncatedMessageIsRefusedAtEveryLength() async throws {
        let server = try Server.current
        let message = try await Device(of: server).message("x", "truncated")
        for length in stride(from: 1, to: message.count - 1, by: 97) {
            try await expect(Array(message.prefix(length)), "\(length) bytes")
        }
        try await expect(message.dropLast(), "all but one byte")
    }

    @Test func randomBytesAreRefused() async throws {
        var generator = SeededGenerator()
        for length in [1, 2, 16, 300, 5000, 100_000] {
            try await expect(generator.bytes(length), "\(length) random bytes")
            try await expect([0x30] + generator.bytes(length), "a SEQUENCE and \(length) random bytes")
        }
    }

    @Test func damagedMessagesNeverIssueNorCrash() async throws {
        let server = try Server.current
        let message = try await Device(of: server).message("x", "damaged")
        var generator = SeededGenerator()
        for _ in 0..<150 {
            let mutation = Mutation.flip(message, using: &generator)
            let reply = try await server.post(mutation.bytes)
            #expect(reply.status == 200 || reply.status == 400, "\(mutation): \(reply.status)")
            #expect(!reply.isSuccess, "\(mutation)")
        }
    }

    @Test func oversizedBodyIsTooLarge() async throws {
        try await expect(Array(repeating: 0x30, count: 1024 * 1024 + 1), status: 413, "one byte too many")
        let server = try Server.current
        let announced = "POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n"
        #expect(try await HTTPReply.exchange(port: server.port, announced).status == 413)
        let target = "/scep?operation=PKIOperation&message=" + String(repeating: "A", count: 200_000)
        #expect(try await server.get(target).status == 414)
    }

    @Test func nestingOfAThousandIsRefused() async throws {
        var deep: [UInt8] = [0x05, 0x00]
        for _ in 0..<1000 { deep = TLV.encode(0x30, deep) }
        try await expect(deep, "definite lengths")
        var indefinite: [UInt8] = [0x05, 0x00]
        for _ in 0..<1000 { indefinite = TLV.indefinite(0x30, indefinite) }
        try await expect(indefinite, "indefinite lengths")
        try await expect(TLV.sequence(OID.signedData, TLV.context(0, deep)), "inside a ContentInfo")
    }

    @Test func nestingInsideTheEnvelopeIsRefused() async throws {
        let server = try Server.current
        var deep: [UInt8] = [0x05, 0x00]
        for _ in 0..<1000 { deep = TLV.encode(0x30, deep) }
        let message = try await Device(of: server).message("x", "deep", envelope: { [deep] in $0.plaintext = deep })
        #expect(try await server.post(message).certRep == Failure.uniform)
    }

    @Test func otherThingsThanMessagesAreRefused() async throws {
        try await expect(Array("<html></html>".utf8), type: "text/html", "HTML")
        try await expect(Array("{}".utf8), type: "application/json", "JSON")
        try await expect(try HandMadeRequest("a", key: try TestKeys.client).der(), "a bare request")
        try await expect(try HandMadeCertificate("a", key: try TestKeys.client).der(), "a certificate")
        try await expect(TLV.sequence(OID.data, TLV.context(0, TLV.octetString([1]))), "a ContentInfo of data")
        try await expect(
            TLV.sequence(OID.envelopedData, TLV.context(0, TLV.sequence(TLV.integer(0)))),
            "an EnvelopedData"
        )
    }

    @Test func wrongContentTypeDoesNotMatterWhenTheMessageIsRight() async throws {
        let server = try Server.current
        let message = try await Device(of: server).message("wrong", "content-type")
        for type in ["text/html", "multipart/form-data; boundary=x", "nonsense", ""] {
            #expect(try await server.post(message, type: type).certRep == Failure.uniform)
        }
    }

    @Test func messageWithoutWhatAnAnswerNeedsGetsAnHTTPError() async throws {
        let device = try await Device(of: try Server.current)
        let changes: [(String, (inout PKIMessageBuilder) -> Void)] = [
            ("no transactionID", { $0.replace(OID.transactionID) }),
            ("no senderNonce", { $0.replace(OID.senderNonce) }),
            (
                "empty transactionID",
                { $0.replace(OID.transactionID, with: TLV.attribute(OID.transactionID, TLV.printable(""))) }
            ),
            (
                "long transactionID",
                { builder in
                    let long = TLV.printable(String(repeating: "a", count: 256))
                    builder.replace(OID.transactionID, with: TLV.attribute(OID.transactionID, long))
                }
            ),
            ("two transactionIDs", { $0.attributes.append(TLV.attribute(OID.transactionID, TLV.printable("b"))) }),
            ("two nonces", { $0.attributes.append(TLV.attribute(OID.senderNonce, TLV.octetString([2]))) }),
            ("empty nonce", { $0.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString([]))) }),
            ("no signed attributes", { $0.signsAttributes = false }), ("no signer", { $0.signerCount = 0 }),
            ("two signers", { $0.signerCount = 2 }),
        ]
        for (name, change) in changes {
            try await expect(try device.message("x", "attributes", outer: change), "\(name)")
        }
    }

    /// Messages that can be answered: each gets its CertRep, and the trace tells what was wrong.
    @Test(arguments: answerable) private func answerableMessageGetsItsFailureAndItsTrace(line: Line) async throws {
        let server = try Server.current
        let id = "bad-" + UUID().uuidString
        let code = try await server.code()
        let reply = try await server.post(try await line.message(server, code, id))
        #expect(try reply.certRep == line.answer)
        let explanation = try await server.explanation(id)
        #expect(explanation.contains("=> \(line.reason): "), "\(explanation)")
        #expect(explanation.contains("FAIL"), "\(explanation)")
        #expect(!explanation.contains(code))
    }

    /// The one certificate that this suite may issue.
    @Test func serverStillServesWhoeverIsHonest() async throws {
        let server = try Server.current
        let device = try await Device("honest", key: try TestKeys.other, of: server)
        #expect(try await server.post(try device.message(try await server.code(), "honest")).isSuccess)
    }

    /// A line of the table.
    private struct Line: Sendable, CustomTestStringConvertible {
        var name: String
        var answer: String
        var reason: String
        var request: @Sendable (inout HandMadeRequest) throws -> Void = { _ in }
        var envelope: @Sendable (inout EnvelopeBuilder) throws -> Void = { _ in }
        var outer: @Sendable (inout PKIMessageBuilder) throws -> Void = { _ in }

        var testDescription: String { name }

        func message(_ server: Server, _ code: String, _ id: String) async throws -> [UInt8] {
            try await Device(of: server).message(code, id, request: request, envelope: envelope, outer: outer)
        }

        /// A message that says it is of a type.
        static func type(
            _ value: [UInt8]?,
            _ name: String,
            answer: String = Failure.type,
            reason: String = "message.type"
        ) -> Line {
            var line = Line(name: "messageType \(name)", answer: answer, reason: reason)
            line.outer = { outer in
                outer.replace(OID.messageType)
                if let value { outer.attributes.append(TLV.attribute(OID.messageType, value)) }
            }
            return line
        }
    }

    private static let answerable = outerLines + innerLines + typeLines

    private static let outerLines = [
        Line(
            name: "flipped bit in the signature",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: { outer in
                outer.spoilSignature = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
            }
        ),
        Line(
            name: "flipped bit in the content",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: { outer in
                outer.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
            }
        ),
        Line(
            name: "no contentType attribute",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: {
                $0.contentTypeAttribute = nil
            }
        ),
        Line(
            name: "no messageDigest attribute",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: { outer in
                outer.messageDigestAttribute = { _ in nil }
            }
        ),
        Line(
            name: "two messageDigests",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: { outer in
                outer.messageDigestAttribute = { digest in
                    TLV.attribute(OID.messageDigest, TLV.octetString(digest))
                        + TLV.attribute(OID.messageDigest, TLV.octetString([1]))
                }
            }
        ),
        Line(
            name: "no certificate",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: { $0.certificates = [] }
        ),
        Line(
            name: "another's key",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: { $0.key = try TestKeys.other }
        ),
        Line(
            name: "unknown digest",
            answer: Failure.algorithm,
            reason: "message.algorithm",
            outer: {
                $0.digestIdentifier = TLV.algorithm(OID.sha3of256)
            }
        ),
        Line(
            name: "no content",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: { outer in
                outer.spoilContent = { _ in [] }
            }
        ),
        Line(
            name: "eContentType is not id-data",
            answer: Failure.integrity,
            reason: "message.integrity",
            outer: {
                $0.eContentType = OID.envelopedData
            }
        ),
        Line(
            name: "unknown cipher",
            answer: Failure.algorithm,
            reason: "message.algorithm",
            envelope: {
                $0.cipherOID = [UInt8](hex: "0609608648016503040131")
            }
        ),
        Line(
            name: "GCM",
            answer: Failure.algorithm,
            reason: "message.algorithm",
            envelope: { $0.cipherOID = OID.aes128GCM }
        ),
        Line(
            name: "unknown key transport",
            answer: Failure.algorithm,
            reason: "message.algorithm",
            envelope: {
                $0.keyTransport = TLV.algorithm(OID.sha1)
            }
        ),
    ]

    private static let innerLines = [
        Line(
            name: "foreign recipient",
            answer: Failure.uniform,
            reason: "envelope.unopened",
            envelope: { envelope in
                envelope.recipient = TLV.sequence(HandMadeCertificate.name("Foreign CA"), TLV.integer(7))
                envelope.key = try TestKeys.other.publicKey
            }
        ),
        Line(
            name: "flipped bit in the encrypted key",
            answer: Failure.uniform,
            reason: "envelope.unopened",
            envelope: { envelope in
                envelope.spoilKey = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
            }
        ),
        Line(
            name: "flipped bit in the ciphertext",
            answer: Failure.uniform,
            reason: "envelope.unopened",
            envelope: { envelope in
                envelope.spoilContent = { [($0.first ?? 0) ^ 1] + $0.dropFirst() }
            }
        ),
        Line(
            name: "flipped bit in the padding",
            answer: Failure.uniform,
            reason: "envelope.unopened",
            envelope: { envelope in
                envelope.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
            }
        ),
        Line(
            name: "ciphertext cut",
            answer: Failure.uniform,
            reason: "envelope.unopened",
            envelope: { envelope in
                envelope.spoilContent = { $0.dropLast(3) }
            }
        ),
        Line(name: "no envelope", answer: Failure.uniform, reason: "envelope.unopened", outer: { $0.content = [] }),
        Line(
            name: "request with a broken self-signature",
            answer: Failure.uniform,
            reason: "request.signature",
            request: {
                $0.signer = try TestKeys.other
            }
        ),
        Line(
            name: "request for another key",
            answer: Failure.uniform,
            reason: "request.key-mismatch",
            request: { request in
                request.signer = try TestKeys.other
                request.subjectPublicKeyInfo = try TestKeys.other.publicKey.subjectPublicKeyInfo
            }
        ),
        Line(
            name: "request with two challenges",
            answer: Failure.uniform,
            reason: "envelope.unopened",
            request: {
                $0.attributes += $0.attributes
            }
        ),
    ]

    private static let typeLines =
        ["", "0", "1", "3", "18", "99", "abc", "-19", "19.0"].map {
            Line.type(TLV.printable($0), "'\($0)'")
        } + [
            // What is served, with a first request inside, from somebody with nothing but a key.
            .type(TLV.printable("17"), "'17'", answer: Failure.uniform, reason: "renewal.signer"),
            .type(TLV.printable("20"), "'20'", answer: Failure.unknownPoll, reason: "poll.unknown"),
            .type(TLV.printable("21"), "'21'", answer: Failure.uniform, reason: "query.not-entitled"),
            .type(TLV.printable("22"), "'22'", answer: Failure.uniform, reason: "query.not-entitled"),
            .type(nil, "missing"), .type(TLV.integer(19), "as INTEGER"),
            .type(TLV.printable("19") + TLV.printable("19"), "twice"),
        ]
}
