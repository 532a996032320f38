// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
public import SCEP

/// The certificate that an enrolment ended with, checked to be for the request's key and from the CA.
public struct EnrolledCertificate: Sendable {
    /// The issued certificate.
    public let certificate: EncodedCertificate
    /// The CA's certificates above it: its issuer first, the anchor last.
    public let chain: [EncodedCertificate]
    /// The name of the operation, under which the server's operator finds it.
    public let transactionID: TransactionID
    /// How the request travelled.
    public let transport: Transport
    /// The digest of the request.
    public let digest: DigestAlgorithm
    /// The cipher of the request.
    public let cipher: ContentCipher
}
