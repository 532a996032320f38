// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One thing that the prober does to find out about some requirements.
struct Check: Sendable {
    /// What is done.
    let name: String
    /// The requirements that it tells something about.
    let numbers: [Int]
    /// Whether it takes `--dangerous`.
    var isDangerous = false
    let run: @Sendable (ProbeSession) async throws -> Void

    /// All of them, in the order in which they are done: what others build on comes first, what may hurt a server last.
    static let all: [Check] =
        discovery + enrolment + http + algorithms + requests + authorisation + transactions + waiting + renewal
        + queries
        + passwords + dangerous + last

    /// What every enrolment tells, since the replies are looked at whatever they are for.
    static let seenInSuccess = [
        7, 13, 34, 36, 37, 49, 57, 58, 59, 60, 61, 62, 63, 64, 65, 67, 71, 72, 73, 74, 75, 76, 77, 112, 113, 114, 115,
        116,
        162,
    ]
    /// What every refusal tells.
    static let seenInFailure = [49, 55, 57, 59, 60, 61, 62, 63, 64, 65, 66, 68, 69, 73, 74]
}
