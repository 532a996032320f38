// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a one-time challenge is bound to, as it is kept: what is named here is what a request has to ask for.
///
/// What is not named is free.
public struct BoundIdentity: Sendable, Hashable {
    /// The encoded Name of the subject.
    public var subject: [UInt8]?
    /// The encoded GeneralNames of the alternative names; an empty SEQUENCE stands for none at all.
    public var names: [UInt8]?
    /// The key's type and size, such as `RSA-2048`.
    public var keyType: String?

    /// Puts a binding together.
    ///
    /// - Returns: nil when nothing is bound.
    public init?(subject: [UInt8]?, names: [UInt8]?, keyType: String?) {
        guard subject != nil || names != nil || keyType != nil else { return nil }
        self.subject = subject
        self.names = names
        self.keyType = keyType
    }
}
