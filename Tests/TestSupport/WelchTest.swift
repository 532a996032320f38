// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Welch's t-test: whether two series of times have the same mean.
package enum WelchTest {
    /// Welch's t of two series; far from zero when their means differ.
    ///
    /// Interruptions make a long tail that says nothing: what is above the common limit, the 95th percentile of both, is cut off on both
    /// sides alike, and counted against them if one side has more of it.
    package static func t(_ left: [Double], _ right: [Double]) -> Double {
        let sorted = (left + right).sorted()
        guard let limit = sorted.dropFirst(sorted.count * 95 / 100).first else { return 0 }
        let (first, second) = (moments(left.filter { $0 <= limit }), moments(right.filter { $0 <= limit }))
        // A series that is always above the limit is the clearest difference there is.
        guard first.count > 1, second.count > 1 else { return .infinity }
        let error = (first.variance / first.count + second.variance / second.count).squareRoot()
        return (first.mean - second.mean) / max(error, .leastNormalMagnitude)
    }

    /// How many values a series has, their mean and their variance.
    package static func moments(_ samples: [Double]) -> (count: Double, mean: Double, variance: Double) {
        let count = Double(samples.count)
        guard count > 0 else { return (0, 0, 0) }
        let mean = samples.reduce(0, +) / count
        let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        return (count, mean, variance)
    }
}
