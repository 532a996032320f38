// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How registered devices are known and protected.
public struct RegistrationSourceSettings: Sendable, Hashable, Codable {
    /// What of a request names the device.
    public var identifiedBy: DeviceIdentifier
    /// With how many wrong secrets a registration is locked.
    public var maximumGuesses: Int

    private enum CodingKeys: String, CodingKey {
        case identifiedBy
        case maximumGuesses
    }

    /// Puts settings together.
    public init(identifiedBy: DeviceIdentifier = .commonName, maximumGuesses: Int = 10) {
        self.identifiedBy = identifiedBy
        self.maximumGuesses = maximumGuesses
    }

    /// Reads settings; what is not named has its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let identifier = try values.decodeIfPresent(String.self, forKey: .identifiedBy)
        guard let known = identifier.map(DeviceIdentifier.init(rawValue:)) ?? .commonName else {
            throw DecodingError.dataCorruptedError(
                forKey: .identifiedBy,
                in: values,
                debugDescription: "a device is identified by CN, serialNumber, subject or dns"
            )
        }
        self.identifiedBy = known
        self.maximumGuesses = try values.decodeIfPresent(Int.self, forKey: .maximumGuesses) ?? 10
        guard (1...1000).contains(maximumGuesses) else {
            throw DecodingError.dataCorruptedError(
                forKey: .maximumGuesses,
                in: values,
                debugDescription: "maximumGuesses is 1 to 1000"
            )
        }
    }
}
