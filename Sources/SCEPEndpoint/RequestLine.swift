// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore

/// The first line of a request, repaired so that a strict HTTP decoder accepts what old clients send.
///
/// Between the method and the version everything is the target, so a literal space in a query (a plus sign once) is part
/// of it. Bytes that no target may hold are percent-encoded; the query's reader undoes that, so nothing is lost.
enum RequestLine {
    private static let space = UInt8(ascii: " ")
    private static let methods: [StaticString] = [
        "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
    ]

    /// Writes the repaired form of a line, which came without its line feed, with CR LF at its end.
    static func repair(_ bytes: [UInt8], into head: inout ByteBuffer) throws(RequestDefect) {
        var line = bytes[...]
        while let last = line.last, last == UInt8(ascii: "\r") || last == space { line = line.dropLast() }
        guard let firstSpace = line.firstIndex(of: space), let lastSpace = line.lastIndex(of: space),
            firstSpace < lastSpace
        else { throw .malformed }
        let method = line[..<firstSpace]
        let version = line[lastSpace...].dropFirst()
        var target = line[firstSpace..<lastSpace].dropFirst()
        while target.first == space { target = target.dropFirst() }
        while target.last == space { target = target.dropLast() }
        guard !target.isEmpty, method.allSatisfy({ $0.isUppercaseLetter || $0.isLowercaseLetter }) else {
            throw .malformed
        }
        try check(version: version)
        guard methods.contains(where: { method.elementsEqual("\($0)".utf8) }) else { throw .methodNotAllowed }

        head.writeBytes(method)
        head.writeInteger(space)
        write(target: target, into: &head)
        head.writeInteger(space)
        head.writeBytes(version)
        head.writeStaticString("\r\n")
    }

    private static func check(version: ArraySlice<UInt8>) throws(RequestDefect) {
        if version.elementsEqual("HTTP/1.1".utf8) || version.elementsEqual("HTTP/1.0".utf8) { return }
        let digits = version.dropFirst(5)
        let isVersion = version.starts(with: "HTTP/".utf8) && digits.first?.isDigit == true
        throw isVersion ? .versionNotSupported : .malformed
    }

    private static func write(target: ArraySlice<UInt8>, into head: inout ByteBuffer) {
        if target.allSatisfy(isAllowed) {
            head.writeBytes(target)
            return
        }
        for byte in target {
            if isAllowed(byte) {
                head.writeInteger(byte)
            } else {
                head.writeInteger(UInt8(ascii: "%"))
                head.writeInteger(hexadecimalDigit(byte >> 4))
                head.writeInteger(hexadecimalDigit(byte & 0x0F))
            }
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > space && byte < 0x7F && byte != UInt8(ascii: "#")
    }

    private static func hexadecimalDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + (nibble - 10)
    }
}
