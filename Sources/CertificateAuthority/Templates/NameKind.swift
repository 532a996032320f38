// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1
public import X509

/// A kind of subject alternative name.
public enum NameKind: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// dNSName.
    case dns
    /// rfc822Name.
    case email
    /// uniformResourceIdentifier.
    case uri
    /// iPAddress.
    case ip
    /// An otherName with a userPrincipalName, which Windows takes for an account.
    case upn

    /// The kinds that may be taken over from requests: a requester does not choose an account (client-quirks J7).
    public static let requestable: Set<NameKind> = [.dns, .email, .uri, .ip]

    /// Orders kinds for people.
    public static func < (left: NameKind, right: NameKind) -> Bool { left.rawValue < right.rawValue }

    /// The beginning of a URI that names a SID, by which Windows knows an account.
    static let identifierPrefix = "tag:microsoft.com,"
    static let userPrincipalName: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 311, 20, 2, 3]

    /// The kind of a name; nil when it is of none of these.
    public init?(of name: GeneralName) {
        switch name {
        case .dnsName: self = .dns
        case .rfc822Name: self = .email
        case .uniformResourceIdentifier: self = .uri
        case .ipAddress: self = .ip
        case .otherName(let other) where other.typeID == Self.userPrincipalName: self = .upn
        default: return nil
        }
    }

    /// The text of a name of one of these kinds; nil for others, and when it can't be read.
    public static func text(of name: GeneralName) -> String? {
        switch name {
        case .dnsName(let text), .rfc822Name(let text), .uniformResourceIdentifier(let text): return text
        case .ipAddress(let octets): return IPAddressText.text(octets.bytes)
        case .otherName(let other) where other.typeID == userPrincipalName:
            guard let value = other.value else { return nil }
            return (try? ASN1UTF8String(asn1Any: value)).map { String($0) }
        default: return nil
        }
    }
}
