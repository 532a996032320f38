// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SCEP

/// What a profile does differently for clients that need it, by name.
public struct ClientCompatibility: Sendable, Hashable {
    /// The name, as people type it.
    public let name: String
    /// Which client needs it, and why, in one sentence.
    public let reason: String
    /// Keywords that GetCACaps lists beyond what the RFC names.
    public let extraCapabilities: [String]
    /// What stands where a FAILURE or PENDING has no content.
    public let emptyContent: EmptyContent
    /// Whether GetCACert also lists a certificate that enciphers only.
    public let listsEncryptionCertificate: Bool

    private init(
        _ name: String,
        _ reason: String,
        extraCapabilities: [String] = [],
        emptyContent: EmptyContent = .zeroLength,
        listsEncryptionCertificate: Bool = false
    ) {
        self.name = name
        self.reason = reason
        self.extraCapabilities = extraCapabilities
        self.emptyContent = emptyContent
        self.listsEncryptionCertificate = listsEncryptionCertificate
    }

    /// All of them; the first is the default.
    public static let all = [
        ClientCompatibility("default", "What the most clients understand."),
        ClientCompatibility(
            "strongswan-5.9",
            "strongSwan 5.9 takes AES for supported only if GetCACaps lists SHA-384.",
            extraCapabilities: ["SHA-384"]
        ),
        ClientCompatibility(
            "pyscep",
            "PyScep envelopes to a certificate that may encipher keys and nothing else, if there is an RA.",
            listsEncryptionCertificate: true
        ),
        ClientCompatibility(
            "absent-content",
            "For clients that take an empty content of a FAILURE for an envelope: it is left out.",
            emptyContent: .absent
        ),
    ]

    /// The entry with a name.
    public static func named(_ name: String) -> ClientCompatibility? {
        all.first { $0.name == name }
    }
}
