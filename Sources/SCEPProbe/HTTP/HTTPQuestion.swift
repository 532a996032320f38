// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// An HTTP request, written by hand so that it can be as old or as odd as a client's.
struct HTTPQuestion: Sendable {
    var method = "GET"
    /// The request target as it is written, spaces and all.
    var target: String
    var version = "1.1"
    /// Whether there is a Host field.
    var namesHost = true
    /// The Content-Type; nil leaves it out.
    var contentType: String?
    /// The body; nil when the method has none.
    var body: [UInt8]?

    static let messageType = "application/x-pki-message"

    /// A GET.
    static func get(_ target: String) -> HTTPQuestion { HTTPQuestion(target: target) }

    /// A POST of a pkiMessage.
    static func post(_ target: String, _ body: [UInt8], contentType: String? = messageType) -> HTTPQuestion {
        HTTPQuestion(method: "POST", target: target, contentType: contentType, body: body)
    }

    /// The bytes to send.
    func encoded(to url: ProbeURL) -> [UInt8] {
        var head = "\(method) \(target) HTTP/\(version)\r\n"
        if namesHost { head += "Host: \(url.authority)\r\n" }
        head += "User-Agent: sceptic-probe\r\nAccept: */*\r\nConnection: close\r\n"
        if let contentType { head += "Content-Type: \(contentType)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }
}
