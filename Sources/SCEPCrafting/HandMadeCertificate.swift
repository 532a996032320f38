// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import Cryptography
package import PKIX

/// A certificate written by hand, as odd as somebody wants it.
package struct HandMadeCertificate: Sendable {
    /// The version field, encoded; empty leaves it out.
    package var version = TLV.context(0, TLV.integer(2))
    /// The content octets of the serial number.
    package var serialNumber: [UInt8] = [0x41, 0x42]
    /// The issuer's name, encoded.
    package var issuer: [UInt8]
    /// The subject's name, encoded.
    package var subject: [UInt8]
    /// Both times, encoded.
    package var validity = Self.utcTime("260101000000Z") + Self.utcTime("460101000000Z")
    /// The SubjectPublicKeyInfo, encoded.
    package var subjectPublicKeyInfo: [UInt8]
    /// The extensions, each encoded; none leaves the field out.
    package var extensions: [[UInt8]] = []
    /// Who signs, with SHA-256.
    package var signer: SoftwareKey

    /// A self-signed certificate.
    package init(_ commonName: String, key: SoftwareKey) {
        self.issuer = Self.name(commonName)
        self.subject = Self.name(commonName)
        self.subjectPublicKeyInfo = key.publicKey.subjectPublicKeyInfo
        self.signer = key
    }

    /// A name of one commonName.
    package static func name(_ commonName: String) -> [UInt8] { name(value: TLV.utf8(commonName)) }

    /// A name of one commonName whose value is encoded already.
    package static func name(value: [UInt8]) -> [UInt8] {
        TLV.sequence(TLV.set(TLV.sequence(OID.commonName, value)))
    }

    /// A UTCTime.
    package static func utcTime(_ text: String) -> [UInt8] { TLV.encode(0x17, Array(text.utf8)) }
    /// A GeneralizedTime.
    package static func generalizedTime(_ text: String) -> [UInt8] { TLV.encode(0x18, Array(text.utf8)) }

    /// An extension that isn't critical.
    package static func `extension`(_ oid: [UInt8], _ value: [UInt8]) -> [UInt8] {
        TLV.sequence(oid, TLV.octetString(value))
    }

    /// What is signed.
    package var toBeSigned: [UInt8] {
        let list = extensions.isEmpty ? [] : TLV.context(3, TLV.encode(0x30, extensions.flatMap(\.self)))
        return TLV.sequence(
            version,
            TLV.encode(0x02, serialNumber),
            signer.certificateAlgorithm,
            issuer,
            TLV.encode(0x30, validity),
            subject,
            subjectPublicKeyInfo,
            list
        )
    }

    /// The encoding.
    package func der() throws -> [UInt8] {
        let signature = try signer.sign(toBeSigned, scheme: signer.certificateScheme)
        return TLV.sequence(toBeSigned, signer.certificateAlgorithm, TLV.bitString(signature))
    }

    /// The certificate as the library reads it.
    package func read() throws -> EncodedCertificate { try EncodedCertificate(derEncoded: try der()) }
}

/// A certification request written by hand.
package struct HandMadeRequest: Sendable {
    /// The subject's name, encoded.
    package var subject: [UInt8]
    /// The attributes, each encoded.
    package var attributes: [[UInt8]] = []
    /// The SubjectPublicKeyInfo, encoded.
    package var subjectPublicKeyInfo: [UInt8]
    /// Who signs, with SHA-256.
    package var signer: SoftwareKey

    /// Changes the signature.
    package var spoilSignature: @Sendable ([UInt8]) -> [UInt8] = { $0 }

    /// A request for a key, with a challenge in a PrintableString unless it is nil.
    package init(_ commonName: String, key: SoftwareKey, challenge: String? = nil) {
        self.subject = HandMadeCertificate.name(commonName)
        self.subjectPublicKeyInfo = key.publicKey.subjectPublicKeyInfo
        self.signer = key
        if let challenge { attributes = [TLV.attribute(OID.challengePassword, TLV.printable(challenge))] }
    }

    /// The encoding.
    package func der() throws -> [UInt8] {
        let info = TLV.sequence(
            TLV.integer(0),
            subject,
            subjectPublicKeyInfo,
            TLV.encode(0xA0, attributes.flatMap(\.self))
        )
        let signature = spoilSignature(try signer.sign(info, scheme: signer.certificateScheme))
        return TLV.sequence(info, signer.certificateAlgorithm, TLV.bitString(signature))
    }
}

extension SoftwareKey {
    /// How it signs certificates and requests here.
    package var certificateScheme: SignatureScheme {
        if case .ec = publicKey.algorithm { return .ecdsa(.sha256) }
        return .rsaPKCS1(.sha256)
    }

    /// The identifier of that.
    package var certificateAlgorithm: [UInt8] {
        if case .ec = publicKey.algorithm { return TLV.sequence(OID.ecdsaWithSHA256) }
        return TLV.algorithm(OID.sha256WithRSA)
    }
}
