// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEPEndpoint

internal import struct Foundation.Data

/// What holds for the bytes that a client sends on a connection: request lines, header fields, queries, base64 and bodies.
enum ConnectionChecks {
    /// The most pieces that an input is cut into.
    private static let pieceCount = 256

    /// Feeds a connection with everything at once, and with one piece after the other.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        let whole = try Dialogue([input[...]])
        let size = max(1 + input.count % 7, input.count / pieceCount)
        let pieces = try Dialogue(
            stride(from: 0, to: input.count, by: size).map { input[$0..<min($0 + size, input.count)] }
        )
        try require(pieces == whole, "how the bytes are cut into packets does not matter")
        var isUnderstood = false
        for answer in whole.answers where try status(of: answer) == 200 { isUnderstood = true }
        let finalAnswers = whole.answers.count { !$0.starts(with: Array("HTTP/1.1 100 ".utf8)) }
        try require(finalAnswers >= whole.requests.count, "every request is answered")
        for request in whole.requests { try check(request) }
        return isUnderstood
    }

    // MARK: - Answers

    /// The statuses that a listener gives.
    private static let statuses: Set<Int> = [100, 200, 400, 404, 405, 413, 414, 431, 501, 505]

    /// An answer is one that a client can read, and repeats nothing that a client sent.
    private static func status(of answer: [UInt8]) throws(FuzzFinding) -> Int? {
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw FuzzFinding(description: "an answer has an end of its head")
        }
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
        let lines = head.components
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        try require(
            ["HTTP/1.0 ", "HTTP/1.1 "].contains(String(head.prefix(9))) && status.map(statuses.contains) == true,
            "an answer has a status line: \(head)"
        )
        let lengths = lines.filter { $0.hasPrefix("Content-Length: ") }.map { Int($0.dropFirst(16)) }
        if status == 100 { return status }
        let body = answer[end.upperBound...].count
        try require(lengths.count == 1, "an answer has one length")
        // A HEAD gets the length of what it does not get.
        try require(lengths.first == body || body == 0, "an answer is as long as it says")
        try require(lines.count { $0.hasPrefix("Content-Type: ") } == 1, "an answer has one type")
        return status
    }

    // MARK: - Requests

    private static func check(_ request: SCEPHTTPRequest) throws(FuzzFinding) {
        switch request.profile {
        case .default: break
        case .named(let name), .raProfile(let name):
            try require(!name.isEmpty && name.utf8.allSatisfy(isNameByte), "a profile's name is one: \(name)")
        }
        switch request.operation {
        case .getCACaps, .getCACert, .getNextCACert, .missing: break
        case .unknown(let name): try require(name.count <= 64, "an operation's name is cut")
        case .pkiOperation(let bytes):
            try require(request.message == nil, "a pkiMessage stands in one place")
            try check(message: bytes)
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
    }

    /// What reached the server comes through in the other ways too.
    private static func check(message: [UInt8]) throws(FuzzFinding) {
        let limits = Dialogue.limits
        try require(!message.isEmpty, "a pkiMessage is not empty")
        try require(message.count <= max(limits.bodyBytes, limits.requestLineBytes), "a pkiMessage is limited")
        let base64 = Data(message).base64EncodedString()
        let escaped = base64.replacing("+", with: "%2B").replacing("/", with: "%2f").replacing("=", with: "%3D")
        let urlAlphabet = base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        // A plus sign that became a space at the very end of a request line can't be told from the space before the version.
        let queries = [
            "operation=PKIOperation&message=\(base64)", "operation=PKIOperation&message=\(escaped)",
            "operation=PKIOperation&message=\(urlAlphabet)",
            "message=\(base64.replacing("+", with: " "))&operation=PKIOperation",
        ]
        for query in queries {
            let line = "GET /scep?\(query) HTTP/1.0"
            guard line.utf8.count < limits.requestLineBytes else { continue }
            try expect(message, from: Array((line + "\r\n\r\n").utf8))
        }
        // What does not begin as DER does may be text that is decoded.
        guard message.first == 0x30, message.count <= limits.bodyBytes else { return }
        let head = "POST /scep HTTP/1.1\r\nContent-Length: \(message.count)\r\n\r\n"
        try expect(message, from: Array(head.utf8) + message)
    }

    private static func expect(_ message: [UInt8], from bytes: [UInt8]) throws(FuzzFinding) {
        let operations = try Dialogue([bytes[...]]).requests.map(\.operation)
        try require(operations == [.pkiOperation(message)], "a pkiMessage comes through as it was sent")
    }
}

extension String {
    /// The lines of a head.
    fileprivate var components: [Substring] { split(separator: "\r\n") }
}
