// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

internal import struct Foundation.Data
internal import class Foundation.JSONDecoder

/// The two kinds of profile, and how people call them.
public enum ProfileKind: String, Sendable, Hashable, CaseIterable {
    /// How the protocol is served at a URL.
    case scep = "SCEP profile"
    /// What may be issued, and by whom.
    case registration = "RA profile"

    /// The kind with its article.
    public var withArticle: String { self == .scep ? "a \(rawValue)" : "an \(rawValue)" }
    /// The noun of the command line.
    public var command: String { self == .scep ? "profile" : "ra-profile" }
    /// The key in documents.
    public var key: String { self == .scep ? "scepProfiles" : "raProfiles" }
}

/// The settings of a profile: whatever is Codable in them is what documents, JSON and the database hold.
public protocol ProfileSettings: Codable, Hashable, Sendable {
    /// Of which kind of profile they are.
    static var kind: ProfileKind { get }

    /// What is wrong with these settings whatever else is configured, one sentence each.
    func problems() -> [String]
}

extension SCEPProfileSettings: ProfileSettings {
    /// SCEP profiles.
    public static var kind: ProfileKind { .scep }
}

extension RAProfileSettings: ProfileSettings {
    /// RA profiles.
    public static var kind: ProfileKind { .registration }
}

/// A profile as it is stored, with what becomes of it.
public struct StoredProfile<Settings: ProfileSettings>: Sendable {
    /// Its name.
    public let name: String
    /// Whether it serves requests.
    public let isEnabled: Bool
    /// Its settings; nil if they can't be read.
    public let settings: Settings?
    /// Why its own URL is not served; nil if it is.
    public let refusal: String?
}

extension ProfileRecord {
    /// The settings; nil if they can't be read.
    func settings<Settings: ProfileSettings>(_ type: Settings.Type = Settings.self) -> Settings? {
        try? JSONDecoder().decode(type, from: Data(settings.utf8))
    }
}

extension StoredConfiguration {
    /// The profiles of a kind.
    func profiles(_ kind: ProfileKind) -> [ProfileRecord] { kind == .scep ? scepProfiles : raProfiles }

    /// The names that RA profiles with URLs of their own have, which a SCEP profile serves.
    func servedNames(of scepProfile: String) -> [String] {
        raProfiles.filter { $0.settings(RAProfileSettings.self)?.scepProfile == scepProfile }
            .map { ProfileName.served(raProfile: $0.name) }
    }

    /// A profile.
    func profile(_ kind: ProfileKind, _ name: String) -> ProfileRecord? {
        profiles(kind).first { $0.name == name }
    }
}
