// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import PKIX
internal import SwiftASN1

internal import struct Foundation.Date

extension ASN1ObjectIdentifier {
    /// The object identifiers of SCEP's attributes (RFC 8894 §3.2.1, table 2).
    enum SCEP {
        static let messageType: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 2]
        static let pkiStatus: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 3]
        static let failInfo: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 4]
        static let senderNonce: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 5]
        static let recipientNonce: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 6]
        static let transactionID: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 7]
        static let failInfoText: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 24, 1]
    }
}

extension SignedAttributes {
    /// The text of a string attribute, whatever string type it has.
    ///
    /// - Returns: nil when it is absent.
    func text(_ type: ASN1ObjectIdentifier) throws(CMSError) -> String? {
        guard let node = try value(type) else { return nil }
        guard let text = CharacterString.text(node) else { throw .malformed("attribute \(type): not a string") }
        return text
    }

    /// A nonce.
    ///
    /// - Returns: nil when it is absent.
    func nonce(_ type: ASN1ObjectIdentifier) throws(CMSError) -> Nonce? {
        guard let node = try value(type) else { return nil }
        guard let bytes = try? node.octets("nonce"), let nonce = Nonce(received: bytes) else {
            throw .malformed("attribute \(type): not an OCTET STRING of 1 to 64 bytes")
        }
        return nonce
    }

    /// The signingTime, if there is one that can be read.
    var signingTime: Date? {
        guard let node = try? value(.CMS.signingTime) else { return nil }
        return try? EncodedTime.parse(node, "signingTime")
    }
}

extension AttributeToSign {
    static func printable(_ type: ASN1ObjectIdentifier, _ text: String) throws(CMSError) -> AttributeToSign {
        try AttributeToSign(type) { value in
            value.primitive(.printableString, text.utf8)
        }
    }

    static func nonce(_ type: ASN1ObjectIdentifier, _ nonce: Nonce) throws(CMSError) -> AttributeToSign {
        try AttributeToSign(type) { $0.octetString(nonce.bytes) }
    }

    static func utf8(_ type: ASN1ObjectIdentifier, _ text: String) throws(CMSError) -> AttributeToSign {
        try AttributeToSign(type) { value in
            value.primitive(.utf8String, text.utf8)
        }
    }

    static func signingTime(_ moment: Date) throws(CMSError) -> AttributeToSign {
        try AttributeToSign(.CMS.signingTime) { EncodedTime.append(moment, to: &$0) }
    }
}
