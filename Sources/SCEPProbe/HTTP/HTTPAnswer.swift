// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// An HTTP response as it stood on the wire.
struct HTTPAnswer: Sendable, Equatable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    static func == (left: HTTPAnswer, right: HTTPAnswer) -> Bool {
        left.status == right.status && left.body == right.body
            && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    /// How far a response has come.
    enum Progress: Sendable, Equatable {
        case incomplete
        case complete(HTTPAnswer)
        case unreadable
    }

    /// Reads what came so far; when the connection has ended, no more will come.
    static func read(_ bytes: [UInt8], ended: Bool) -> Progress {
        guard let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return ended ? .unreadable : .incomplete }
        let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: true)
        guard words.first?.hasPrefix("HTTP/1.") == true, let status = words.dropFirst().first.flatMap({ Int($0) }),
            (100...599).contains(status)
        else { return .unreadable }
        let rest = Array(bytes[head.upperBound...])
        // An interim response is no answer yet.
        if status < 200 { return read(rest, ended: ended) }
        let fields = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                parts.first.map { $0.lowercased() } ?? "",
                parts.dropFirst().first.map { String($0.trimmed) } ?? ""
            )
        }
        var answer = HTTPAnswer(status: status, fields: fields, body: rest)
        if answer.field("transfer-encoding")?.lowercased().contains("chunked") == true {
            guard let body = unchunked(rest) else { return ended ? .unreadable : .incomplete }
            answer.body = body
            return .complete(answer)
        }
        guard let length = answer.field("content-length").flatMap({ Int($0) }), length >= 0 else {
            return ended ? .complete(answer) : .incomplete
        }
        guard rest.count >= length else { return ended ? .unreadable : .incomplete }
        answer.body = Array(rest.prefix(length))
        return .complete(answer)
    }

    /// The first field with a name in lower case.
    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The media type, without its parameters, in lower case.
    var mediaType: String? {
        field("content-type").map { String($0.prefix { $0 != ";" }.trimmed).lowercased() }
    }

    /// The body of a chunked response; nil until the last chunk is there.
    private static func unchunked(_ bytes: [UInt8]) -> [UInt8]? {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let line = rest.firstRange(of: [13, 10]) {
            let text = String(decoding: rest[rest.startIndex..<line.lowerBound], as: UTF8.self)
            guard let size = Int(text.prefix { $0 != ";" }.trimmed, radix: 16), size >= 0 else { return nil }
            if size == 0 { return body }
            let chunk = rest[line.upperBound...].prefix(size)
            guard chunk.count == size else { return nil }
            body += chunk
            rest = rest[line.upperBound...].dropFirst(size).dropFirst(2)
        }
        return nil
    }
}

extension StringProtocol {
    /// The text without white space at its ends.
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
