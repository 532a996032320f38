// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import FuzzTargets
import Testing

/// Feeds the targets of the fuzzer with its corpus and with everything that it ever found.
struct ReplayTests {
    /// One file of `Fuzzing`.
    struct Input: Sendable, CustomTestStringConvertible {
        let target: FuzzTarget
        let file: URL

        var testDescription: String { "\(target.rawValue)/\(file.lastPathComponent)" }

        func bytes() throws -> [UInt8] { Array(try Data(contentsOf: file)) }

        /// The files of a folder, by target; those whose names begin with a dot don't count.
        static func all(in folder: String, from file: String = #filePath) throws -> [Input] {
            let root = (0..<3).reduce(URL(fileURLWithPath: file)) { url, _ in url.deletingLastPathComponent() }
            return try FuzzTarget.allCases.flatMap { target in
                let place = root.appendingPathComponent("Fuzzing/\(folder)/\(target.rawValue)")
                // Git keeps no empty folders.
                guard FileManager.default.fileExists(atPath: place.path) else { return [Input]() }
                return try FileManager.default
                    .contentsOfDirectory(at: place, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
                    .sorted { $0.path < $1.path }
                    .map { Input(target: target, file: $0) }
            }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func everyTargetHasACorpus(target: FuzzTarget) throws {
        #expect(try Input.all(in: "Corpus").contains { $0.target == target })
    }

    @Test(arguments: try Input.all(in: "Corpus"))
    func whatHoldsForAllInputsHoldsForTheCorpusWhichIsUnderstood(input: Input) throws {
        #expect(try input.target.check(try input.bytes()), "an input that nobody understands leads nowhere")
    }

    @Test(arguments: try Input.all(in: "Findings"))
    func whatWasFoundOnceIsNotFoundAgain(input: Input) throws {
        #expect(throws: Never.self) { try input.target.check(try input.bytes()) }
    }

    @Test(arguments: try FuzzSeed.all())
    func freshSeedsAreUnderstood(seed: FuzzSeed) throws {
        #expect(try seed.target.check(seed.bytes))
    }
}
