// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore
import NIOHTTP1

/// An answer before it is written: what the status line and the header fields need to know.
struct Answer {
    /// What caches may do with it.
    enum Caching {
        case unspecified
        case noStore
        case maxAge(Duration)
    }

    var status: Int
    /// Nil without a body.
    var contentType: String?
    var body: [UInt8]
    var caching: Caching = .noStore
    var retryAfter: Duration?
    var allow: StaticString?
    var lastModified: Int64?
    var fields: [(name: String, value: String)] = []

    /// A text/plain answer of one sentence.
    static func sentence(_ status: Int, _ sentence: String) -> Answer {
        Answer(status: status, contentType: "text/plain", body: Array("\(sentence)\n".utf8))
    }

    static func methodNotAllowed(allow: StaticString) -> Answer {
        var answer = sentence(RequestDefect.methodNotAllowed.status, RequestDefect.methodNotAllowed.sentence)
        answer.allow = allow
        return answer
    }

    init(
        status: Int,
        contentType: String?,
        body: [UInt8],
        caching: Caching = .noStore
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.caching = caching
    }

    init(_ response: SCEPHTTPResponse, caching: Caching) {
        switch response {
        case .success(let body, let contentType):
            self.init(status: 200, contentType: contentType, body: body, caching: caching)
        case .refusal(let status, let sentence, let retryAfter):
            // Any other status would not be a refusal to the client, whatever the responder meant.
            self = .sentence((400...599).contains(status) ? status : 500, sentence)
            self.retryAfter = retryAfter
        }
    }

    init(_ publication: Publication) {
        switch publication {
        case .document(let document):
            self.init(document)
        case .absent:
            self = .sentence(404, "There is no such document.")
        case .unavailable(let retryAfter):
            self = .sentence(503, "The document can't be had now. Try again later.")
            self.retryAfter = retryAfter
        }
    }

    init(_ response: AdminHTTPResponse) {
        self.init(status: response.status, contentType: response.contentType, body: response.body)
        fields = response.fields
    }

    private init(_ document: PublishedDocument) {
        let caching = document.maxAge.map(Caching.maxAge) ?? .unspecified
        self.init(status: 200, contentType: document.contentType, body: document.body, caching: caching)
        self.lastModified = document.lastModified
    }

    init(_ defect: RequestDefect) {
        self = .sentence(defect.status, defect.sentence)
        if defect == .methodNotAllowed { self.allow = "GET, POST" }
    }
}

extension Answer {
    /// How the status line and the Connection field are to look.
    struct Framing {
        var version: HTTPVersion = .http1_1
        var keepsAlive = false
        var isHead = false
    }

    /// Writes the whole answer; the length is always given and no transfer coding used, because old clients know none.
    func write(into buffer: inout ByteBuffer, framing: Framing, date: String) {
        // An answer in the version of the question is what the most timid of old clients expect.
        buffer.writeStaticString(framing.version == .http1_0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
        buffer.writeString("\(status) \(reason.isEmpty ? "Refused" : reason)\r\nServer: sceptic\r\nDate: \(date)\r\n")
        if let contentType { buffer.writeString("Content-Type: \(contentType)\r\n") }
        // Where there is no content, its length is none either (RFC 9110 §8.6).
        if status != 204 { buffer.writeString("Content-Length: \(body.count)\r\n") }
        for field in fields { buffer.writeString("\(field.name): \(field.value)\r\n") }
        switch caching {
        case .unspecified: break
        case .noStore: buffer.writeStaticString("Cache-Control: no-store\r\n")
        case .maxAge(let age): buffer.writeString("Cache-Control: max-age=\(max(0, age.components.seconds))\r\n")
        }
        if let lastModified { buffer.writeString("Last-Modified: \(HTTPDate.format(lastModified))\r\n") }
        if let retryAfter {
            let (seconds, attoseconds) = retryAfter.components
            buffer.writeString("Retry-After: \(max(0, attoseconds > 0 ? seconds + 1 : seconds))\r\n")
        }
        if let allow {
            buffer.writeStaticString("Allow: ")
            buffer.writeStaticString(allow)
            buffer.writeStaticString("\r\n")
        }
        if !framing.keepsAlive {
            buffer.writeStaticString("Connection: close\r\n")
        } else if framing.version == .http1_0 {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
        if !framing.isHead { buffer.writeBytes(body) }
    }
}
