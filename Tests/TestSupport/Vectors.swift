// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import SCEPCrafting

/// The files in `Tests/Vectors`; its README tells where each comes from.
package enum Vectors {
    /// Reads a file of hexadecimal digits.
    package static func hex(_ name: String, from file: String = #filePath) throws -> [UInt8] {
        let tests = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: tests.appendingPathComponent("Vectors/\(name).hex"), encoding: .utf8)
        return [UInt8](hex: text)
    }
}
