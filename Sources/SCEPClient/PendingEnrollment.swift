// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
public import SCEP

internal import struct Foundation.Data

/// A request that waits for approval, as a value that can be stored: what `SCEPSession.poll` needs beside the key.
///
/// It holds no secret: neither the key that signed the request, nor the challenge.
public struct PendingEnrollment: Sendable, Hashable {
    /// The name of the operation.
    public let transactionID: TransactionID
    /// The PKCS#10 request without its challengePassword, so that its signature no longer fits.
    public let certificationRequest: CertificationRequest
    /// The certificate that signed the request, and has to sign each poll.
    public let signer: EncodedCertificate
    /// The subject of the CA that is to issue.
    public let issuer: Name

    /// Takes a request as it is sent.
    init(
        transactionID: TransactionID,
        request: CertificationRequest,
        signer: EncodedCertificate,
        issuer: Name
    ) throws(PKIXError) {
        self.transactionID = transactionID
        self.certificationRequest = try CertificationRequest(derEncoded: try request.withoutChallengePassword())
        self.signer = signer
        self.issuer = issuer
    }
}

extension PendingEnrollment: Codable {
    private enum CodingKeys: String, CodingKey {
        case version
        case transactionID
        case certificationRequest
        case signer
        case issuer
    }

    private static let version = 1

    /// Reads what `encode(to:)` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard try values.decode(Int.self, forKey: .version) == Self.version,
            let id = TransactionID(try values.decode(String.self, forKey: .transactionID))
        else {
            let reason = "of another version, or its transactionID can't be one"
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: reason))
        }
        func bytes(_ key: CodingKeys) throws -> [UInt8] { Array(try values.decode(Data.self, forKey: key)) }
        self.transactionID = id
        self.certificationRequest = try CertificationRequest(derEncoded: try bytes(.certificationRequest))
        self.signer = try EncodedCertificate(derEncoded: try bytes(.signer))
        self.issuer = try Name(derEncoded: try bytes(.issuer))
    }

    /// Writes the transactionID as text and the rest as DER, which JSON has as base64.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(Self.version, forKey: .version)
        try values.encode(transactionID.text, forKey: .transactionID)
        try values.encode(Data(certificationRequest.der), forKey: .certificationRequest)
        try values.encode(Data(signer.der), forKey: .signer)
        try values.encode(Data(issuer.der), forKey: .issuer)
    }
}
