// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why a template can't be read or filled in.
public enum TemplateError: Error, Sendable, Hashable {
    /// The settings are wrong; the sentence is for whoever wrote them.
    case malformed(String)
    /// No alternative of a placeholder has a value.
    case missing(String)
    /// A placeholder has several values where one is wanted.
    case ambiguous(String, count: Int)
    /// A value can't stand where it is to stand; the sentence says which and why.
    case unfit(String)

    /// The error for people.
    public var sentence: String {
        switch self {
        case .malformed(let sentence), .unfit(let sentence): sentence
        case .missing(let placeholder): "there is no value for '\(placeholder)', and the template gives no other"
        case .ambiguous(let placeholder, let count): "'\(placeholder)' has \(count) values, where one is wanted"
        }
    }
}
