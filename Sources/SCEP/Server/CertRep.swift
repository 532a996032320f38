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

    /// SUCCESS: certificates, encrypted to the request's signer.
    ///
    /// - Parameters:
    ///   - request: what is answered.
    ///   - certificates: DER, the issued one first.
    ///   - options: how to make it.
    ///   - generator: where nonce, content key and vector come from.
    /// - Returns: the encoded reply.
    /// - Throws: `unencodable`.
    public static func success(
        _ request: OpenedRequest,
        certificates: [[UInt8]],
        options: Options,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> [UInt8] {
        do {
            let plaintext = try SignedData.degenerate(certificates: certificates)
            let envelope = try EnvelopedData.encrypt(
                plaintext,
                to: request.message.signer,
                key: request.message.signerKey,
                cipher: options.policy.replyCipher(to: request.message.cipher),
                padding: request.padding,
                using: &generator
            )
            return try sign(
                request.message.received,
                content: envelope,
                status: .success,
                extra: [],
                credential: request.credential,
                options: options,
                using: &generator
            )
        } catch {
            throw .unencodable("CertRep SUCCESS")
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
        try SignedData.sign(
            content: content,
            signer: credential.signer,
            key: credential.key,
            digest: options.policy.replyDigest(to: message.digest),
            attributes: [
                .printable(.SCEP.transactionID, message.transactionID.text),
                .printable(.SCEP.messageType, MessageType.certRep.rawValue),
                .printable(.SCEP.pkiStatus, status.rawValue),
                .nonce(.SCEP.senderNonce, Nonce(using: &generator)),
                .nonce(.SCEP.recipientNonce, message.senderNonce),
                .signingTime(options.signingTime),
            ] + extra,
            alongside: credential.alongside
        )
    }
}
