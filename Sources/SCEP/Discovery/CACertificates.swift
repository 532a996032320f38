// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
public import PKIX
internal import X509

/// The certificates of a CA: the answer to GetCACert (RFC 8894 §4.2).
public struct CACertificates: Sendable {
    /// The certificates, in the order in which they stand.
    public let certificates: [EncodedCertificate]

    /// Takes certificates: the RA's, the issuing CA's, those above it (client-quirks H4).
    public init(certificates: [EncodedCertificate]) {
        self.certificates = certificates
    }

    /// The media type of a single certificate.
    public static let singleContentType = "application/x-x509-ca-cert"
    /// The media type of several certificates.
    public static let severalContentType = "application/x-x509-ca-ra-cert"

    /// Makes the answer: one certificate as it is, several as a degenerate SignedData.
    public func answer() throws(SCEPError) -> (body: [UInt8], contentType: String) {
        if let only = certificates.first, certificates.count == 1 {
            return (only.der, Self.singleContentType)
        }
        do {
            return (try SignedData.degenerate(certificates: certificates.map(\.der)), Self.severalContentType)
        } catch {
            throw .unencodable("GetCACert")
        }
    }

    /// Reads an answer by what its bytes are, since media types are not reliable (client-quirks C4).
    ///
    /// - Throws: `unusableCACertificates`.
    public init(body: [UInt8]) throws(SCEPError) {
        if let certificate = try? EncodedCertificate(derEncoded: body) {
            self.certificates = [certificate]
            return
        }
        let found = (try? SignedData(contentInfo: body))?.certificates ?? []
        guard !found.isEmpty else {
            throw .unusableCACertificates("the answer to GetCACert is neither a certificate nor a list of certificates")
        }
        self.certificates = found
    }

    /// The certificate to envelope requests to: one whose key is RSA and may encipher keys, an RA's before a CA's.
    ///
    /// Certificates without a keyUsage, or with a wrong one, serve if there is no better (client-quirks H5). Where no key is RSA, it
    /// is the first certificate, and requests are encrypted under the challenge.
    public var recipient: EncodedCertificate? {
        let candidates = certificates.filter { certificate in
            if case .some(.rsa) = try? certificate.subjectPublicKeyInfo.publicKey().algorithm { return true }
            return false
        }
        let allowed = candidates.filter { $0.keyUsage?.keyEncipherment ?? true }
        return allowed.first { !$0.isCertificateAuthority } ?? allowed.first ?? candidates.first {
            !$0.isCertificateAuthority
        }
            ?? candidates.first ?? certificates.first
    }
}
