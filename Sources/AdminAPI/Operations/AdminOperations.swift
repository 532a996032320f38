// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// All operations there are.
public enum AdminOperations: Sendable {
    /// By noun, and the nouns in the order of the command line.
    public static let all: [any AdminOperation.Type] =
        challenges
        + operators + tokens

    static let challenges: [any AdminOperation.Type] = [
        ListChallenges.self, NewChallenges.self, RevokeChallenge.self,
    ]

    static let operators: [any AdminOperation.Type] = [
        ListOperators.self, ShowOperator.self, NewOperator.self, SetOperator.self, DisableOperator.self,
        EnableOperator.self, DeleteOperator.self, SetPassword.self,
    ]

    static let tokens: [any AdminOperation.Type] = [
        ListTokens.self, NewToken.self, RevokeToken.self, WhoAmI.self,
    ]
}
