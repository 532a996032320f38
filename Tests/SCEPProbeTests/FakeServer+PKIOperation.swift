// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import Synchronization
internal import TestSupport
internal import X509

@testable internal import SCEPProbe

extension FakeServer {
    /// A request as far as it is read, and what a reply to it needs.
    struct Request: Sendable {
        var role: EndpointRole
        var id = "unknown"
        var nonce: [UInt8] = [0]
        var type = "19"
        var signer: EncodedCertificate
        var digest = DigestAlgorithm.sha256
        var cipher = ContentCipher.aes128CBC
        var challenge: String?
        var plaintext: [UInt8] = []
        var speaker: Party
        var issuer: Party

        var key: Key { Key(role: role, id: id, signer: signer.subjectPublicKeyInfo.keyBits) }
    }

    enum Result: Sendable {
        case certificates([EncodedCertificate])
        case list([UInt8])
        case pending
    }

    func pkiOperation(_ bytes: [UInt8], _ role: EndpointRole) -> LoopbackServer.Answer {
        do {
            let stranger = try HandMadeCertificate("stranger", key: TestKeys.client).read()
            let (speaker, issuer) = parties(role)
            var request = Request(role: role, signer: stranger, speaker: speaker, issuer: issuer)
            do {
                let result = try answer(bytes, &request)
                return try reply(result, to: request)
            } catch let refusal as Refusal {
                guard refusal.failInfo.count < 3 else { return .init(status: Int(refusal.failInfo) ?? 500) }
                return try reply(refusal, to: request)
            }
        } catch {
            return .init(status: 500, body: Array("\(error)".utf8))
        }
    }

    private func looks(_ look: Breakage.Look) -> Bool { !breakage.blind.contains(look) }

    /// Says no, if the breakage says so.
    private func mayRefuse(_ no: Breakage.No, _ condition: Bool = true) throws {
        if condition, let failInfo = breakage.refusals[no] { throw Refusal(failInfo: failInfo) }
    }

    private func answer(_ bytes: [UInt8], _ request: inout Request) throws -> Result {
        guard let reading = try? CertRepReading(bytes), !reading.attributes.isEmpty else {
            guard looks(.form) else { return try anything(request) }
            throw Refusal(failInfo: "400")
        }
        try mayRefuse(.ber, bytes.dropFirst().first == 0x80)
        try readAttributes(reading, &request)
        try mayRefuse(.everything, request.type == "19")
        try mayRefuse(.unknownAttribute, reading.attributes.contains { $0.contains(run: OID.randomNonce) })
        try mayRefuse(.noSigningTime, reading.value(OID.signingTime) == nil)
        try readSignature(reading, &request)
        if looks(.knownType), !["17", "19", "20", "21", "22"].contains(request.type) { throw Refusal(failInfo: "2") }
        try open(reading.content ?? [], &request)
        switch request.type {
        case "20": return try poll(request)
        case "21", "22": return try query(request)
        default: return try enroll(&request)
        }
    }

    private func readAttributes(_ reading: CertRepReading, _ request: inout Request) throws {
        if let id = reading.text(OID.transactionID) {
            request.id = id
        } else if looks(.transactionID) {
            throw Refusal(failInfo: "400")
        }
        if let nonce = reading.value(OID.senderNonce)?.content {
            request.nonce = nonce
        } else if looks(.senderNonce) {
            throw Refusal(failInfo: "400")
        }
        if let type = reading.text(OID.messageType) {
            request.type = type
        } else if looks(.messageType) {
            throw Refusal(failInfo: "2")
        }
        try mayRefuse(.longID, request.id.count > 64)
    }

    private func readSignature(_ reading: CertRepReading, _ request: inout Request) throws {
        guard let digest = reading.digest else { throw Refusal(failInfo: breakage.refusals[.unknownDigest] ?? "0") }
        if digest == .insecureMD5, looks(.md5) { throw Refusal(failInfo: "0") }
        try mayRefuse(.sha1, digest == .sha1)
        try mayRefuse(.sha256, digest == .sha256)
        request.digest = digest == .insecureMD5 ? .sha256 : digest
        guard let signer = reading.signer(among: reading.certificates) else {
            if looks(.signerCertificate) { throw Refusal(failInfo: "1") }
            return
        }
        request.signer = signer
        if looks(.signature), !reading.isSigned(by: signer) { throw Refusal(failInfo: "1") }
        let fits = reading.value(OID.messageDigest)?.content == digest.digest(reading.content ?? [])
        if looks(.messageDigest), !fits { throw Refusal(failInfo: "1") }
        let type = try reading.reader.encapsulated.at(0).encoded
        if looks(.contentType), type != OID.data { throw Refusal(failInfo: "2") }
    }

    private func open(_ content: [UInt8], _ request: inout Request) throws {
        guard let envelope = try? EnvelopeReading(content) else {
            guard !looks(.plaintext) || !looks(.signerCertificate) else { throw Refusal(failInfo: "2") }
            request.plaintext = content
            return
        }
        guard let cipher = envelope.cipher else { throw Refusal(failInfo: "0") }
        if cipher == .insecureDESCBC, looks(.des) { throw Refusal(failInfo: "0") }
        try mayRefuse(.tripleDES, cipher == .tripleDESCBC)
        try mayRefuse(.aes, cipher == .aes128CBC)
        request.cipher = cipher == .insecureDESCBC ? .tripleDESCBC : cipher
        if let password = envelope.passwordRecipient {
            try mayRefuse(.password)
            // The challenges of the tests are known by their beginning; which one it is, the request can't say.
            for number in 0..<200 {
                guard (try? password.at(1, 1, 1).content) == [0x08, 0x00] else { break }
                if let plaintext = try? envelope.plaintext(key: request.speaker.key, challenge: "good-ec-\(number)") {
                    request.plaintext = plaintext
                    return
                }
                if request.role != .ec { break }
            }
        } else if let identifier = try envelope.keyTransport?.at(1).encoded {
            let known = [registration, authority, nextAuthority]
            if let party = known.first(where: { EnvelopeBuilder.identifier(of: $0.certificate) == identifier }) {
                if identifier == EnvelopeBuilder.identifier(of: nextAuthority.certificate) {
                    request.speaker = nextAuthority
                    request.issuer = breakage.issuesByOldCA ? authority : nextAuthority
                }
                if let plaintext = try? envelope.plaintext(key: party.key, challenge: nil) {
                    request.plaintext = plaintext
                    return
                }
            } else if !looks(.recipient) {
                return
            }
        }
        guard looks(.decryption) else { return }
        throw Refusal(failInfo: "2", text: breakage.tellsLengths ? "\(content.count) bytes" : "refused")
    }

    /// A certificate for whatever was asked.
    private func anything(_ request: Request) throws -> Result {
        let csr = try CertificationRequest(derEncoded: try HandMadeRequest("anything", key: TestKeys.client).der())
        return .certificates([try issue(csr, by: request.issuer)])
    }

    // MARK: - Enrolment

    private func enroll(_ request: inout Request) throws -> Result {
        guard let csr = try? CertificationRequest(derEncoded: request.plaintext) else {
            let isBlind = [.content, .recipient, .decryption, .signerCertificate].contains { !looks($0) }
            guard isBlind else { throw Refusal(failInfo: "2") }
            return try anything(request)
        }
        request.challenge = csr.challengePassword
        let isOwnKey = csr.subjectPublicKeyInfo.keyBits == request.signer.subjectPublicKeyInfo.keyBits
        if looks(.requestSignature), !csr.isSigned(by: try csr.subjectPublicKeyInfo.publicKey()) {
            throw Refusal(failInfo: "2")
        }
        let isIssued = request.signer.isIssued(by: request.issuer.certificate)
        try mayRefuse(.otherSubject, !isIssued && request.signer.subject != csr.subject)
        try mayRefuse(.ec, !isRSA(request.signer))
        if !isRSA(request.signer), csr.challengePassword == nil, looks(.ecChallenge) { throw Refusal(failInfo: "2") }
        if request.type == "17" {
            if request.role == .noRenewal, looks(.renewalListed) { throw Refusal(failInfo: "2") }
            try mayRefuse(.renewal)
            try mayRefuse(.sameKey, isOwnKey)
            try mayRefuse(.renewalWithChallenge, csr.challengePassword != nil)
            if looks(.renewalSigner), !isIssued { throw Refusal(failInfo: "2") }
            if looks(.renewalSubject), isIssued, csr.subject != request.signer.subject { throw Refusal(failInfo: "2") }
            return .certificates([try issue(csr, by: request.issuer)])
        }
        if isIssued {
            try mayRefuse(.oldRenewal)
            return .certificates([try issue(csr, by: request.issuer)])
        }
        if looks(.requestKey), !isOwnKey { throw Refusal(failInfo: "2") }
        try authorise(csr, request)
        return try decide(csr, request)
    }

    private func isRSA(_ certificate: EncodedCertificate) -> Bool {
        if case .some(.rsa) = try? certificate.subjectPublicKeyInfo.publicKey().algorithm { return true }
        return false
    }

    private func authorise(_ csr: CertificationRequest, _ request: Request) throws {
        guard let challenge = csr.challengePassword else {
            guard looks(.challenge), looks(.ecChallenge) || isRSA(request.signer) else { return }
            throw Refusal(failInfo: "2")
        }
        try mayRefuse(.bmp, !csr.der.contains(run: Array(challenge.utf8)))
        guard challenge.hasPrefix("good-") else {
            if looks(.rightChallenge) { throw Refusal(failInfo: "2") }
            return
        }
        let key = csr.subjectPublicKeyInfo.keyBits
        let user = state.withLock { $0.usedChallenges[challenge] }
        if looks(.usedChallenge), let user, user != key { throw Refusal(failInfo: "2") }
    }

    private func decide(_ csr: CertificationRequest, _ request: Request) throws -> Result {
        let earlier = state.withLock { state -> Transaction? in
            if breakage.sharesTransactions, let other = state.transactions.first(where: { $0.key.id == request.id }) {
                return other.value
            }
            return state.transactions[request.key]
        }
        if looks(.resend), let earlier {
            switch earlier.state {
            case .issued(let certificate): return .certificates([certificate])
            case .pending: return .pending
            case .denied: throw Refusal(failInfo: "2")
            }
        }
        try mayRefuse(.nameTwice, state.withLock { !$0.names.insert(csr.subject.der).inserted })
        var made = Transaction(state: .pending, request: csr, firstNonce: request.nonce)
        if request.role == .manual, !breakage.answersPendingAtOnce {
            let waiting = state.withLock { $0.transactions.values.contains { $0.state == .pending } }
            try mayRefuse(.secondPending, waiting)
        } else {
            made.state = .issued(try issue(csr, by: request.issuer))
        }
        let stored = made
        state.withLock { state in
            state.transactions[request.key] = stored
            if let challenge = csr.challengePassword, state.usedChallenges[challenge] == nil {
                state.usedChallenges[challenge] = csr.subjectPublicKeyInfo.keyBits
            }
        }
        guard case .issued(let certificate) = made.state else { return .pending }
        let first = state.withLock { state -> EncodedCertificate in
            if state.firstCertificate == nil { state.firstCertificate = certificate }
            return state.firstCertificate ?? certificate
        }
        return .certificates([breakage.givesFirstCertificateToAll ? first : certificate])
    }

    // MARK: - Polls and queries

    private func poll(_ request: Request) throws -> Result {
        if looks(.content), (try? CertificationRequest(derEncoded: request.plaintext)) != nil {
            throw Refusal(failInfo: "2")
        }
        let found = state.withLock { state -> (Key, Transaction)? in
            let exact = state.transactions[request.key].map { (request.key, $0) }
            return exact
                ?? (looks(.pollSigner)
                    ? nil : state.transactions.first { $0.key.id == request.id }.map { ($0.key, $0.value) })
        }
        guard let (key, transaction) = found else {
            guard !looks(.poll) || !looks(.content) else { throw Refusal(failInfo: "4") }
            return try anything(request)
        }
        try mayRefuse(.polls)
        try mayRefuse(.pollNames, request.plaintext.contains(run: Array("somebody".utf8)))
        let polls = state.withLock { state -> Int in
            state.transactions[key]?.polls += 1
            return state.transactions[key]?.polls ?? 0
        }
        switch transaction.state {
        case .pending: return .pending
        case .denied: throw Refusal(failInfo: "2")
        case .issued(let certificate):
            try mayRefuse(.secondPoll, polls > 4)
            return .certificates([certificate])
        }
    }

    private func query(_ request: Request) throws -> Result {
        if breakage.queriesArePending { return .pending }
        try mayRefuse(.getCert)
        let element = try DERElement(request.plaintext)
        let issuer = try element.at(0).encoded
        let serial = try element.at(1).content
        if request.type == "22" {
            let list = TLV.sequence(
                TLV.sequence(TLV.integer(1), issuer),
                TLV.algorithm(OID.sha256WithRSA),
                TLV.bitString([0])
            )
            return .list(list)
        }
        let found = state.withLock { state in
            state.transactions.first { _, transaction in
                guard case .issued(let certificate) = transaction.state else { return false }
                return certificate.serialNumber == serial && certificate.issuer.der == issuer
            }
        }
        guard let found, case .issued(let certificate) = found.value.state else {
            throw Refusal(failInfo: breakage.refusals[.unknownSerial] ?? "4")
        }
        try mayRefuse(.strangersGetCert, found.key.signer != request.signer.subjectPublicKeyInfo.keyBits)
        return .certificates([certificate])
    }
}
