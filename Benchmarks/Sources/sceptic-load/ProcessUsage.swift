// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import Glibc

/// What the kernel says of a process, all its threads together (proc(5)).
struct ProcessUsage: Sendable {
    /// User and system time so far.
    let cpuSeconds: Double
    /// The resident set now.
    let residentBytes: Int
    /// The largest resident set so far.
    let peakResidentBytes: Int

    init(processID: Int32) throws {
        let stat = try Self.read(processID, "stat")
        // The command's name, in parentheses, may hold anything; the fields after it start with the third.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ").dropFirst()
        let times = fields.dropFirst(11).prefix(2).compactMap { Double($0) }
        let status = try Self.read(processID, "status")
        guard times.count == 2, let now = Self.bytes("VmRSS", status), let peak = Self.bytes("VmHWM", status) else {
            throw Unusable("What the kernel says of process \(processID) cannot be read.")
        }
        self.cpuSeconds = times.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
        self.residentBytes = now
        self.peakResidentBytes = peak
    }

    private static func read(_ processID: Int32, _ file: String) throws -> String {
        guard let contents = FileManager.default.contents(atPath: "/proc/\(processID)/\(file)") else {
            throw Unusable("There is no process \(processID).")
        }
        return String(decoding: contents, as: UTF8.self)
    }

    private static func bytes(_ key: String, _ status: String) -> Int? {
        let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
