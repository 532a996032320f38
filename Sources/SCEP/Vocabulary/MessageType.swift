// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The type of a pkiMessage, as the text that stands on the wire (RFC 8894 §3.2.1.2).
public struct MessageType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The decimal digits, or whatever else a peer wrote.
    public let rawValue: String

    /// Takes a text as it came.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// CertRep: the answer to everything.
    public static let certRep = MessageType(rawValue: "3")
    /// RenewalReq: a request authenticated by an existing certificate.
    public static let renewalReq = MessageType(rawValue: "17")
    /// PKCSReq: a request authenticated by a shared secret.
    public static let pkcsReq = MessageType(rawValue: "19")
    /// CertPoll, GetCertInitial of old.
    public static let certPoll = MessageType(rawValue: "20")
    /// GetCert.
    public static let getCert = MessageType(rawValue: "21")
    /// GetCRL.
    public static let getCRL = MessageType(rawValue: "22")

    /// The types of requests and replies that RFC 8894 knows.
    public static let known: [MessageType] = [.certRep, .renewalReq, .pkcsReq, .certPoll, .getCert, .getCRL]

    /// Whether RFC 8894 knows the type.
    public var isKnown: Bool { Self.known.contains(self) }

    /// The name of a known type; unknown ones are quoted, shortened and made harmless for logs.
    public var description: String {
        switch self {
        case .certRep: "CertRep"
        case .renewalReq: "RenewalReq"
        case .pkcsReq: "PKCSReq"
        case .certPoll: "CertPoll"
        case .getCert: "GetCert"
        case .getCRL: "GetCRL"
        default: "unknown type '\(String(rawValue.unicodeScalars.prefix(16).filter { (32..<127).contains($0.value) }))'"
        }
    }
}
