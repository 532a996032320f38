// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
public import SwiftASN1

extension ASN1ObjectIdentifier {
    /// The object identifiers of CMS (RFC 5652, RFC 3370, RFC 3565).
    public enum CMS: Sendable {
        /// id-data.
        public static let data: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 1]
        /// id-signedData.
        public static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 2]
        /// id-envelopedData.
        public static let envelopedData: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 3]
        /// The contentType attribute.
        public static let contentType: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 3]
        /// The messageDigest attribute.
        public static let messageDigest: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 4]
        /// The signingTime attribute.
        public static let signingTime: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 5]
        static let aes128CBC: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 1, 2]
        static let aes192CBC: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 1, 22]
        static let aes256CBC: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 1, 42]
        static let tripleDESCBC: ASN1ObjectIdentifier = [1, 2, 840, 113549, 3, 7]
        static let desCBC: ASN1ObjectIdentifier = [1, 3, 14, 3, 2, 7]
        static let pbkdf2: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 5, 12]
        static let pwriKEK: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 16, 3, 9]
        static let hmacWithSHA1: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 7]
        static let hmacWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 9]
        static let hmacWithSHA384: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 10]
        static let hmacWithSHA512: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 11]
    }
}

/// The outermost wrapper of every CMS message (RFC 5652 §3).
///
///     ContentInfo ::= SEQUENCE {
///       contentType ContentType,
///       content [0] EXPLICIT ANY DEFINED BY contentType }
enum ContentInfo {
    /// Takes the content out, which must be of a type.
    static func unwrap(_ bytes: ArraySlice<UInt8>, _ type: ASN1ObjectIdentifier, _ what: String) throws -> EncodedValue
    {
        var reader = try NodeReader(try ASN1Parsing.parse(bytes, what), .sequence, "ContentInfo")
        let found = try reader.next(.objectIdentifier, "contentType").objectIdentifier("contentType")
        guard found == type else { throw CMSError.malformed("\(what): contentType is \(found)") }
        var wrapper = try NodeReader(try reader.next(.context(0), "content"), .context(0), "content")
        return try wrapper.next(.sequence, what)
    }

    static func wrap(
        _ type: ASN1ObjectIdentifier,
        _ body: (inout DEREncoder) throws -> Void
    ) throws(CMSError) -> [UInt8] {
        do {
            return try encode("ContentInfo") { serializer in
                try serializer.sequence { outer in
                    try outer.serialize(type)
                    try outer.constructed(.context(0), body)
                }
            }
        } catch {
            throw CMSError(error)
        }
    }
}
