// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One challenge source of a SCEP profile, as it is stored: its type, and what that type needs.
///
/// A profile asks its sources in their order (design §6.3). As JSON or YAML an object with a `type`; the other fields are the type's own.
public enum ChallengeSourceSettings: Sendable, Hashable, Codable {
    /// The challenges that this server keeps itself: one-time codes and static ones.
    case stored
    /// A directory, asked by LDAP.
    case directory(DirectorySourceSettings)
    /// Another system that is asked over HTTP.
    case webhook(WebhookSourceSettings)
    /// Signed tokens.
    case token(TokenSourceSettings)
    /// A program on this machine.
    case program(ProgramSourceSettings)
    /// Devices that were registered beforehand.
    case registration(RegistrationSourceSettings)

    /// The types by the names that people write.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// One-time codes and static challenges of this server.
        case stored
        /// A directory.
        case directory
        /// Another system that is asked over HTTP.
        case webhook
        /// Signed tokens.
        case token
        /// A program on this machine.
        case program
        /// Devices that were registered beforehand.
        case registration
    }

    private enum CodingKeys: String, CodingKey {
        case type
    }

    /// The type.
    public var kind: Kind {
        switch self {
        case .stored: .stored
        case .directory: .directory
        case .webhook: .webhook
        case .token: .token
        case .program: .program
        case .registration: .registration
        }
    }

    /// Reads a source's settings.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        switch try values.decode(Kind.self, forKey: .type) {
        case .stored: self = .stored
        case .directory: self = .directory(try DirectorySourceSettings(from: decoder))
        case .webhook: self = .webhook(try WebhookSourceSettings(from: decoder))
        case .token: self = .token(try TokenSourceSettings(from: decoder))
        case .program: self = .program(try ProgramSourceSettings(from: decoder))
        case .registration: self = .registration(try RegistrationSourceSettings(from: decoder))
        }
    }

    /// Writes a source's settings.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(kind, forKey: .type)
        switch self {
        case .stored: break
        case .directory(let settings): try settings.encode(to: encoder)
        case .webhook(let settings): try settings.encode(to: encoder)
        case .token(let settings): try settings.encode(to: encoder)
        case .program(let settings): try settings.encode(to: encoder)
        case .registration(let settings): try settings.encode(to: encoder)
        }
    }
}
