// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment
internal import Foundation

/// Why a secret of the configuration can't be used; the sentence names where it should be, and nothing of it.
public struct SecretUnavailable: Error, Hashable {
    /// The reason for administrators.
    public var sentence: String
}

extension SecretReference {
    /// The most bytes of a secret: a private key in PEM fits many times.
    static let maximumByteCount = 65_536

    /// The secret as it is now: read anew each time, so that one can be exchanged while the server runs.
    ///
    /// - Throws: `SecretUnavailable` when there is none, or an empty one.
    public func read() throws(SecretUnavailable) -> [UInt8] {
        let bytes: [UInt8]
        switch self {
        case .file(let path):
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw SecretUnavailable(sentence: "the file '\(path)' can't be read")
            }
            defer { try? handle.close() }
            let content = (try? handle.read(upToCount: Self.maximumByteCount + 1)).flatMap { $0 }
            guard let content, content.count <= Self.maximumByteCount else {
                throw SecretUnavailable(sentence: "the file '\(path)' is empty, too large or can't be read")
            }
            var lines = Array(content)
            if lines.last == UInt8(ascii: "\n") { lines.removeLast() }
            if lines.last == UInt8(ascii: "\r") { lines.removeLast() }
            bytes = lines
        case .environment(let name):
            bytes = Array((ProcessInfo.processInfo.environment[name] ?? "").utf8)
        }
        guard !bytes.isEmpty else { throw SecretUnavailable(sentence: "\(label) is empty or missing") }
        return bytes
    }

    private var label: String {
        switch self {
        case .file(let path): "the file '\(path)'"
        case .environment(let name): "the environment variable '\(name)'"
        }
    }
}
