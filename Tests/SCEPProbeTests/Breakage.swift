// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEPCrafting

/// How the fake server departs from what is right; by default it doesn't.
struct Breakage: Sendable {
    /// Something that the server looks at in requests.
    enum Look: Hashable, Sendable {
        case transactionID, messageType, senderNonce, knownType, form, contentType, content, signature, messageDigest
        case signerCertificate, recipient, decryption, plaintext, md5, des
        case challenge, rightChallenge, usedChallenge, requestSignature, requestKey, wishes
        case poll, pollSigner, renewalSigner, renewalSubject, renewalListed, ecChallenge, resend
    }

    /// A moment at which the server says no though it should not; the value is the failInfo, or an HTTP status of three digits.
    enum No: Hashable, Sendable {
        case aes, sha256, tripleDES, sha1, unknownDigest, ber, unknownAttribute, everything, otherSubject, bmp
        case pollNames, polls, secondPoll, secondPending, nameTwice
        case renewal, sameKey, renewalWithChallenge, oldRenewal
        case getCert, unknownSerial, strangersGetCert, ec, password, longID, noSigningTime
    }

    /// What is not looked at.
    var blind: Set<Look> = []
    /// What is refused.
    var refusals: [No: String] = [:]
    var capabilities: [String: String] = [:]
    /// Changes an answer at the level of HTTP.
    var http: @Sendable (LoopbackServer.Question, inout LoopbackServer.Answer) -> Void = { _, _ in }
    /// Changes what GetCACert lists.
    var authorities: @Sendable (inout [EncodedCertificate]) -> Void = { _ in }
    /// Whether there is no RA.
    var hasNoRA = false
    /// The content octets of the keyUsage of the RA's certificate.
    var usage: [UInt8] = [5, 0xA0]
    /// Changes the certificates and CRLs of a SUCCESS.
    var contents: @Sendable (inout [[UInt8]], inout [[UInt8]]) -> Void = { _, _ in }
    /// Changes the encoding of what is encrypted, and of what GetCACert lists.
    var degenerate: @Sendable (_ certificates: [UInt8], _ lists: [UInt8]) -> [UInt8] = Self.degenerate
    var envelope: @Sendable (_ messageType: String, inout EnvelopeBuilder) -> Void = { _, _ in }
    /// Changes a reply, by pkiStatus.
    var reply: @Sendable (_ status: String, inout PKIMessageBuilder) -> Void = { _, _ in }
    /// Whether a SUCCESS is not encrypted.
    var sendsPlain = false
    /// Whether the digest is over what was to be encrypted.
    var signsFirst = false
    var issuesForAnotherKey = false
    var answersPendingAtOnce = false
    var givesFirstCertificateToAll = false
    var sharesTransactions = false
    var repeatsFirstNonce = false
    var tellsLengths = false
    var issuesByOldCA = false
    var queriesArePending = false
    /// Whether a reply to an EC client is under the RA's key, or under another password.
    var misdirectsEC = false
    var usesWrongPassword = false
    var usesPasswordForAll = false

    /// A certificates-only SignedData.
    static func degenerate(_ certificates: [UInt8], _ lists: [UInt8]) -> [UInt8] {
        TLV.sequence(
            OID.signedData,
            TLV.context(
                0,
                TLV.sequence(TLV.integer(1), TLV.set(), TLV.sequence(OID.data), certificates, lists, TLV.set())
            )
        )
    }

    /// One with an empty content.
    static func withContent(_ certificates: [UInt8], _ lists: [UInt8]) -> [UInt8] {
        let content = TLV.sequence(OID.data, TLV.context(0, TLV.octetString([])))
        return TLV.sequence(
            OID.signedData,
            TLV.context(0, TLV.sequence(TLV.integer(1), TLV.set(), content, certificates, lists, TLV.set()))
        )
    }

    /// One with a digest algorithm.
    static func withDigest(_ certificates: [UInt8], _ lists: [UInt8]) -> [UInt8] {
        let digests = TLV.set(TLV.algorithm(OID.sha256))
        return TLV.sequence(
            OID.signedData,
            TLV.context(
                0,
                TLV.sequence(TLV.integer(1), digests, TLV.sequence(OID.data), certificates, lists, TLV.set())
            )
        )
    }
}
