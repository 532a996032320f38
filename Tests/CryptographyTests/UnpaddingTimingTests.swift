// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CConstantTime
import TestSupport
import Testing

/// Compares the times of two kinds of input by Welch's t, from rounds in which the kinds take turns in random order.
struct TimingComparison {
    /// What is measured: takes a block apart and leaves something in the sink.
    typealias Operation = (_ block: [UInt8], _ sink: inout [UInt8]) -> Void

    private let roundCount = 3000
    private let callsPerSample = 8

    /// Welch's t between a right block and a malformed one; far from zero when their times differ.
    func welchT(
        _ right: [UInt8],
        _ wrong: [UInt8],
        using generator: inout SeededGenerator,
        _ operation: Operation
    ) -> Double {
        let clock = ContinuousClock()
        var sink = [UInt8](repeating: 0, count: 16)
        var samples: [[Double]] = [[], []]
        // Both kinds are copied to the same place, so that caches see no difference between them.
        var block = right
        for _ in 0..<roundCount {
            for kind in Bool.random(using: &generator) ? [0, 1] : [1, 0] {
                let source = kind == 0 ? right : wrong
                for index in block.indices { block[index] = source[index] }
                let elapsed = clock.measure {
                    for _ in 0..<callsPerSample { operation(block, &sink) }
                }
                samples[kind].append(Double(elapsed.components.attoseconds) / 1e9)
            }
        }
        return Self.t(samples[0], samples[1])
    }

    /// Interruptions make a long tail that says nothing; what is above a common limit is cut off on both sides alike.
    private static func t(_ left: [Double], _ right: [Double]) -> Double {
        let limit = (left + right).sorted()[(left.count + right.count) * 8 / 10]
        let (first, second) = (moments(left.filter { $0 <= limit }), moments(right.filter { $0 <= limit }))
        // A kind that is always above the limit is the clearest difference there is.
        guard first.count > 1, second.count > 1 else { return .infinity }
        let error = (first.variance / first.count + second.variance / second.count).squareRoot()
        let shift = abs(Double(left.filter { $0 > limit }.count - right.filter { $0 > limit }.count))
        let tail = shift / (Double(left.count) * 0.2 * 1.6).squareRoot()
        return max(abs(first.mean - second.mean) / max(error, .leastNormalMagnitude), tail)
    }

    private static func moments(_ samples: [Double]) -> (count: Double, mean: Double, variance: Double) {
        let count = Double(samples.count)
        let mean = samples.reduce(0, +) / count
        let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        return (count, mean, variance)
    }
}

@Suite(.serialized) struct UnpaddingTimingTests {
    /// An honest machine stays below 5 and a leak stands in the hundreds; a busy machine needs room between.
    private static let bound = 15.0
    private static let attempts = 4
    private static let kinds = PaddedBlock.malformed.filter { block in
        [
            "first byte 1", "type 1", "zero at the start of the padding", "zero in the middle of the padding",
            "no separator", "all zero",
        ].contains(block.testDescription)
    }

    @Test(arguments: kinds)
    func aMalformedBlockTakesAsLongAsARightOne(kind: PaddedBlock) {
        var generator = SeededGenerator()
        var smallest = Double.infinity
        for _ in 0..<Self.attempts where smallest >= Self.bound {
            let t = TimingComparison().welchT(PaddedBlock.right(), kind.bytes, using: &generator) { block, sink in
                _ = unsafe sceptic_unpad_pkcs1(block, block.count, PaddedBlock.fallback, &sink, 16)
            }
            smallest = min(smallest, t)
        }
        #expect(smallest < Self.bound, "Welch's t is \(smallest)")
    }

    @Test(arguments: kinds)
    func theSameTestFindsALeak(kind: PaddedBlock) {
        // What a naive reader does: it stops at the first thing that is wrong.
        let t = Self.largest(kind.bytes) { block, sink in
            guard block[0] == 0, block[1] == 2 else { return }
            var index = 2
            while index < block.count, block[index] != 0 { index += 1 }
            guard index == block.count - 17 else { return }
            for offset in 0..<16 { sink[offset] = block[index + 1 + offset] }
        }
        #expect(t > Self.bound, "Welch's t is \(t)")
    }

    @Test func theSameTestFindsALeakInASingleEarlyReturn() {
        // Only the copy of the key is skipped when the padding is wrong: a few dozen nanoseconds.
        var zeroInPadding = PaddedBlock.right()
        zeroInPadding[238] = 0
        let t = Self.largest(zeroInPadding) { block, sink in
            var good = block[0] == 0 && block[1] == 2
            for index in 2..<239 where block[index] == 0 { good = false }
            guard good else { return }
            for offset in 0..<16 { sink[offset] = block[240 + offset] }
        }
        #expect(t > Self.bound, "Welch's t is \(t)")
    }

    /// The largest t of some attempts: noise hides a leak for a while, and never makes one that is not there as large.
    private static func largest(_ wrong: [UInt8], _ operation: TimingComparison.Operation) -> Double {
        var generator = SeededGenerator()
        var largest = 0.0
        for _ in 0..<attempts where largest <= bound {
            let t = TimingComparison().welchT(PaddedBlock.right(), wrong, using: &generator, operation)
            largest = max(largest, t)
        }
        return largest
    }
}
