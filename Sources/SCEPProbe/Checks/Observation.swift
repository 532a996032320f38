// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting
internal import X509

extension ProbeSession {
    /// Holds a reply against everything that replies have to be, and opens its envelope.
    func observe(_ reply: inout Reply, to sent: SentMessage, at endpoint: Endpoint) {
        guard sent.isAnswerable, let certRep = reply.certRep, let answer = reply.answer else { return }
        let here = reply.exchange
        expect(
            49,
            answer.mediaType == HTTPQuestion.messageType,
            HTTPQuestion.messageType,
            answer.mediaType ?? "none",
            here
        )
        if reply.isFailure { expect(55, answer.status == 200, "HTTP 200", "HTTP \(answer.status)", here) }
        observeAttributes(certRep, to: sent, here)
        observeStatus(certRep, here)
        observeSignature(certRep, at: endpoint, here)
        if reply.verdict == .success { observeEnvelope(&reply, certRep, to: sent) }
    }

    private func observeAttributes(_ certRep: CertRepReading, to sent: SentMessage, _ here: Int) {
        let type = (try? certRep.reader.encapsulated.at(0).encoded) ?? []
        expect(57, type == OID.data, "id-data", type == OID.data ? "id-data" : "another type", here)
        expect(59, !certRep.attributes.isEmpty, "signed attributes", "\(certRep.attributes.count) attributes", here)
        attribute(60, certRep.value(OID.transactionID), 0x13, "the request's transactionID", here) {
            $0 == Array(sent.transactionID.utf8)
        }
        attribute(61, certRep.value(OID.messageType), 0x13, "the PrintableString 3", here) { $0 == Array("3".utf8) }
        let nonce = certRep.value(OID.senderNonce)
        let isNew = nonce.map { noncesSeen.insert($0.content).inserted && $0.content != sent.senderNonce } ?? false
        attribute(62, nonce, 0x04, "16 new bytes", here) { $0.count == 16 && isNew }
        attribute(63, certRep.value(OID.recipientNonce), 0x04, "the request's senderNonce", here) {
            $0 == sent.senderNonce
        }
        let contentType = certRep.value(OID.contentType)?.encoded
        let digest = certRep.value(OID.messageDigest)?.content
        let right = certRep.digest?.digest(certRep.content ?? [])
        expect(
            64,
            contentType == OID.data,
            "a contentType attribute of id-data",
            contentType == nil ? "none" : "id-data",
            here
        )
        expect(
            64,
            digest != nil && digest == right,
            "the digest of the content",
            digest == nil ? "no messageDigest" : digest == right ? "the right digest" : "another digest",
            here
        )
    }

    private func attribute(
        _ number: Int,
        _ value: DERElement?,
        _ tag: UInt8,
        _ expected: String,
        _ here: Int,
        _ holds: ([UInt8]) -> Bool
    ) {
        guard let value else { return fail(number, expected: expected, "no such attribute, or several values", here) }
        let words = value.tag == 0x04 ? "\(value.content.count) bytes" : "\"\(value.text)\""
        guard value.tag == tag else {
            return fail(number, expected: expected, "\(words) in a value of type \(Self.typeName(value.tag))", here)
        }
        expect(number, holds(value.content), expected, holds(value.content) ? expected : "another: \(words)", here)
    }

    private static func typeName(_ tag: UInt8) -> String {
        switch tag {
        case 0x02: "INTEGER"
        case 0x04: "OCTET STRING"
        case 0x0C: "UTF8String"
        case 0x13: "PrintableString"
        case 0x16: "IA5String"
        default: "with tag \(tag)"
        }
    }

    private func observeStatus(_ certRep: CertRepReading, _ here: Int) {
        attribute(65, certRep.value(OID.pkiStatus), 0x13, "0, 2 or 3", here) {
            [[0x30], [0x32], [0x33]].contains($0)
        }
        let content = certRep.content ?? []
        let emptiness = content.isEmpty ? "no envelope" : "a content of \(content.count) bytes"
        switch certRep.status {
        case "2":
            attribute(66, certRep.value(OID.failInfo), 0x13, "0 to 4", here) {
                $0.count == 1 && (0x30...0x34).contains($0.first ?? 0)
            }
            expect(69, content.isEmpty, "no envelope", emptiness, here)
        case "3":
            expect(70, content.isEmpty, "no envelope", emptiness, here)
            expect(
                67,
                certRep.value(OID.failInfo) == nil,
                "no failInfo",
                "PENDING: failInfo \(certRep.failInfo ?? "absent")",
                here
            )
        case "0":
            expect(
                67,
                certRep.value(OID.failInfo) == nil,
                "no failInfo",
                "SUCCESS: failInfo \(certRep.failInfo ?? "absent")",
                here
            )
        default: break
        }
        if let text = certRep.value(OID.failInfoText) {
            expect(68, text.tag == 0x0C, "a UTF8String", Self.typeName(text.tag), here)
        }
    }

    private func observeSignature(_ certRep: CertRepReading, at endpoint: Endpoint, _ here: Int) {
        let written = certRep.attributes
        let isSorted = zip(written, written.dropFirst()).allSatisfy { !$1.lexicographicallyPrecedes($0) }
        expect(73, isSorted, "attributes in the order of DER", isSorted ? "sorted" : "another order", here)
        let enclosed = certRep.signer(among: certRep.certificates)
        let published = certRep.signer(among: endpoint.authorities)
        if let signer = published ?? enclosed {
            let isRight = certRep.isSigned(by: signer)
            expect(
                73,
                isRight,
                "a signature by \(signer.label)",
                isRight ? "a right signature" : "a wrong signature",
                here
            )
            let usage = signer.keyUsage
            expect(
                34,
                usage?.digitalSignature == true,
                "keyUsage digitalSignature",
                "\(signer.label): \(usage.map { $0.digitalSignature ? "digitalSignature" : "no digitalSignature" } ?? "no keyUsage")",
                here
            )
        }
        let state =
            switch (enclosed, published) {
            case (.some, .some): "enclosed and published"
            case (.some, nil): "enclosed, but GetCACert does not list it"
            case (nil, .some): "published, but not enclosed"
            case (nil, nil): "neither enclosed nor published"
            }
        expect(74, enclosed != nil && published != nil, "enclosed and published", state, here)
        let isMD5 = certRep.digest == .insecureMD5 || certRep.signatureOID == OID.md5WithRSA
        expect(13, !isMD5, "no MD5", certRep.digest?.rawValue ?? "an unknown digest", here)
    }

    // MARK: - SUCCESS

    private func observeEnvelope(_ reply: inout Reply, _ certRep: CertRepReading, to sent: SentMessage) {
        let here = reply.exchange
        guard let content = certRep.content, let envelope = try? EnvelopeReading(content) else {
            let isBare = certRep.content.flatMap { try? CertificatesOnly($0) } != nil
            let what =
                isBare
                ? "certificates that are not encrypted" : certRep.content == nil ? "no content" : "something else"
            fail(58, expected: "an EnvelopedData", what, here)
            if isBare { fail(77, expected: "encrypted certificates", what, here) }
            return
        }
        pass(58, "an EnvelopedData", here)
        pass(77, "the certificates are encrypted", here)
        let isDigested = certRep.value(OID.messageDigest)?.content == certRep.digest?.digest(content)
        expect(
            76,
            isDigested,
            "a signature over the encrypted content",
            isDigested ? "so it is" : "over something else",
            here
        )
        expect(
            71,
            envelope.contentType == OID.data,
            "id-data",
            envelope.contentType == OID.data ? "id-data" : "another type",
            here
        )
        expect(
            13,
            envelope.cipher != .insecureDESCBC,
            "no single DES",
            envelope.cipher?.rawValue ?? "an unknown cipher",
            here
        )
        observeRecipient(envelope, to: sent, here)
        observeAlgorithms(certRep, envelope, to: sent, here)
        guard let plaintext = try? envelope.plaintext(key: sent.sender.key, challenge: sent.challenge) else {
            fail(116, expected: "an envelope that the signer's key opens", "it does not open", here)
            if envelope.passwordRecipient != nil {
                fail(165, expected: "an envelope that the challenge opens", "it does not open", here)
            }
            return
        }
        if envelope.passwordRecipient != nil { pass(165, "the challenge opens it", here) }
        observeContents(&reply, plaintext, to: sent)
    }

    private func observeRecipient(_ envelope: EnvelopeReading, to sent: SentMessage, _ here: Int) {
        let right = envelope.rightVersion
        expect(75, envelope.version == [right], "version \(right)", "version \(envelope.version.first ?? 0)", here)
        let kind =
            envelope.keyTransport != nil
            ? "KeyTransRecipientInfo"
            : envelope.passwordRecipient != nil ? "PasswordRecipientInfo" : "another RecipientInfo"
        guard case .rsa = sent.sender.key.publicKey.algorithm else {
            return expect(163, envelope.passwordRecipient != nil, "PasswordRecipientInfo", kind, here)
        }
        expect(162, envelope.keyTransport != nil, "KeyTransRecipientInfo", kind, here)
        guard let identifier = try? envelope.keyTransport?.at(1) else { return }
        let signer = sent.sender.certificate
        let fits =
            identifier.tag == 0x80
            ? identifier.content == signer.subjectKeyIdentifier
            : identifier.encoded == EnvelopeBuilder.identifier(of: signer)
        let number = sent.messageType == "17" ? [72, 141] : [72]
        for number in number {
            expect(
                number,
                fits,
                "the certificate that signed the request",
                fits ? "that one" : "another certificate",
                here
            )
        }
    }

    private func observeAlgorithms(
        _ certRep: CertRepReading,
        _ envelope: EnvelopeReading,
        to sent: SentMessage,
        _ here: Int
    ) {
        guard sent.cipher == .aes128CBC, sent.digest == .sha256 else { return }
        let isAES = [.aes128CBC, .aes192CBC, .aes256CBC].contains(envelope.cipher)
        expect(
            7,
            isAES && certRep.digest == .sha256,
            "AES and SHA-256",
            "\(envelope.cipher?.rawValue ?? "an unknown cipher") and \(certRep.digest?.rawValue ?? "an unknown digest")",
            here
        )
    }

    private func observeContents(_ reply: inout Reply, _ plaintext: [UInt8], to sent: SentMessage) {
        let here = reply.exchange
        guard let contents = try? CertificatesOnly(plaintext) else {
            return fail(112, expected: "a certificates-only SignedData", "something else is encrypted", here)
        }
        reply.contents = contents
        let content = contents.hasContent ? "a content" : "no content"
        expect(36, !contents.hasContent, "no content", content, here)
        expect(115, !contents.hasContent, "no content", content, here)
        expect(
            37,
            contents.oddity == nil,
            "version 1, no digest algorithms, no signers",
            contents.oddity ?? "as it should be",
            here
        )
        guard let key = sent.subjectKey, let wanted = try? SubjectPublicKeyInfo(key) else { return }
        let all = contents.certificates
        guard let issued = all.first(where: { $0.subjectPublicKeyInfo.keyBits == wanted.keyBits }) else {
            let what = all.isEmpty ? "no certificate" : "\(all.count) certificates, none for the request's key"
            fail(112, expected: "a certificate for the request's key", what, here)
            return fail(116, expected: "a certificate for the request's key", what, here)
        }
        reply.issued = issued
        pass(112, "\(issued.label), among \(all.count)", here)
        pass(116, "the key is the request's", here)
        let isLeaf = !issued.isCertificateAuthority && !all.contains { $0 != issued && $0.isIssued(by: issued) }
        expect(113, isLeaf, "a leaf", isLeaf ? "a leaf" : "a CA certificate, or the issuer of another one", here)
        let others = all.filter { $0 != issued }
        let belong = others.allSatisfy(\.isCertificateAuthority)
        if !others.isEmpty {
            expect(
                113,
                belong,
                "CA certificates beside it",
                belong ? "only CA certificates beside it" : "another end entity's certificate beside it",
                here
            )
        }
        expect(
            114,
            all.first == issued,
            "the issued certificate first",
            all.first == issued ? "first" : "not first",
            here
        )
    }
}
