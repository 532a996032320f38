// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import PKIX
internal import SCEP

internal import struct Foundation.Date

/// What holds for pkiMessages.
enum MessageChecks {
    /// Everything that any profile can accept.
    private static let policy = AlgorithmPolicy(
        digests: Set(DigestAlgorithm.allCases),
        ciphers: Set(ContentCipher.allCases),
        clientKeyLimits: .verification,
        pss: .accepted,
        passwordRecipients: .accepted
    )

    private static let options = CertRep.Options(
        policy: policy,
        emptyContent: .zeroLength,
        signingTime: Date(timeIntervalSince1970: 1_800_000_000)
    )

    /// Takes a message through all stages and answers it.
    ///
    /// The input is a message, or a `MessageRecipe` whose message is signed here.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        var bytes = input
        let recipe = MessageRecipe(input)
        if let recipe {
            bytes = try recipe.message(try Actors.shared())
        } else {
            try EncodingChecks.check(input)
        }
        guard let message = try? ReceivedMessage(bytes: bytes, missingNonce: .accepted) else { return false }
        try require(TransactionID(message.transactionID.text) != nil, "a transactionID is one")
        try require(message.senderNonce.map { (1...64).contains($0.bytes.count) } ?? true, "nonces are limited")
        _ = message.messageType?.description
        let actors = try Actors.shared()
        var generator = SystemRandomNumberGenerator()
        let failure = try require("every message that can be read can be answered") {
            try CertRep.failure(
                message,
                failInfo: .badRequest,
                text: "no",
                credential: actors.credential,
                options: options,
                using: &generator
            )
        }
        try checkReply(failure, to: message)
        guard let verified = try? message.verified(policy: policy) else { return false }
        try CertificateChecks.check(verified.signer)
        guard
            let opened = try? verified.opened(
                with: [actors.credential],
                passwords: [EnvelopedDataChecks.password]
            )
        else { return false }
        try check(opened.content)
        let success = try require("every request that is open can be granted") {
            try CertRep.success(
                opened,
                .certificates([actors.client.der]),
                password: EnvelopedDataChecks.password,
                options: options,
                using: &generator
            )
        }
        try checkReply(success, to: message)
        return true
    }

    private static func check(_ content: OpenedRequest.Content) throws(FuzzFinding) {
        switch content {
        case .enroll(let request), .renew(let request):
            try CertificationRequestChecks.check(request)
        case .poll(let names):
            if let issuer = names.issuer { try NameChecks.check(issuer) }
            if let subject = names.subject { try NameChecks.check(subject) }
        case .getCert(let certificate), .getCRL(let certificate):
            try NameChecks.check(certificate.issuer)
        }
    }

    /// A reply is signed by who answers.
    private static func checkReply(_ bytes: [UInt8], to message: ReceivedMessage) throws(FuzzFinding) {
        let reply = try require("a reply can be read") { try SignedData(contentInfo: bytes) }
        let key = try Actors.shared().credential.key.publicKey
        try require("the signature of a reply is good") {
            try reply.signerInfos.first?.verify(
                content: reply.content ?? [],
                contentType: reply.contentType,
                key: key
            )
        }
        let again = try require("a reply can be read as a message") {
            try ReceivedMessage(bytes: bytes)
        }
        try require(again.transactionID == message.transactionID, "a reply has the request's transactionID")
        try require(again.messageType == .certRep, "a reply is a CertRep")
    }
}
