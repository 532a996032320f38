// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What challenge sources are called in traces.
enum SourceNames {
    /// Refuses a name that would not fit into a line.
    static func check(_ name: String, _ path: [any CodingKey]) throws {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: path, debugDescription: "a source's name has 1 to 64 visible ASCII characters")
            )
        }
    }
}

extension KeyedDecodingContainer {
    /// Refuses a value with the reason why; nil is no objection.
    func check(_ key: Key, _ problem: String?) throws {
        guard let problem else { return }
        throw DecodingError.dataCorrupted(
            .init(codingPath: codingPath + [key], debugDescription: "'\(key.stringValue)': \(problem)")
        )
    }
}
