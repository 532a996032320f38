// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Where a secret of the configuration lies: profiles name it and never hold it, so that they can be shown and kept in git.
///
/// As YAML or JSON: `{file: /etc/sceptic/hook.key}` or `{environment: HOOK_KEY}`.
public enum SecretReference: Sendable, Hashable, Codable {
    /// The content of a file, without a line end at its end.
    case file(String)
    /// The value of an environment variable of the server.
    case environment(String)

    private enum CodingKeys: String, CodingKey {
        case file
        case environment
    }

    /// Reads a reference.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let file = try values.decodeIfPresent(String.self, forKey: .file)
        let environment = try values.decodeIfPresent(String.self, forKey: .environment)
        switch (file, environment) {
        case (let path?, nil) where !path.isEmpty: self = .file(path)
        case (nil, let name?) where !name.isEmpty: self = .environment(name)
        default:
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a secret is named by 'file' or 'environment'")
            )
        }
    }

    /// Writes a reference.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .file(let path): try values.encode(path, forKey: .file)
        case .environment(let name): try values.encode(name, forKey: .environment)
        }
    }
}
