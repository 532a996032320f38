// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEPCrafting

/// A certificates-only SignedData (RFC 8894 §3.4), taken apart.
struct CertificatesOnly: Sendable {
    let certificates: [EncodedCertificate]
    /// The CRLs, encoded.
    let lists: [[UInt8]]
    /// Whether there is an encapsulated content, even an empty one.
    let hasContent: Bool
    /// What does not fit a certificates-only SignedData beside its content; nil when everything fits.
    let oddity: String?

    /// Reads a ContentInfo.
    init(_ bytes: [UInt8]) throws {
        let info = try DERElement(try DefiniteForm.of(bytes))
        guard try info.at(0).encoded == OID.signedData else { throw DERElement.Defect.missing }
        let members = try info.at(1, 0).members
        guard members.count >= 4, let signers = members.last else { throw DERElement.Defect.missing }
        self.hasContent = try members[2].members.count > 1
        let set = members.dropFirst(3).first { $0.tag == 0xA0 }
        self.certificates = try (set?.members ?? []).compactMap { try? EncodedCertificate(derEncoded: $0.encoded) }
        self.lists = try members.dropFirst(3).first { $0.tag == 0xA1 }?.members.map(\.encoded) ?? []
        var oddities: [String] = []
        if members[0].content != [1] { oddities.append("version \(members[0].content.first ?? 0)") }
        if !members[1].content.isEmpty { oddities.append("digest algorithms") }
        if !signers.content.isEmpty { oddities.append("signers") }
        self.oddity = oddities.isEmpty ? nil : oddities.joined(separator: ", ")
    }
}

extension EncodedCertificate {
    /// The subject, for people.
    var label: String { subject.description }

    /// Whether another certificate's key signed this one.
    func isIssued(by other: EncodedCertificate) -> Bool {
        guard other.subject.isEquivalent(to: issuer), let key = try? other.subjectPublicKeyInfo.publicKey() else {
            return false
        }
        return isSigned(by: key)
    }
}
