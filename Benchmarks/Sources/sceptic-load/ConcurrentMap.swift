// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation

extension Collection where Self: Sendable, Element: Sendable, Index == Int {
    /// Transforms the elements on all cores, and keeps their order.
    func concurrentMap<Result: Sendable>(
        _ transform: @escaping @Sendable (Element) throws -> Result
    ) async throws -> [Result] {
        let tasks = Swift.max(1, ProcessInfo.processInfo.activeProcessorCount)
        let length = Swift.max(1, (count + tasks - 1) / tasks)
        return try await withThrowingTaskGroup(of: (Int, [Result]).self) { group in
            for start in stride(from: startIndex, to: endIndex, by: length) {
                group.addTask { (start, try self[start..<Swift.min(start + length, endIndex)].map(transform)) }
            }
            var parts: [(Int, [Result])] = []
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }
}
