// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Serves a profile that was disabled.
public enum EnableProfile<Noun: ProfileNoun>: AdminOperation {
    /// Which one.
    public typealias Input = ProfileReference<Noun>
    /// What is answered.
    public typealias Output = ProfileDocument<Noun>

    /// The name of the operation.
    public static var id: String { "\(Noun.command).enable" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.post, "/\(Noun.command)s/{name}/enable") }
    /// What it does.
    public static var summary: String { "Serves the \(Noun.title) that was disabled." }
    /// Whom it is for.
    public static var access: Access { .administering }
}

/// Serves a profile no more.
public enum DisableProfile<Noun: ProfileNoun>: AdminOperation {
    /// Which one.
    public typealias Input = ProfileReference<Noun>
    /// What is answered.
    public typealias Output = ProfileDocument<Noun>

    /// The name of the operation.
    public static var id: String { "\(Noun.command).disable" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.post, "/\(Noun.command)s/{name}/disable") }
    /// What it does.
    public static var summary: String {
        "Serves the \(Noun.title) no more; its settings stay, and what was issued."
    }
    /// Whom it is for.
    public static var access: Access { .administering }
}

/// Deletes a profile.
public enum DeleteProfile<Noun: ProfileNoun>: AdminOperation {
    /// Which one.
    public typealias Input = ProfileReference<Noun>
    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static var id: String { "\(Noun.command).delete" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.delete, "/\(Noun.command)s/{name}") }
    /// What it does.
    public static var summary: String {
        "Deletes the \(Noun.title), which no other profile may name; what was issued stays."
    }
    /// Whom it is for.
    public static var access: Access { .administering }
}
