// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import PKIX
internal import SwiftASN1
public import X509

/// What placeholders are filled in with: a request, and what is known of the device.
public struct TemplateValues: Sendable {
    /// The request.
    public let request: CertificationRequest
    /// The alternative names that it asks for.
    public let names: SubjectAlternativeNames
    /// What the challenge's source knows of the device, by path.
    public let attributes: [String: [String]]

    /// Puts values together.
    public init(request: CertificationRequest, names: SubjectAlternativeNames, attributes: [String: [String]]) {
        self.request = request
        self.names = names
        self.attributes = attributes
    }

    func texts(_ path: TemplatePath) -> [String] {
        switch path {
        case .subject(let type, _):
            request.subject.attributes.joined().filter { $0.type == type }.compactMap(\.text)
        case .name(let kind):
            names.filter { NameKind(of: $0) == kind }.compactMap(NameKind.text)
        case .keyDigest:
            [request.subjectPublicKeyInfo.digestText]
        case .attribute(let path): attributes[path] ?? []
        }
    }
}

extension SubjectPublicKeyInfo {
    /// SHA-256 of the encoding, in hexadecimal.
    public var digestText: String {
        DigestAlgorithm.sha256.digest(der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Where a placeholder's value comes from.
enum TemplatePath: Sendable, Hashable {
    /// `csr.subject.CN`: an attribute of the requested subject.
    case subject(ASN1ObjectIdentifier, String)
    /// `csr.san.dns`: the requested names of a kind.
    case name(NameKind)
    /// `csr.key.digest`: SHA-256 of the SubjectPublicKeyInfo, in hexadecimal.
    case keyDigest
    /// `webhook.device.serial`: what a challenge's source knows.
    case attribute(String)

    /// Whether the requester writes what stands there.
    var isRequesters: Bool {
        switch self {
        case .subject, .name: true
        case .keyDigest, .attribute: false
        }
    }

    init(_ text: String) throws(TemplateError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }), text.utf8.allSatisfy(Self.isPathByte) else {
            throw .malformed(
                "'\(text)' is no value: write csr.subject.CN, csr.san.dns or, for instance, webhook.serial"
            )
        }
        guard parts.first == "csr" else {
            self = .attribute(text)
            return
        }
        let rest = parts.dropFirst(2).joined(separator: ".")
        switch parts[1] {
        case "subject":
            guard let type = Name.type(of: rest) else {
                throw .malformed("'\(text)': '\(rest)' is not a known attribute type")
            }
            self = .subject(type, rest)
        case "san":
            guard let kind = NameKind(rawValue: rest), NameKind.requestable.contains(kind) else {
                throw .malformed("'\(text)': requested names are dns, email, uri and ip")
            }
            self = .name(kind)
        case "key" where rest == "digest": self = .keyDigest
        default:
            throw .malformed("'\(text)' is no part of a request: csr.subject.…, csr.san.… and csr.key.digest are")
        }
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._-:;/@".utf8.contains(byte)
        }
    }
}
