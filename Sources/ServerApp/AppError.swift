// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

/// Why the program can't do what it was told, for the person who told it.
public struct AppError: Error, Sendable, Equatable {
    /// Whose move it is; the exit code follows from it.
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// The command line or a value in it is wrong.
        case usage
        /// The state folder is missing, unreadable, foreign or too new.
        case state
        /// Something of that name exists already, or is in use, or done.
        case conflict
        /// There is nothing of that name.
        case missing
        /// Somebody else has changed it meanwhile.
        case changed
        /// Whoever asks is not known.
        case unauthenticated
        /// Whoever asks may not do this.
        case denied
        /// Another process serves the folder, or an address is taken.
        case busy
        /// A dependency or this program failed.
        case failure
    }

    /// Whose move it is.
    public var kind: Kind
    /// One sentence.
    public var sentence: String
    /// What to do about it.
    public var hint: String?
    /// The stable reason of the enrolment rule that said no, such as `approval.not-entitled`.
    public var reason: String?
    /// Where in the input it is wrong, as a JSON pointer (RFC 6901).
    public var pointer: String?

    /// Makes an error.
    public init(
        _ kind: Kind,
        _ sentence: String,
        hint: String? = nil,
        reason: String? = nil,
        pointer: String? = nil
    ) {
        self.kind = kind
        self.sentence = sentence
        self.hint = hint
        self.reason = reason
        self.pointer = pointer
    }

    /// The process's exit code.
    public var exitCode: Int32 {
        switch kind {
        case .usage: 64
        case .failure: 70
        case .conflict, .missing, .changed: 73
        case .busy: 75
        case .unauthenticated, .denied: 77
        case .state: 78
        }
    }

    /// Puts a store's error into words.
    public init(_ error: StoreError) {
        switch error {
        case .unavailable(let detail):
            self.init(
                .failure,
                "The database does not answer: \(Self.inner(detail)).",
                hint: "Try again; look after the database and its disk if it stays."
            )
        case .corrupted(let detail):
            self.init(
                .state,
                "The database can't be used: \(Self.inner(detail)).",
                hint: "Restore it from a backup, or name the right one."
            )
        case .newerSchema(let found, let supported):
            self.init(
                .state,
                "The state was written by a newer version (schema \(found); this one knows \(supported)).",
                hint: "Run the newer version, or restore a backup from before the upgrade."
            )
        case .unfinishedCopy:
            self.init(
                .state,
                "A state is being copied into the database, and the copy is not complete.",
                hint: "Run the same 'sceptic migrate-store' again; it goes on where it stopped."
            )
        case .conflict(let detail):
            self.init(.conflict, "The change can't be made: \(Self.inner(detail)).")
        }
    }

    /// A sentence as the end of another one: without its full stop, and with a small first letter.
    static func inner(_ sentence: String) -> String {
        let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        let isOrdinaryWord = text.dropFirst().first?.isLowercase ?? false
        return isOrdinaryWord ? text.prefix(1).lowercased() + text.dropFirst() : text
    }
}
