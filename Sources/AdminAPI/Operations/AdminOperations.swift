// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// All operations there are.
public enum AdminOperations: Sendable {
    /// By noun, and the nouns in the order of the command line.
    public static let all: [any AdminOperation.Type] = challenges

    static let challenges: [any AdminOperation.Type] = [
        ListChallenges.self, NewChallenges.self, RevokeChallenge.self,
    ]
}
