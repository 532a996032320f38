// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import SCEPCrafting

internal import struct Foundation.Date

/// What holds for what servers answer, as clients read it.
enum ReplyChecks {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// Takes bytes for each of the answers that there are.
    ///
    /// The input is an answer, or a `MessageRecipe` that is signed here as by the CA.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        var bytes = input
        if let recipe = MessageRecipe(input) {
            bytes = try recipe.message(try Actors.shared())
        } else {
            try EncodingChecks.check(input)
        }
        var isUnderstood = try checkCapabilities(bytes)
        if let offered = try? CACertificates(body: bytes) {
            try check(offered)
            isUnderstood = true
        }
        if let next = try? NextCACertificates.read(bytes, authorities: try authorities()) {
            try check(next)
            isUnderstood = true
        }
        let asked = try Questions.shared()
        for request in [asked.enrolment, asked.certificate, asked.certificateList] {
            guard let reply = try? ReceivedReply(bytes: bytes, to: request, authorities: try authorities()) else {
                continue
            }
            isUnderstood = true
            try check(reply)
            let stranger = try? ReceivedReply(bytes: bytes, to: asked.another, authorities: try authorities())
            try require(stranger == nil, "an answer is the answer to one request")
        }
        return isUnderstood
    }

    /// The certificates that GetCACert is said to have given.
    private static func authorities() throws(FuzzFinding) -> CACertificates {
        let actors = try Actors.shared()
        return CACertificates(certificates: [actors.client, actors.ellipticClient])
    }

    // MARK: - GetCACaps, GetCACert

    private static func checkCapabilities(_ bytes: [UInt8]) throws(FuzzFinding) -> Bool {
        let capabilities = Capabilities(body: bytes)
        try require(Capabilities(body: capabilities.body) == capabilities, "keywords that are written are read again")
        try require(capabilities.preferredDigest != .insecureMD5, "nobody chooses MD5")
        try require(capabilities.preferredCipher != .insecureDESCBC, "nobody chooses single DES")
        return capabilities.isSCEPStandard
    }

    private static func check(_ offered: CACertificates) throws(FuzzFinding) {
        for certificate in offered.certificates { try CertificateChecks.check(certificate) }
        let again = try require("certificates that were read can be sent") {
            try CACertificates(body: try offered.answer().body)
        }
        try require(again.certificates == offered.certificates, "certificates that are sent are read again")
        _ = offered.recipient
        if let authority = try? TrustedAuthority(offered, fingerprint: nil, now: now) {
            try check(authority, offered)
        }
        guard let wanted = offered.certificates.last.map({ Fingerprint(of: $0) }),
            let authority = try? TrustedAuthority(offered, fingerprint: wanted, now: now)
        else { return }
        try require(authority.anchors.map { Fingerprint(of: $0) } == [wanted], "the anchor has the fingerprint")
        try check(authority, offered)
    }

    /// Whatever is trusted was offered, and is an anchor or signed below one.
    private static func check(_ authority: TrustedAuthority, _ offered: CACertificates) throws(FuzzFinding) {
        let trusted = authority.certificates.certificates
        try require(!authority.anchors.isEmpty, "a CA has an anchor")
        for certificate in trusted {
            try require(offered.certificates.contains(certificate), "what is trusted was offered")
            _ = authority.roles(of: certificate)
            if authority.anchors.contains(certificate) { continue }
            try require(hasChain(authority, certificate, others: []), "what is trusted is signed below an anchor")
        }
        if let issuer = authority.issuer { try require(trusted.contains(issuer), "the issuer is trusted") }
    }

    private static func hasChain(
        _ authority: TrustedAuthority,
        _ certificate: EncodedCertificate,
        others: [EncodedCertificate]
    ) -> Bool {
        guard let chain = authority.chain(above: certificate, with: others, now: now), let top = chain.last else {
            return false
        }
        return authority.anchors.contains(top)
    }

    // MARK: - CertRep

    private static func check(_ reply: ReceivedReply) throws(FuzzFinding) {
        let authority = try require("a lone certificate is a CA's") {
            let lone = CACertificates(certificates: [try Actors.shared().client])
            return try TrustedAuthority(lone, fingerprint: nil, now: now)
        }
        switch reply {
        case .pending, .failure: break
        case .success(let issued, let others):
            try require(!others.contains(issued), "the certificate is none of the others")
            for certificate in [issued] + others { try CertificateChecks.check(certificate) }
            // Nobody has the CA's key in here, which is made anew in each process.
            try require(!hasChain(authority, issued, others: others), "what the CA did not sign is not taken")
        case .certificateList(let encoded):
            guard try CertificateListChecks.check(encoded), let list = try? EncodedCertificateList(derEncoded: encoded)
            else { return }
            try require(!authority.hasSigned(list), "what the CA did not sign is not taken")
        }
    }
}

/// What a client has asked; the same in each process but for its keys.
struct Questions: Sendable {
    let enrolment: ClientRequest
    let certificate: ClientRequest
    let certificateList: ClientRequest
    /// An enrolment with the same transactionID and another nonce.
    let another: ClientRequest

    /// The octet that transactionID and nonce consist of.
    static let octet: UInt8 = 0x5A
    /// The transactionID of all.
    static let transactionID = String(repeating: "5a", count: 16)
    /// The nonce of all but the last.
    static let nonce = [UInt8](repeating: octet, count: 16)
    /// The certificate that is asked for by its name, which has the CA's name for its issuer's.
    static let issuer = "device-1"
    static let serialNumber: [UInt8] = [0x41]

    /// The key that a certificate is asked for: nobody has its private half.
    static let subjectPublicKeyInfo = TLV.sequence(
        TLV.algorithm(OID.rsaEncryption),
        TLV.bitString(
            TLV.sequence(TLV.encode(0x02, [0] + (0..<256).map { 0xC1 ^ UInt8(truncatingIfNeeded: $0) }), TLV.integer(3))
        )
    )

    static func shared() throws(FuzzFinding) -> Questions { try require("requests can be made") { try made.get() } }

    private static let made = Result { try Questions() }

    /// Says the same again and again.
    private struct Monotony: RandomNumberGenerator {
        var octet: UInt8

        func next() -> UInt64 { UInt64(octet) &* 0x0101_0101_0101_0101 }
    }

    private init() throws {
        let actors = try Actors.shared()
        var request = HandMadeRequest("device-1", key: actors.ellipticKey, challenge: EnvelopedDataChecks.password)
        request.subjectPublicKeyInfo = Self.subjectPublicKeyInfo
        let wished = try CertificationRequest(derEncoded: try request.der())
        let parties = ClientRequest.Parties(
            signer: actors.ellipticClient,
            key: actors.transparentKey,
            recipient: actors.client
        )
        let options = ClientRequest.Options(digest: .sha256, cipher: .aes128CBC)
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let name = IssuerAndSerialNumber(issuer: try Name("CN=\(Self.issuer)"), serialNumber: Self.serialNumber)
        func ask(_ octet: UInt8) throws -> ClientRequest {
            var generator = Monotony(octet: octet)
            return try ClientRequest.pkcsReq(
                wished,
                parties: parties,
                transactionID: TransactionID(Self.transactionID),
                options: options,
                now: now,
                using: &generator
            )
        }
        enrolment = try ask(Self.octet)
        another = try ask(Self.octet ^ 0xFF)
        var generator = Monotony(octet: Self.octet)
        certificate = try .getCert(name, parties: parties, options: options, now: now, using: &generator)
        certificateList = try .getCRL(covering: name, parties: parties, options: options, now: now, using: &generator)
    }
}
