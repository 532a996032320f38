// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport

/// The least server that the library's stages make: it issues to everybody, and answers as `FailInfo` says.
struct Dialogue {
    /// What came of a request.
    enum Outcome {
        /// Nothing can be answered, for this reason.
        case unreadable(String)
        /// A FAILURE, for this reason.
        case refused(SCEPError, reply: [UInt8])
        /// A SUCCESS.
        case issued(OpenedRequest, reply: [UInt8])
    }

    let scene: SCEPScene
    var policy = AlgorithmPolicy.standard
    var emptyContent = EmptyContent.zeroLength
    /// The passwords that envelopes may be under; the first is that of the replies.
    var passwords: [String] = []
    var missingNonce = Acceptance.refused
    /// What a SUCCESS holds; the certificate that was issued unless it is set.
    var contents: CertRep.Contents?

    func send(_ message: PKIMessageBuilder) throws -> Outcome {
        try send(try message.build())
    }

    func send(_ bytes: [UInt8]) throws -> Outcome {
        var generator = SystemRandomNumberGenerator()
        let moment = Date(timeIntervalSince1970: 1_800_000_000)
        let options = CertRep.Options(policy: policy, emptyContent: emptyContent, signingTime: moment)
        let received: ReceivedMessage
        do {
            received = try ReceivedMessage(bytes: bytes, missingNonce: missingNonce)
        } catch {
            guard case .unreadable(let reason) = error, FailInfo.answer(to: error) == nil else { throw error }
            return .unreadable(reason)
        }
        do {
            let opened = try received.verified(policy: policy).opened(with: [scene.credential], passwords: passwords)
            let reply = try CertRep.success(
                opened,
                try contents ?? .certificates([scene.issued().der]),
                password: passwords.first,
                options: options,
                using: &generator
            )
            return .issued(opened, reply: reply)
        } catch let error as SCEPError {
            guard let answer = FailInfo.answer(to: error) else { throw error }
            let reply = try CertRep.failure(
                received,
                failInfo: answer.failInfo,
                text: answer.text,
                credential: scene.credential,
                options: options,
                using: &generator
            )
            return .refused(error, reply: reply)
        }
    }

    /// The failInfo of the reply to a message; nil when there was no FAILURE.
    func failInfo(_ message: PKIMessageBuilder) throws -> FailInfo? {
        guard case .refused(_, let reply) = try send(message) else { return nil }
        return try ReplyReader(reply).value(OID.failInfo).flatMap { FailInfo(rawValue: $0.text) }
    }

    /// Whether a message was answered with SUCCESS.
    func isIssued(_ message: PKIMessageBuilder) throws -> Bool {
        guard case .issued(_, let reply) = try send(message) else { return false }
        return try ReplyReader(reply).value(OID.pkiStatus)?.text == "0"
    }
}

extension Dialogue {
    /// A SUCCESS, a FAILURE with content of zero bytes and one without content.
    static func replies(_ scene: SCEPScene) throws -> [(status: String, reply: [UInt8])] {
        var dialogue = Dialogue(scene: scene)
        var replies: [(String, [UInt8])] = []
        if case .issued(_, let reply) = try dialogue.send(try scene.message()) { replies.append(("0", reply)) }
        var wrong = try scene.message()
        wrong.spoilSignature = { $0.map { $0 ^ 1 } }
        for form in EmptyContent.allCases {
            dialogue.emptyContent = form
            if case .refused(_, let reply) = try dialogue.send(wrong) { replies.append(("2", reply)) }
        }
        return replies
    }
}
