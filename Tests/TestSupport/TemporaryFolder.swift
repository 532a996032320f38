// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// A folder that only its owner can read and that goes away with this object.
package final class TemporaryFolder: Sendable {
    /// The folder's path.
    package let path: String

    /// Makes a folder.
    package init() throws {
        self.path = NSTemporaryDirectory() + "sceptic-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in it.
    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file and gives its path.
    @discardableResult
    package func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// Reads a file.
    package func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: file(name))))
    }
}
