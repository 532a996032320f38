// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
public import Cryptography
public import PKIX

public import struct Foundation.Date

/// A request as a client makes it, with what is needed to judge the reply.
public struct ClientRequest: Sendable {
    /// How a request is made.
    public struct Options: Sendable {
        /// The digest of the outer signature.
        public var digest: DigestAlgorithm
        /// The cipher of the envelope.
        public var cipher: ContentCipher
        /// The key transport of the envelope.
        public var padding: KeyTransportPadding

        /// Puts options together.
        public init(digest: DigestAlgorithm, cipher: ContentCipher, padding: KeyTransportPadding = .pkcs1) {
            self.digest = digest
            self.cipher = cipher
            self.padding = padding
        }
    }

    /// Who sends a request, and to whom.
    public struct Parties: Sendable {
        /// The certificate that signs: a `TemporaryCertificate` for a first request, the old certificate for a renewal.
        public var signer: EncodedCertificate
        /// The key of that certificate, which also opens the reply.
        public var key: any PrivateKey
        /// The CA's or RA's certificate to envelope to.
        public var recipient: EncodedCertificate

        /// Puts parties together.
        public init(signer: EncodedCertificate, key: any PrivateKey, recipient: EncodedCertificate) {
            self.signer = signer
            self.key = key
            self.recipient = recipient
        }
    }

    /// What a SUCCESS has to hold.
    enum Expectation: Sendable {
        case certificate(key: SubjectPublicKeyInfo)
        case namedCertificate(IssuerAndSerialNumber)
        case certificateList
    }

    /// The encoded pkiMessage.
    public let bytes: [UInt8]
    /// The name of the operation.
    public let transactionID: TransactionID
    /// The nonce that the reply has to repeat.
    public let senderNonce: Nonce
    let expectation: Expectation
    let key: any PrivateKey
    /// What opens a reply to a key that can't decrypt.
    let password: String?

    /// Makes a PKCSReq (RFC 8894 §3.3.1), which is signed with the key that it asks a certificate for.
    ///
    /// - Parameters:
    ///   - request: the PKCS#10 request.
    ///   - parties: who sends it to whom; signed with an issued certificate instead, it is a renewal as in drafts of old.
    ///   - transactionID: the name of the operation; a fresh random one when nil.
    ///   - options: the algorithms.
    ///   - now: the time for signingTime.
    ///   - generator: where nonce, id, content key and vector come from.
    /// - Returns: the request, ready to be sent.
    /// - Throws: `unencodable`.
    public static func pkcsReq(
        _ request: CertificationRequest,
        parties: Parties,
        transactionID: TransactionID? = nil,
        options: Options,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        try make(.pkcsReq, request, parties, transactionID, options, now, using: &generator)
    }

    /// Makes a RenewalReq (RFC 8894 §3.3.1), which is signed with the certificate that is to be renewed.
    ///
    /// The parameters are those of `pkcsReq`.
    ///
    /// - Throws: `unencodable`.
    public static func renewalReq(
        _ request: CertificationRequest,
        parties: Parties,
        transactionID: TransactionID? = nil,
        options: Options,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        try make(.renewalReq, request, parties, transactionID, options, now, using: &generator)
    }

    /// Both messages that carry a PKCS#10 request differ by their type and their signer alone.
    private static func make(
        _ type: MessageType,
        _ request: CertificationRequest,
        _ parties: Parties,
        _ transactionID: TransactionID?,
        _ options: Options,
        _ now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        try make(
            type,
            request.der,
            .certificate(key: request.subjectPublicKeyInfo),
            parties,
            transactionID,
            password: request.challengePassword,
            options,
            now,
            using: &generator
        )
    }

    /// Makes a CertPoll (RFC 8894 §3.3.3), which asks what became of an earlier request.
    ///
    /// - Parameters:
    ///   - request: the PKCS#10 request of that time.
    ///   - issuer: the subject of the CA that is to issue.
    ///   - parties: who signed that request, and to whom this one goes.
    ///   - transactionID: the name of that operation.
    ///   - password: the challenge of that request, if it was stored without it; needed where a key can't decrypt.
    ///   - options: the algorithms.
    ///   - now: the time for signingTime.
    ///   - generator: where nonce, content key and vector come from.
    /// - Returns: the request, ready to be sent.
    /// - Throws: `unencodable`.
    public static func certPoll(
        for request: CertificationRequest,
        issuer: Name,
        parties: Parties,
        transactionID: TransactionID,
        password: String? = nil,
        options: Options,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        try make(
            .certPoll,
            try encoded { () throws(PKIXError) in
                try IssuerAndSubject(issuer: issuer, subject: request.subject).derEncoded()
            },
            .certificate(key: request.subjectPublicKeyInfo),
            parties,
            transactionID,
            password: password ?? request.challengePassword,
            options,
            now,
            using: &generator
        )
    }

    /// Makes a GetCert (RFC 8894 §3.3.4), signed with an issued certificate.
    ///
    /// - Throws: `unencodable`.
    public static func getCert(
        _ certificate: IssuerAndSerialNumber,
        parties: Parties,
        options: Options,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        try make(
            .getCert,
            try encoded { () throws(PKIXError) in try certificate.derEncoded() },
            .namedCertificate(certificate),
            parties,
            nil,
            password: nil,
            options,
            now,
            using: &generator
        )
    }

    /// Makes a GetCRL (RFC 8894 §3.3.4) for the CRL that covers a certificate, signed with an issued one.
    ///
    /// - Throws: `unencodable`.
    public static func getCRL(
        covering certificate: IssuerAndSerialNumber,
        parties: Parties,
        options: Options,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        try make(
            .getCRL,
            try encoded { () throws(PKIXError) in try certificate.derEncoded() },
            .certificateList,
            parties,
            nil,
            password: nil,
            options,
            now,
            using: &generator
        )
    }

    private static func encoded(_ body: () throws(PKIXError) -> [UInt8]) throws(SCEPError) -> [UInt8] {
        do {
            return try body()
        } catch {
            throw .unencodable("messageData")
        }
    }

    private static func make(
        _ type: MessageType,
        _ messageData: [UInt8],
        _ expectation: Expectation,
        _ parties: Parties,
        _ transactionID: TransactionID?,
        password: String?,
        _ options: Options,
        _ now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        do {
            let random = generator.bytes(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            guard let id = transactionID ?? TransactionID(random) else { throw SCEPError.unencodable("transactionID") }
            let nonce = Nonce(using: &generator)
            let bytes = try SignedData.sign(
                content: try envelope(messageData, parties.recipient, password, options, using: &generator),
                signer: parties.signer,
                key: parties.key,
                digest: options.digest,
                attributes: [
                    .printable(.SCEP.transactionID, id.text),
                    .printable(.SCEP.messageType, type.rawValue),
                    .nonce(.SCEP.senderNonce, nonce),
                    .signingTime(now),
                ]
            )
            return ClientRequest(
                bytes: bytes,
                transactionID: id,
                senderNonce: nonce,
                expectation: expectation,
                key: parties.key,
                password: password
            )
        } catch {
            throw .unencodable("\(type)")
        }
    }

    private static func envelope(
        _ messageData: [UInt8],
        _ recipient: EncodedCertificate,
        _ password: String?,
        _ options: Options,
        using generator: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        let key = try recipient.subjectPublicKeyInfo.publicKey()
        if case .ec = key.algorithm {
            guard let password else { throw SCEPError.unencodable("an envelope to a key that can't decrypt") }
            return try EnvelopedData.encrypt(messageData, password: password, cipher: options.cipher, using: &generator)
        }
        return try EnvelopedData.encrypt(
            messageData,
            to: recipient,
            key: key,
            cipher: options.cipher,
            padding: options.padding,
            using: &generator
        )
    }
}
