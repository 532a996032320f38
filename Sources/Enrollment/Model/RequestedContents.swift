// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SwiftASN1
internal import X509

/// What a waiting request asks for beside its subject, as people read it before they decide.
public struct RequestedContents: Sendable, Hashable {
    /// The key's type and size.
    public let key: String
    /// The alternative names asked for, such as `dns:vpn.example`; the template may grant fewer, and write others itself.
    public let names: [String]
    /// The serial number of the certificate that is renewed, hexadecimal; nil for a first one.
    public let renewedSerialNumber: String?

    /// Reads them from a request.
    public init(_ approval: ApprovalRecord) {
        let request = try? CertificationRequest(derEncoded: approval.request)
        let renewed = approval.renewedCertificate.flatMap { try? EncodedCertificate(derEncoded: $0) }
        self.key = (try? request?.subjectPublicKeyInfo.publicKey().algorithm.description) ?? "of an unknown type"
        self.renewedSerialNumber = renewed?.serialNumber.hexadecimal
        let asked = try? request?.requestedNames()
        // A renewal keeps the names that it has, whatever the request says of them.
        self.names = (renewed?.subjectAlternativeNames ?? asked ?? SubjectAlternativeNames()).map(Self.text)
    }

    /// The extensions that a request asks for, as people read them: the alternative names with their values, the others by name.
    static func text(of extensions: [Certificate.Extension]) -> String {
        var parts: [String] = []
        for wish in extensions where wish.oid == .PKIX.subjectAltName {
            let names = (try? SubjectAlternativeNames(wish))?.map(text) ?? ["alternative names that can't be read"]
            // What is longer is cut by whoever records it; nobody needs to write it out first.
            parts += names.prefix(20)
            if names.count > 20 { parts.append("and \(names.count - 20) names more") }
        }
        parts += extensions.filter { $0.oid != .PKIX.subjectAltName }.map { ExtensionName.text($0.oid) }
        return parts.joined(separator: " ")
    }

    /// A name as people read it.
    static func text(_ name: GeneralName) -> String {
        if let kind = NameKind(of: name), let text = NameKind.text(of: name) {
            return "\(kind.rawValue):\(text.showable)"
        }
        // Other kinds, and names that are no text of their kind.
        return switch name {
        case .ipAddress(let octets): "ip:\(octets.bytes.hexadecimal)"
        case .otherName(let other): "otherName:\(other.typeID)"
        case .directoryName(let name): "directory:\(name)"
        case .registeredID(let identifier): "id:\(identifier)"
        case .x400Address: "x400Address"
        default: "ediPartyName"
        }
    }
}
