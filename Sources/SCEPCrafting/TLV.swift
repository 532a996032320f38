// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Writes BER by hand, right or wrong, without the encoder of the library.
package enum TLV {
    /// One value with a definite length in its shortest form.
    package static func encode(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag] + length(content.count) + content
    }

    /// One value whose length is written in more bytes than it needs.
    package static func longForm(_ tag: UInt8, _ content: [UInt8], lengthByteCount: Int = 4) -> [UInt8] {
        let bytes = (0..<lengthByteCount).reversed().map { UInt8(truncatingIfNeeded: content.count >> ($0 * 8)) }
        return [tag, 0x80 | UInt8(lengthByteCount)] + bytes + content
    }

    /// One value of indefinite length.
    package static func indefinite(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag, 0x80] + content + [0, 0]
    }

    package static func sequence(_ parts: [UInt8]...) -> [UInt8] { encode(0x30, parts.flatMap(\.self)) }
    package static func set(_ parts: [UInt8]...) -> [UInt8] { encode(0x31, parts.flatMap(\.self)) }
    package static func context(_ number: UInt8, _ parts: [UInt8]...) -> [UInt8] {
        encode(0xA0 | number, parts.flatMap(\.self))
    }
    package static func octetString(_ bytes: [UInt8]) -> [UInt8] { encode(0x04, bytes) }
    package static func bitString(_ bytes: [UInt8]) -> [UInt8] { encode(0x03, [0] + bytes) }
    package static func integer(_ contentOctets: UInt8...) -> [UInt8] { encode(0x02, contentOctets) }
    package static func printable(_ text: String) -> [UInt8] { encode(0x13, Array(text.utf8)) }
    package static func utf8(_ text: String) -> [UInt8] { encode(0x0C, Array(text.utf8)) }
    package static let null: [UInt8] = [5, 0]

    /// A SET OF in the order of DER.
    package static func sortedSet(_ parts: [[UInt8]]) -> [UInt8] {
        encode(0x31, parts.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self))
    }

    /// A value of indefinite length that holds OCTET STRINGs of at most so many bytes.
    package static func segments(_ tag: UInt8, _ bytes: [UInt8], of size: Int) -> [UInt8] {
        let parts = stride(from: 0, to: bytes.count, by: size).map {
            octetString(Array(bytes[$0..<min($0 + size, bytes.count)]))
        }
        return indefinite(tag | 0x20, parts.flatMap(\.self))
    }

    /// An attribute: SEQUENCE of its type, encoded already, and the SET of its values.
    package static func attribute(_ type: [UInt8], _ values: [UInt8]...) -> [UInt8] {
        sequence(type, encode(0x31, values.flatMap(\.self)))
    }

    /// An algorithm identifier whose parameters are NULL.
    package static func algorithm(_ oid: [UInt8]) -> [UInt8] { sequence(oid, null) }

    private static func length(_ count: Int) -> [UInt8] {
        guard count >= 128 else { return [UInt8(count)] }
        let bytes = (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }.drop { $0 == 0 }
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}

/// Object identifiers as encoded, tag and length included, taken from the standards and not from the library.
package enum OID {
    // SCEP (RFC 8894 §3.2.1, table 2)
    package static let messageType = [UInt8](hex: "060a6086480186f845010902")
    package static let pkiStatus = [UInt8](hex: "060a6086480186f845010903")
    package static let failInfo = [UInt8](hex: "060a6086480186f845010904")
    package static let senderNonce = [UInt8](hex: "060a6086480186f845010905")
    package static let recipientNonce = [UInt8](hex: "060a6086480186f845010906")
    package static let transactionID = [UInt8](hex: "060a6086480186f845010907")
    package static let failInfoText = [UInt8](hex: "06082b06010505071801")
    // CMS attributes and contents
    package static let contentType = [UInt8](hex: "06092a864886f70d010903")
    package static let messageDigest = [UInt8](hex: "06092a864886f70d010904")
    package static let signingTime = [UInt8](hex: "06092a864886f70d010905")
    package static let data = [UInt8](hex: "06092a864886f70d010701")
    package static let signedData = [UInt8](hex: "06092a864886f70d010702")
    package static let envelopedData = [UInt8](hex: "06092a864886f70d010703")
    // PKCS#9 and the other carriers of extensions
    package static let challengePassword = [UInt8](hex: "06092a864886f70d010907")
    package static let extensionRequest = [UInt8](hex: "06092a864886f70d01090e")
    package static let microsoftExtensions = [UInt8](hex: "060a2b06010401823702010e")
    package static let verisignExtensions = [UInt8](hex: "060a6086480186f845010908")
    package static let randomNonce = [UInt8](hex: "060a2a864886f70d01091903")
    // Algorithms
    package static let rsaEncryption = [UInt8](hex: "06092a864886f70d010101")
    package static let md5WithRSA = [UInt8](hex: "06092a864886f70d010104")
    package static let sha1WithRSA = [UInt8](hex: "06092a864886f70d010105")
    package static let sha256WithRSA = [UInt8](hex: "06092a864886f70d01010b")
    package static let sha512WithRSA = [UInt8](hex: "06092a864886f70d01010d")
    package static let rsaOAEP = [UInt8](hex: "06092a864886f70d010107")
    package static let mgf1 = [UInt8](hex: "06092a864886f70d010108")
    package static let pSpecified = [UInt8](hex: "06092a864886f70d010109")
    package static let ecPublicKey = [UInt8](hex: "06072a8648ce3d0201")
    package static let p256 = [UInt8](hex: "06082a8648ce3d030107")
    package static let md5 = [UInt8](hex: "06082a864886f70d0205")
    package static let sha1 = [UInt8](hex: "06052b0e03021a")
    package static let sha256 = [UInt8](hex: "0609608648016503040201")
    package static let sha384 = [UInt8](hex: "0609608648016503040202")
    package static let sha512 = [UInt8](hex: "0609608648016503040203")
    package static let sha3of256 = [UInt8](hex: "0609608648016503040208")
    package static let aes128CBC = [UInt8](hex: "0609608648016503040102")
    package static let aes192CBC = [UInt8](hex: "0609608648016503040116")
    package static let aes256CBC = [UInt8](hex: "060960864801650304012a")
    package static let aes128GCM = [UInt8](hex: "0609608648016503040106")
    package static let tripleDESCBC = [UInt8](hex: "06082a864886f70d0307")
    /// A cipher that nobody has: an arc of the documentation's own.
    package static let unknownCipher = [UInt8](hex: "06092b06010401831e0101")
    package static let desCBC = [UInt8](hex: "06052b0e030207")
    // Names and extensions
    package static let commonName = [UInt8](hex: "0603550403")
    package static let organization = [UInt8](hex: "060355040a")
    package static let subjectAltName = [UInt8](hex: "0603551d11")
    package static let keyUsage = [UInt8](hex: "0603551d0f")
    package static let subjectKeyIdentifier = [UInt8](hex: "0603551d0e")
    package static let basicConstraints = [UInt8](hex: "0603551d13")
    package static let microsoftSID = [UInt8](hex: "06092b0601040182371902")
}
