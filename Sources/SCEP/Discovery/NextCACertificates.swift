// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import PKIX

public import struct Foundation.Date

/// The certificates of a CA's next generation: the answer to GetNextCACert (RFC 8894 §4.7).
///
/// Their list is a degenerate SignedData, and that is the content of a SignedData with a signature of the present CA.
public enum NextCACertificates: Sendable {
    /// The media type.
    public static let contentType = "application/x-x509-next-ca-cert"

    /// Makes the answer.
    ///
    /// - Parameters:
    ///   - certificates: the next RA's, the next CA's, those above it.
    ///   - credential: who signs: the credential that GetCACert names today.
    ///   - signingTime: the time for signingTime.
    /// - Returns: the encoded answer.
    /// - Throws: `unencodable`.
    public static func answer(
        _ certificates: CACertificates,
        credential: RACredential,
        signingTime: Date
    ) throws(SCEPError) -> [UInt8] {
        do {
            return try SignedData.sign(
                content: try SignedData.degenerate(certificates: certificates.certificates.map(\.der)),
                signer: credential.signer,
                key: credential.key,
                digest: .sha256,
                attributes: [.signingTime(signingTime)],
                alongside: credential.alongside
            )
        } catch {
            throw .unencodable("GetNextCACert")
        }
    }

    /// Reads an answer, and checks that it is signed by one of the present CA's certificates.
    ///
    /// - Throws: `replyRejected` when the signature is not of the CA (RFC 8894 §4.7.1); `unusableCACertificates`.
    public static func read(_ body: [UInt8], authorities: CACertificates) throws(SCEPError) -> CACertificates {
        do {
            let signedData = try SignedData(contentInfo: body)
            guard let info = signedData.signerInfos.first, signedData.signerInfos.count == 1 else {
                throw SCEPError.replyRejected("the answer to GetNextCACert is not signed")
            }
            guard info.digestAlgorithm.digestAlgorithm != .insecureMD5 else {
                throw SCEPError.replyRejected("its digest is MD5, which RFC 8894 section 2.9 forbids")
            }
            guard let signer = authorities.certificates.first(where: { info.signer.matches($0) }) else {
                throw SCEPError.replyRejected("its signer is none of the CA's certificates")
            }
            try info.verify(
                content: signedData.content ?? [],
                contentType: signedData.contentType,
                key: try signer.subjectPublicKeyInfo.publicKey()
            )
            return try CACertificates(body: signedData.content ?? [])
        } catch let error as SCEPError {
            throw error
        } catch let error as CMSError {
            throw .replyRejected(error.reason)
        } catch {
            throw .replyRejected("unexpected structure")
        }
    }
}
