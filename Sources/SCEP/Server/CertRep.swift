// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography

public import struct Foundation.Date

/// What stands where a FAILURE or PENDING has no content (client-quirks D3).
public enum EmptyContent: String, Sendable, Hashable, CaseIterable {
    /// A content of zero bytes, which the most clients read.
    case zeroLength = "zero-length"
    /// No content at all.
    case absent
}

/// The reply to a request (RFC 8894 §3.3.2).
public enum CertRep: Sendable {
    /// How replies are made: what a profile says, and what changes with each reply.
    public struct Options: Sendable {
        /// The algorithms that replies may use.
        public var policy: AlgorithmPolicy
        /// The form of a reply without content.
        public var emptyContent: EmptyContent
        /// The time for signingTime.
        public var signingTime: Date

        /// Puts options together.
        public init(policy: AlgorithmPolicy, emptyContent: EmptyContent, signingTime: Date) {
            self.policy = policy
            self.emptyContent = emptyContent
            self.signingTime = signingTime
        }
    }

    /// What a SUCCESS holds.
    public enum Contents: Sendable {
        /// Certificates, DER, the one that was asked for first.
        case certificates([[UInt8]])
        /// The CRL that was asked for, DER (RFC 8894 §2.7: alone).
        case certificateList([UInt8])

        func degenerate() throws(CMSError) -> [UInt8] {
            switch self {
            case .certificates(let certificates): try SignedData.degenerate(certificates: certificates)
            case .certificateList(let list): try SignedData.degenerate(certificates: [], crls: [list])
            }
        }
    }

    /// SUCCESS: what was asked for, encrypted to the request's signer (RFC 8894 §2.3).
    ///
    /// - Parameters:
    ///   - request: what is answered.
    ///   - contents: what it holds.
    ///   - password: the challenge of the transaction, for a signer whose key can't decrypt (`OpenedRequest.replyDelivery`).
    ///   - credential: who signs; the credential that opened the request when nil.
    ///   - options: how to make it.
    ///   - generator: where nonce, content key and vector come from.
    /// - Returns: the encoded reply.
    /// - Throws: `unencodable`, also when a password is needed and there is none.
    public static func success(
        _ request: OpenedRequest,
        _ contents: Contents,
        password: String? = nil,
        credential: RACredential? = nil,
        options: Options,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> [UInt8] {
        do {
            return try sign(
                request.message.received,
                content: try envelope(try contents.degenerate(), request, password, options, using: &generator),
                status: .success,
                extra: [],
                credential: credential ?? request.credential,
                options: options,
                using: &generator
            )
        } catch {
            throw .unencodable("CertRep SUCCESS")
        }
    }

    private static func envelope(
        _ plaintext: [UInt8],
        _ request: OpenedRequest,
        _ password: String?,
        _ options: Options,
        using generator: inout some RandomNumberGenerator
    ) throws(CMSError) -> [UInt8] {
        let cipher = options.policy.replyCipher(to: request.message.cipher)
        switch request.replyDelivery {
        case .transport(let padding):
            return try EnvelopedData.encrypt(
                plaintext,
                to: request.message.signer,
                key: request.message.signerKey,
                cipher: cipher,
                padding: padding,
                using: &generator
            )
        case .password:
            guard let password else { throw .unencodable("a reply without a password") }
            return try EnvelopedData.encrypt(plaintext, password: password, cipher: cipher, using: &generator)
        }
    }

    /// PENDING: the request waits for somebody's decision (RFC 8894 §3.3.2.3).
    ///
    /// - Parameters:
    ///   - message: what is answered.
    ///   - credential: who answers.
    ///   - options: how to make it.
    ///   - generator: where the nonce comes from.
    /// - Returns: the encoded reply.
    /// - Throws: `unencodable`.
    public static func pending(
        _ message: ReceivedMessage,
        credential: RACredential,
        options: Options,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> [UInt8] {
        do {
            return try sign(
                message,
                content: options.emptyContent == .zeroLength ? [] : nil,
                status: .pending,
                extra: [],
                credential: credential,
                options: options,
                using: &generator
            )
        } catch {
            throw .unencodable("CertRep PENDING")
        }
    }

    /// FAILURE.
    ///
    /// - Parameters:
    ///   - message: what is answered.
    ///   - failInfo: the reason for machines.
    ///   - text: the reason for people; a constant.
    ///   - credential: who answers.
    ///   - options: how to make it.
    ///   - generator: where the nonce comes from.
    /// - Returns: the encoded reply.
    /// - Throws: `unencodable`.
    public static func failure(
        _ message: ReceivedMessage,
        failInfo: FailInfo,
        text: String,
        credential: RACredential,
        options: Options,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> [UInt8] {
        do {
            return try sign(
                message,
                content: options.emptyContent == .zeroLength ? [] : nil,
                status: .failure,
                extra: [.printable(.SCEP.failInfo, failInfo.rawValue), .utf8(.SCEP.failInfoText, text)],
                credential: credential,
                options: options,
                using: &generator
            )
        } catch {
            throw .unencodable("CertRep FAILURE")
        }
    }

    private static func sign(
        _ message: ReceivedMessage,
        content: [UInt8]?,
        status: PKIStatus,
        extra: [AttributeToSign],
        credential: RACredential,
        options: Options,
        using generator: inout some RandomNumberGenerator
    ) throws(CMSError) -> [UInt8] {
        let recipientNonce = try message.senderNonce.map { nonce throws(CMSError) in
            try AttributeToSign.nonce(.SCEP.recipientNonce, nonce)
        }
        return try SignedData.sign(
            content: content,
            signer: credential.signer,
            key: credential.key,
            digest: options.policy.replyDigest(to: message.digest),
            attributes: [
                .printable(.SCEP.transactionID, message.transactionID.text),
                .printable(.SCEP.messageType, MessageType.certRep.rawValue),
                .printable(.SCEP.pkiStatus, status.rawValue),
                .nonce(.SCEP.senderNonce, Nonce(using: &generator)),
                .signingTime(options.signingTime),
            ] + (recipientNonce.map { [$0] } ?? []) + extra,
            alongside: credential.alongside
        )
    }
}
