// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// What is to be issued to whom: an authenticated request, as it came or as it waited for a decision.
struct Application {
    var key: TransactionKey
    var requestDigest: [UInt8]
    var publicKeyDigest: [UInt8]
    /// The PKCS#10 request without its challengePassword.
    var request: [UInt8]
    /// The subject as text.
    var subject: String
    var contents: CertificateContents
    var claims: [Claim]
    var duplicates: DuplicateCheck?
    var issuer: any Issuer
}

/// One order with what its certificate's record needs beside the certificate.
struct Work: Sendable {
    let transactionID: UUID
    let order: IssuanceOrder
    private let certificateID: UUID
    private let publicKeyDigest: [UInt8]
    private let profile: String
    private let issuedAt: Date
    /// What the certificate says, when this node prepared it; otherwise it is read from the certificate.
    private let known: (subject: String, notBefore: Date, notAfter: Date, crlShard: Int)?

    init(_ application: Application, _ prepared: PreparedCertificate, _ order: IssuanceOrder, now: Date) {
        var generator = SecureRandom()
        self.transactionID = .version7(at: now, using: &generator)
        self.certificateID = .version7(at: now, using: &generator)
        self.order = order
        self.publicKeyDigest = application.publicKeyDigest
        self.profile = application.key.profile
        self.issuedAt = now
        self.known = (application.subject, prepared.notBefore, prepared.notAfter, prepared.crlShard)
    }

    /// The work that another node left.
    init(takingUp open: OpenTransaction, now: Date) {
        var generator = SecureRandom()
        self.transactionID = open.id
        self.certificateID = .version7(at: now, using: &generator)
        self.order = open.order
        self.publicKeyDigest = open.publicKeyDigest
        self.profile = open.key.profile
        self.issuedAt = now
        self.known = nil
    }

    /// The record of a certificate that this node signed and compared with its order on the spot.
    ///
    /// - Throws: `signingFailed` when it can't be read.
    func record(signedHere der: [UInt8]) throws(IssuanceError) -> CertificateRecord {
        if let known { return record(der, known) }
        return try record(received: der)
    }

    /// The record of a certificate that an issuer gave back.
    ///
    /// - Throws: `signingFailed` when it is not the certificate that was ordered.
    func record(received der: [UInt8]) throws(IssuanceError) -> CertificateRecord {
        record(der, try Self.read(der, order))
    }

    private func record(
        _ der: [UInt8],
        _ contents: (subject: String, notBefore: Date, notAfter: Date, crlShard: Int)
    ) -> CertificateRecord {
        CertificateRecord(
            id: certificateID,
            transactionID: transactionID,
            issuerID: order.issuerID,
            serialNumber: order.serialNumber,
            der: der,
            subject: contents.subject,
            publicKeyDigest: publicKeyDigest,
            profile: profile,
            notBefore: contents.notBefore,
            notAfter: contents.notAfter,
            issuedAt: issuedAt,
            crlShard: contents.crlShard
        )
    }

    private static func read(
        _ der: [UInt8],
        _ order: IssuanceOrder
    ) throws(IssuanceError) -> (subject: String, notBefore: Date, notAfter: Date, crlShard: Int) {
        guard let certificate = try? EncodedCertificate(derEncoded: der), certificate.toBeSigned == order.toBeSigned,
            let notBefore = certificate.notBefore, let notAfter = certificate.notAfter
        else { throw .signingFailed("the issuer returned another certificate than was ordered") }
        // The shard stands in the certificate's distribution point; the store needs the number, and 0 is all there is so far.
        return (certificate.subject.description, notBefore, notAfter, 0)
    }
}
