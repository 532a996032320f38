// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEPCrafting

extension Check {
    static let http = [
        Check(name: "a refusal", numbers: seenInFailure + [98, 101]) { try await $0.checkNoChallenge() },
        Check(name: "PKIOperation by GET", numbers: [8, 50, 51]) { try await $0.checkGET() },
        Check(name: "odd base64", numbers: [54]) { try await $0.checkOddBase64() },
        Check(name: "the default path", numbers: [44]) { try await $0.checkDefaultPath() },
        Check(name: "POST in other ways", numbers: [47, 52, 53]) { try await $0.checkPOST() },
        Check(name: "rubbish", numbers: [56]) { try await $0.checkRubbish() },
    ]
}

extension ProbeSession {
    /// A request without a challenge: refused by all but open servers, and so fit to see whether messages arrive.
    private func plain() throws -> SentMessage {
        try enrolment(try device(), challenge: nil, at: main).sent
    }

    /// Whether a reply shows that the message arrived whole.
    private func hasArrived(_ reply: Reply, _ sent: SentMessage) -> Bool {
        guard let certRep = reply.certRep else { return false }
        return certRep.text(OID.transactionID) == sent.transactionID && reply.verdict != .failure("1")
    }

    func checkNoChallenge() async throws {
        let sent = try plain()
        let reply = try await ask("no challenge", sent, at: main)
        let holds = reply.isRefusal || reply.verdict == .pending
        expect(98, holds, "FAILURE or PENDING", reply.seen, reply.exchange)
        expect(101, holds, "FAILURE or PENDING", reply.seen, reply.exchange)
    }

    func checkGET() async throws {
        let numbers = [8, 50, 51]
        guard let ticket = main.take() else {
            for number in numbers { cannot(number, "there is no challenge left for it") }
            return
        }
        // A message whose base64 has + / and =, as nine in ten have.
        var sent = try enrolment(try device(), challenge: ticket.challenge, at: main).sent
        for _ in 0..<50 {
            let text = ProbeURL.base64(sent.bytes)
            if text.contains("+"), text.contains("/"), text.hasSuffix("=") { break }
            sent = try enrolment(sent.sender, challenge: ticket.challenge, at: main).sent
        }
        let question = HTTPQuestion.get(main.url.target("PKIOperation", message: ProbeURL.escapedBase64(sent.bytes)))
        let reply = try await ask("enrolment by GET", sent, question, at: main)
        switch reply.verdict {
        case .success, .pending: for number in numbers { pass(number, reply.seen, reply.exchange) }
        case .httpError(let status) where (400...499).contains(status) || status == 501:
            pass(8, "refused cleanly: \(reply.seen)", reply.exchange)
            for number in [50, 51] { cannot(number, "PKIOperation by GET is not offered") }
        default:
            for number in numbers {
                fail(number, expected: "SUCCESS, or a clean HTTP error", reply.seen, reply.exchange)
            }
        }
    }

    func checkOddBase64() async throws {
        let forms: [(String, (String) -> String)] = [
            (
                "spaces for +",
                { $0.replacing("+", with: "%20").replacing("/", with: "%2F").replacing("=", with: "%3D") }
            ),
            ("literal +", { $0.replacing("=", with: "%3D") }),
            (
                "line breaks",
                { text in
                    let characters = Array(text)
                    let lines = stride(from: 0, to: characters.count, by: 64).map {
                        String(characters.dropFirst($0).prefix(64))
                    }
                    return lines.joined(separator: "\n").replacing("+", with: "%2B").replacing("/", with: "%2F")
                        .replacing("=", with: "%3D").replacing("\n", with: "%0A")
                }
            ),
            (
                "missing padding",
                { $0.replacing("=", with: "").replacing("+", with: "%2B").replacing("/", with: "%2F") }
            ),
        ]
        for (name, write) in forms {
            let sent = try plain()
            let question = HTTPQuestion.get(
                main.url.target("PKIOperation", message: write(ProbeURL.base64(sent.bytes)))
            )
            let reply = try await ask("GET with \(name)", sent, question, at: main)
            if name == "spaces for +", case .httpError(let status) = reply.verdict, [405, 501].contains(status) {
                return cannot(54, "PKIOperation by GET is not offered")
            }
            expect(54, hasArrived(reply, sent), "a CertRep", "\(name): \(reply.seen)", reply.exchange)
        }
    }

    func checkDefaultPath() async throws {
        let question = HTTPQuestion.get(main.url.target("GetCACaps", path: ProbeURL.defaultPath))
        let (number, result) = try await exchange("GetCACaps at \(ProbeURL.defaultPath)", question, with: main.url)
        let status = (try? result.get())?.status
        expect(44, status == 200, "HTTP 200", status.map { "HTTP \($0)" } ?? "no answer", number)
    }

    func checkPOST() async throws {
        for (name, type) in [
            ("no Content-Type", nil), ("application/octet-stream", "application/octet-stream"),
            ("a form's type", "application/x-www-form-urlencoded"),
        ] as [(String, String?)] {
            let sent = try plain()
            let question = HTTPQuestion.post(main.url.target("PKIOperation"), sent.bytes, contentType: type)
            let reply = try await ask("POST with \(name)", sent, question, at: main)
            expect(52, hasArrived(reply, sent), "a CertRep", "\(name): \(reply.seen)", reply.exchange)
        }
        for (name, operation) in [("no operation", nil), ("an odd operation", "pkioperation")] as [(String, String?)] {
            let sent = try plain()
            let question = HTTPQuestion.post(main.url.target(operation), sent.bytes)
            let reply = try await ask("POST with \(name)", sent, question, at: main)
            let status = reply.answer?.status ?? 0
            expect(
                47,
                (200...499).contains(status) || status == 501,
                "an answer, and no 5xx",
                "\(name): \(reply.seen)",
                reply.exchange
            )
        }
        let sent = try plain()
        var question = HTTPQuestion.post(main.url.target("PKIOperation"), sent.bytes)
        question.version = "1.0"
        question.namesHost = false
        let reply = try await ask("POST by HTTP/1.0", sent, question, at: main)
        expect(53, hasArrived(reply, sent), "a CertRep", reply.seen, reply.exchange)
    }

    func checkRubbish() async throws {
        let rubbish: [(String, [UInt8])] = [
            ("no bytes", []), ("text", Array("rubbish".utf8)),
            ("a DER value that is no message", [0x30, 0x03, 0x02, 0x01, 0x05]),
        ]
        for (name, body) in rubbish {
            let (number, result) = try await exchange(
                "rubbish: \(name)",
                .post(main.url.target("PKIOperation"), body),
                with: main.url
            )
            let status = (try? result.get())?.status
            let words = status.map { "HTTP \($0)" } ?? "no answer"
            expect(56, (400...499).contains(status ?? 0), "a 4xx", "\(name): \(words)", number)
        }
    }
}
