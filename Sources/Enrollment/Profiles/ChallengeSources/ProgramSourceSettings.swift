// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A program as challenge source: it reads the request and says yes by its exit status.
public struct ProgramSourceSettings: Sendable, Hashable, Codable {
    /// The name in traces.
    public var name: String
    /// The program's absolute path.
    public var path: String
    /// Its arguments, always the same.
    public var arguments: [String] = []
    /// How many seconds it may take.
    public var timeout = 5
    /// How many of it run at once, at most.
    public var parallel = 8

    /// Puts settings together.
    public init(name: String, path: String) {
        self.name = name
        self.path = path
    }

    private enum CodingKeys: String, CodingKey {
        case name, path, arguments, timeout, parallel
    }

    /// Reads settings, and says what is wrong with them.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.name = try values.decodeIfPresent(String.self, forKey: .name) ?? "program"
        self.path = try values.decode(String.self, forKey: .path)
        self.arguments = try values.decodeIfPresent([String].self, forKey: .arguments) ?? []
        self.timeout = try values.decodeIfPresent(Int.self, forKey: .timeout) ?? 5
        self.parallel = try values.decodeIfPresent(Int.self, forKey: .parallel) ?? 8
        try SourceNames.check(name, values.codingPath)
        let isPath = path.hasPrefix("/") && !path.utf8.contains(0) && path.utf8.count < 4096
        try values.check(.path, isPath ? nil : "it is an absolute path")
        let areArguments =
            arguments.count <= 64 && arguments.allSatisfy { $0.utf8.count < 4096 && !$0.utf8.contains(0) }
        try values.check(.arguments, areArguments ? nil : "they are 64 texts of 4095 bytes at most")
        try values.check(.timeout, (1...30).contains(timeout) ? nil : "it is 1 to 30 seconds")
        try values.check(.parallel, (1...64).contains(parallel) ? nil : "it is 1 to 64")
    }
}
