// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How much of each thing a peer may put into one message.
public struct CMSLimits: Sendable, Hashable {
    /// The most certificates: a client sends its own and perhaps its chain.
    public var certificates = 16
    /// The most attributes of one signer: SCEP defines nine, and NDES and Apple add a few.
    public var attributes = 48
    /// The most recipients: micromdm's client encrypts to every certificate of GetCACert, which can be five.
    public var recipients = 16
    /// The most PBKDF2 iterations: about a quarter of a second of one core, and more than what guides ask for today.
    public var passwordIterations = 600_000
    /// The longest salt of PBKDF2, in bytes; eight to sixteen are usual.
    public var passwordSaltByteCount = 128

    /// Makes the default limits.
    public init() {}

    /// The limits that hold unless somebody says otherwise.
    public static let standard = CMSLimits()

    /// The limits for what strangers send to a server: less work for a password, since several may have to be tried.
    public static let request: CMSLimits = {
        var limits = CMSLimits()
        limits.passwordIterations = 100_000
        return limits
    }()
}
