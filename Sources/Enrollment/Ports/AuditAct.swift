// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Synchronization

public import struct Foundation.UUID

/// One act of somebody, to be written to the audit log in the storage transaction of whatever it changes (design §6.9).
///
/// Whoever carries an act out makes it `current` for that time: stores then write it with each of its changes, and a change without its row
/// is not made. An act that changes nothing leaves no row.
public final class AuditAct: Sendable {
    /// The act that the present task carries out; nil for what a server does for devices, which is audited by its own records.
    @TaskLocal public static var current: AuditAct?

    /// What an act was about, for people who read the log.
    public struct Subject: Sendable, Hashable {
        /// The kind and name of the thing: `profile phones`.
        public var target: String?
        /// The thing before, as JSON without secrets; nil if there was none.
        public var before: String?
        /// The thing after, as JSON without secrets; nil if there is none any more.
        public var after: String?
    }

    /// The act's id: several rows of one act share it.
    public let id: UUID
    /// What is done: an operation's name, such as `challenge.new`.
    public let action: String
    /// Who: `operator:anna`, `token:mdm`, `local:root`, `server`.
    public let actor: String
    /// From where: an address, or `local`.
    public let origin: String
    /// What was asked for, as JSON without secrets.
    public let input: String
    private let described = Mutex(Subject())

    /// Puts an act together.
    public init(id: UUID, action: String, actor: String, origin: String, input: String) {
        self.id = id
        self.action = action
        self.actor = actor
        self.origin = origin
        self.input = input
    }

    /// What it is about, as far as that is known by now.
    public var subject: Subject { described.withLock { $0 } }

    /// Tells what it is about, before the change is made.
    public func describe(target: String? = nil, before: String? = nil, after: String? = nil) {
        described.withLock { subject in
            subject = Subject(
                target: target ?? subject.target,
                before: before ?? subject.before,
                after: after ?? subject.after
            )
        }
    }
}
