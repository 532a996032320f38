// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SwiftASN1

extension ASN1ObjectIdentifier {
    /// The object identifiers that SCEP, CMS and certificates use here (RFC 8894 §3.2.1, RFC 3370, RFC 5280).
    public enum PKIX: Sendable {
        // Digests
        static let md5: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 5]
        static let sha1: ASN1ObjectIdentifier = [1, 3, 14, 3, 2, 26]
        static let sha256: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 1]
        static let sha384: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 2]
        static let sha512: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 3]
        // Keys
        package static let rsaEncryption: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 1]
        static let rsaPSS: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 10]
        package static let rsaOAEP: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 7]
        package static let mgf1: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 8]
        package static let pSpecified: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 9]
        static let ecPublicKey: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
        static let p256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
        static let p384: ASN1ObjectIdentifier = [1, 3, 132, 0, 34]
        static let p521: ASN1ObjectIdentifier = [1, 3, 132, 0, 35]
        // Signatures
        static let md5WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 4]
        static let sha1WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 5]
        static let sha256WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 11]
        static let sha384WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 12]
        static let sha512WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 13]
        static let oiwSHA1WithRSA: ASN1ObjectIdentifier = [1, 3, 14, 3, 2, 29]
        static let ecdsaWithSHA1: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 1]
        static let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 2]
        static let ecdsaWithSHA384: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 3]
        static let ecdsaWithSHA512: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 4]
        // PKCS#9 attributes and the other places of extensions in requests
        package static let challengePassword: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 7]
        package static let extensionRequest: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 14]
        static let microsoftExtensions: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 311, 2, 1, 14]
        static let verisignExtensions: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 8]
        // Certificate extensions
        /// subjectKeyIdentifier (RFC 5280 §4.2.1.2).
        public static let subjectKeyIdentifier: ASN1ObjectIdentifier = [2, 5, 29, 14]
        /// keyUsage (RFC 5280 §4.2.1.3).
        public static let keyUsage: ASN1ObjectIdentifier = [2, 5, 29, 15]
        /// subjectAltName (RFC 5280 §4.2.1.6).
        public static let subjectAltName: ASN1ObjectIdentifier = [2, 5, 29, 17]
        /// basicConstraints (RFC 5280 §4.2.1.9).
        public static let basicConstraints: ASN1ObjectIdentifier = [2, 5, 29, 19]
        /// cRLNumber (RFC 5280 §5.2.3).
        public static let crlNumber: ASN1ObjectIdentifier = [2, 5, 29, 20]
        static let reasonCode: ASN1ObjectIdentifier = [2, 5, 29, 21]
        static let invalidityDate: ASN1ObjectIdentifier = [2, 5, 29, 24]
        static let deltaCRLIndicator: ASN1ObjectIdentifier = [2, 5, 29, 27]
        static let certificateIssuer: ASN1ObjectIdentifier = [2, 5, 29, 29]
        static let freshestCRL: ASN1ObjectIdentifier = [2, 5, 29, 46]
        /// issuingDistributionPoint (RFC 5280 §5.2.5).
        public static let issuingDistributionPoint: ASN1ObjectIdentifier = [2, 5, 29, 28]
        /// cRLDistributionPoints (RFC 5280 §4.2.1.13).
        public static let crlDistributionPoints: ASN1ObjectIdentifier = [2, 5, 29, 31]
        /// authorityKeyIdentifier (RFC 5280 §4.2.1.1).
        public static let authorityKeyIdentifier: ASN1ObjectIdentifier = [2, 5, 29, 35]
        /// extKeyUsage (RFC 5280 §4.2.1.12).
        public static let extendedKeyUsage: ASN1ObjectIdentifier = [2, 5, 29, 37]
    }
}
