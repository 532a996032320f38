// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import Cryptography
public import SCEP

/// An algorithm that RFC 8894 §2.9 forbids and a profile may accept all the same, by name.
public enum LegacyAlgorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// Single DES in requests; the reply is in triple DES.
    case des
    /// MD5 in the signatures of requests; the reply has SHA-256.
    case md5
}

/// A profile's name: lower-case letters, digits and hyphens (design §6.14).
public enum ProfileName: Sendable {
    /// The name of the profile that the URLs without a name mean.
    public static let `default` = "default"

    /// The first parts of paths that old clients append to any URL: they can't be names.
    private static let reserved: Set<String> = ["cgi-bin", "certsrv"]

    /// Whether a text is a name of 1 to 64 characters.
    public static func isValid(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !reserved.contains(text)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// How the protocol is served at one URL, as it is stored (design §2).
public struct SCEPProfileSettings: Sendable, Hashable, Codable {
    /// The RA profile that says what is issued.
    public var raProfile: String
    /// The name of the client compatibility.
    public var compatibility: String
    /// The forbidden algorithms that are accepted all the same.
    public var acceptedLegacy: Set<LegacyAlgorithm>

    /// Puts settings together.
    public init(raProfile: String, compatibility: String = "default", acceptedLegacy: Set<LegacyAlgorithm> = []) {
        self.raProfile = raProfile
        self.compatibility = compatibility
        self.acceptedLegacy = acceptedLegacy
    }

    /// The algorithms that follow.
    public var algorithms: AlgorithmPolicy {
        var policy = AlgorithmPolicy.standard
        if acceptedLegacy.contains(.des) { policy.ciphers.insert(.insecureDESCBC) }
        if acceptedLegacy.contains(.md5) { policy.digests.insert(.insecureMD5) }
        return policy
    }
}

/// What may be issued and by whom, as it is stored (design §2).
public struct RAProfileSettings: Sendable, Hashable, Codable {
    /// The issuer's name.
    public var issuer: String
    /// What certificates may and do contain.
    public var template: CertificateTemplate

    /// Puts settings together.
    public init(issuer: String, template: CertificateTemplate) {
        self.issuer = issuer
        self.template = template
    }
}
