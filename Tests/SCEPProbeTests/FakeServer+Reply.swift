// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting
internal import Synchronization
internal import TestSupport

@testable internal import SCEPProbe

extension FakeServer {
    func reply(_ result: Result, to request: Request) throws -> LoopbackServer.Answer {
        var certificates: [[UInt8]] = []
        var lists: [[UInt8]] = []
        switch result {
        case .pending: return try send("3", nil, to: request)
        case .certificates(let issued): certificates = issued.map(\.der)
        case .list(let list): lists = [list]
        }
        breakage.contents(&certificates, &lists)
        let plaintext = breakage.degenerate(
            certificates.isEmpty ? [] : TLV.context(0, certificates.flatMap(\.self)),
            lists.isEmpty ? [] : TLV.context(1, lists.flatMap(\.self))
        )
        return try send("0", plaintext, to: request)
    }

    func reply(_ refusal: Refusal, to request: Request) throws -> LoopbackServer.Answer {
        try send("2", nil, to: request, refusal: refusal)
    }

    private func envelope(_ plaintext: [UInt8], to request: Request) throws -> [UInt8] {
        let isRSA: Bool =
            if case .some(.rsa) = try? request.signer.subjectPublicKeyInfo.publicKey().algorithm { true } else { false }
        var builder: EnvelopeBuilder
        if isRSA, !breakage.usesPasswordForAll {
            builder = try EnvelopeBuilder(plaintext, to: request.signer)
        } else if breakage.misdirectsEC {
            builder = try EnvelopeBuilder(plaintext, to: registration.certificate)
        } else {
            builder = EnvelopeBuilder(
                plaintext,
                password: breakage.usesWrongPassword ? "wrong" : request.challenge ?? ""
            )
        }
        builder.cipher = request.cipher
        builder.cipherOID = request.cipher == .tripleDESCBC ? OID.tripleDESCBC : OID.aes128CBC
        breakage.envelope(request.type, &builder)
        return try builder.build()
    }

    private func send(
        _ status: String,
        _ plaintext: [UInt8]?,
        to request: Request,
        refusal: Refusal? = nil
    ) throws -> LoopbackServer.Answer {
        let content = try plaintext.map { breakage.sendsPlain ? $0 : try envelope($0, to: request) } ?? []
        var builder = PKIMessageBuilder(
            content: content,
            signer: request.speaker.certificate,
            key: request.speaker.key,
            transactionID: request.id,
            messageType: "3",
            senderNonce: (0..<16).map { _ in UInt8.random(in: 0...255) }
        )
        switch request.digest {
        case .sha1: builder.use(.sha1, OID.sha1)
        case .sha512: builder.use(.sha512, OID.sha512)
        default: break
        }
        if case .ec = request.speaker.key.publicKey.algorithm { builder.use(.sha256, OID.sha256) }
        let first = state.withLock { $0.transactions[request.key]?.firstNonce }
        let nonce = breakage.repeatsFirstNonce ? first ?? request.nonce : request.nonce
        builder.attributes += [
            TLV.attribute(OID.pkiStatus, TLV.printable(status)),
            TLV.attribute(OID.recipientNonce, TLV.octetString(nonce)),
        ]
        if let refusal {
            builder.attributes.append(TLV.attribute(OID.failInfo, TLV.printable(refusal.failInfo)))
            if let text = refusal.text { builder.attributes.append(TLV.attribute(OID.failInfoText, TLV.utf8(text))) }
        }
        builder.certificates.append(authority.certificate.der)
        if breakage.signsFirst, let plaintext {
            let digest = builder.digest.digest(plaintext)
            builder.messageDigestAttribute = { _ in TLV.attribute(OID.messageDigest, TLV.octetString(digest)) }
        }
        breakage.reply(status, &builder)
        return .init(type: "application/x-pki-message", body: try builder.build())
    }
}
