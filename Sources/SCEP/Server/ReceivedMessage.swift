// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CryptographicMessageSyntax
public import Cryptography
internal import PKIX

public import struct Foundation.Date

/// A request as it came: it can be read, and so be answered, but nothing in it is to be believed yet.
///
/// The first of three stages (bytes → `ReceivedMessage` → `VerifiedMessage` → `OpenedRequest`); each can be had from the one
/// before it only.
public final class ReceivedMessage: Sendable {
    /// The client's name for the operation.
    public let transactionID: TransactionID
    /// What the sender wants back in the reply; nil only where a message without it is accepted.
    public let senderNonce: Nonce?
    /// What kind of message it says it is; nil when it doesn't say, or says it in a way that can't be read.
    public let messageType: MessageType?
    /// The digest that the signer names, if it is a known one.
    public let digest: DigestAlgorithm?
    /// When the sender says that it signed.
    public let signingTime: Date?
    let signedData: SignedData
    let signerInfo: SignerInfo
    let limits: CMSLimits

    /// Reads a request (RFC 8894 §3.2), BER or DER.
    ///
    /// - Parameters:
    ///   - bytes: the message.
    ///   - limits: how much of each thing may be in it.
    ///   - missingNonce: whether a message without a senderNonce is accepted (client-quirks E11).
    /// - Throws: `unreadable`, when no CertRep can answer it: it is no SignedData with one signer and signed attributes, or
    ///   transactionID or senderNonce are missing.
    public init(
        bytes: [UInt8],
        limits: CMSLimits = .request,
        missingNonce: Acceptance = .refused
    ) throws(SCEPError) {
        do {
            let signedData = try SignedData(contentInfo: bytes, limits: limits)
            guard let signerInfo = signedData.signerInfos.first, signedData.signerInfos.count == 1 else {
                throw SCEPError.unreadable("the message has \(signedData.signerInfos.count) signers instead of one")
            }
            guard let attributes = signerInfo.signedAttributes else {
                throw SCEPError.unreadable("the message has no signed attributes")
            }
            guard let text = try attributes.text(.SCEP.transactionID), let transactionID = TransactionID(text) else {
                throw SCEPError.unreadable("the transactionID is missing, empty, too long or not printable")
            }
            let senderNonce = try attributes.nonce(.SCEP.senderNonce)
            guard senderNonce != nil || missingNonce == .accepted else {
                throw SCEPError.unreadable("the senderNonce is missing")
            }
            self.transactionID = transactionID
            self.senderNonce = senderNonce
            // An unreadable messageType is no reason to leave the sender without a CertRep.
            self.messageType = (try? attributes.text(.SCEP.messageType)).map(MessageType.init(rawValue:))
            self.digest = signerInfo.digestAlgorithm.digestAlgorithm
            self.signingTime = attributes.signingTime
            self.signedData = signedData
            self.signerInfo = signerInfo
            self.limits = limits
        } catch let error as SCEPError {
            throw error
        } catch let error as CMSError {
            throw .unreadable(error.reason)
        } catch {
            throw .unreadable("unexpected structure")
        }
    }

    /// Checks the outer signature over the bytes as they came, the algorithms that are visible from outside, and the messageType.
    ///
    /// - Throws: `algorithmNotAccepted`, `integrityCheckFailed`, `messageTypeNotServed` or `notOpened`.
    public func verified(policy: AlgorithmPolicy) throws(SCEPError) -> VerifiedMessage {
        try VerifiedMessage(self, policy: policy)
    }
}

extension CMSError {
    /// The reason in words, for traces.
    var reason: String {
        switch self {
        case .malformed(let reason), .signatureInvalid(let reason), .unencodable(let reason): reason
        case .limitExceeded(let what): "too many \(what)"
        case .unsupportedAlgorithm(let what): "\(what) is not supported"
        case .undecryptable: "the content does not decrypt"
        }
    }
}
