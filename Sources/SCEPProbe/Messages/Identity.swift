// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPCrafting

/// A client: a key, a name, and the certificate with which it signs.
struct Identity: Sendable {
    let name: String
    let key: SoftwareKey
    let certificate: EncodedCertificate

    /// A client with a self-signed certificate (RFC 8894 §2.3).
    init(_ name: String, key: SoftwareKey, certificateName: String? = nil, now: Date = Date()) throws {
        var certificate = HandMadeCertificate(certificateName ?? name, key: key)
        var generator = SystemRandomNumberGenerator()
        certificate.serialNumber = [0x01] + (0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) }
        certificate.validity = Self.time(now.addingTimeInterval(-3600)) + Self.time(now.addingTimeInterval(86_400))
        // digitalSignature, and keyEncipherment where the key can.
        let usage: [UInt8] = if case .rsa = key.publicKey.algorithm { [0x03, 2, 5, 0xA0] } else { [0x03, 2, 7, 0x80] }
        certificate.extensions = [TLV.sequence(OID.keyUsage, [0x01, 0x01, 0xFF], TLV.octetString(usage))]
        self.name = name
        self.key = key
        self.certificate = try certificate.read()
    }

    /// A client with a certificate that was issued to it.
    init(_ name: String, key: SoftwareKey, issued: EncodedCertificate) {
        self.name = name
        self.key = key
        self.certificate = issued
    }

    /// A time in the form that certificates and signingTime want.
    static func time(_ date: Date) -> [UInt8] {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let year = parts.year ?? 2000
        let rest = [parts.month, parts.day, parts.hour, parts.minute, parts.second].map { digits($0 ?? 0) }.joined()
        return (1950..<2050).contains(year)
            ? HandMadeCertificate.utcTime(digits(year % 100) + rest + "Z")
            : HandMadeCertificate.generalizedTime("\(year)\(rest)Z")
    }

    private static func digits(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}

/// A request that was sent, with what is needed to judge the reply.
struct SentMessage: Sendable {
    /// The encoded pkiMessage.
    var bytes: [UInt8]
    var transactionID: String
    var senderNonce: [UInt8]
    var messageType: String
    /// Who signed, and to whom the reply is encrypted.
    var sender: Identity
    /// The key for which a certificate is asked; nil for queries.
    var subjectKey: PublicKey?
    /// The challenge inside, under which replies to EC clients are encrypted.
    var challenge: String?
    /// The digest and cipher, which the reply should use as well.
    var digest = DigestAlgorithm.sha256
    var cipher = ContentCipher.aes128CBC
    /// Whether it is what the RFC asks for, so that attributes of the reply can be held against it.
    var isAnswerable = true
}
