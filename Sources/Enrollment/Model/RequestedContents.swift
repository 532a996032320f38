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
    /// The alternative names asked for, such as `dns:vpn.example`; the template may grant fewer, never others.
    public let names: [String]
    /// The serial number of the certificate that is renewed, hexadecimal; nil for a first one.
    public let renewedSerialNumber: String?

    /// Reads them from a request.
    public init(_ approval: ApprovalRecord) {
        let request = try? CertificationRequest(derEncoded: approval.request)
        let renewed = approval.renewedCertificate.flatMap { try? EncodedCertificate(derEncoded: $0) }
        self.key = (try? request?.subjectPublicKeyInfo.publicKey().algorithm.description) ?? "of an unknown type"
        self.renewedSerialNumber = renewed?.serialNumber.hexadecimal
        let wish = request?.requestedExtensions.first { $0.oid == .PKIX.subjectAltName }
        let asked = wish.flatMap { try? SubjectAlternativeNames($0) }
        // A renewal keeps the names that it has, whatever the request says of them.
        self.names = (renewed?.subjectAlternativeNames ?? asked ?? SubjectAlternativeNames()).map(Self.text)
    }

    /// A name as people read it.
    static func text(_ name: GeneralName) -> String {
        switch name {
        case .dnsName(let text): "dns:\(text)"
        case .rfc822Name(let text): "email:\(text)"
        case .uniformResourceIdentifier(let text): "uri:\(text)"
        case .ipAddress(let octets):
            "ip:"
                + (octets.bytes.count == 4
                    ? octets.bytes.map(String.init).joined(separator: ".") : octets.bytes.hexadecimal)
        default: "\(name)"
        }
    }
}
