// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import PKIX
internal import SCEPCrafting

internal import struct Foundation.Date

/// An input to begin with; `Fuzzing/Corpus` holds one of each form that matters.
public struct FuzzSeed: Sendable, CustomStringConvertible {
    /// Who is fed with it.
    public let target: FuzzTarget
    /// The name of its file.
    public let name: String
    /// The input.
    public let bytes: [UInt8]

    /// Where it lies.
    public var description: String { "\(target.rawValue)/\(name)" }

    init(_ target: FuzzTarget, _ name: String, _ bytes: [UInt8]) {
        self.target = target
        self.name = name
        self.bytes = bytes
    }

    /// Makes all of them, with new keys.
    public static func all() throws -> [FuzzSeed] {
        let actors = try Actors.shared()
        return try signedData(actors) + envelopedData() + requests(actors) + certificationRequests(actors)
            + certificates(actors) + certificateLists(actors) + names + connections + replies(actors)
    }

    /// All lengths indefinite, as BER allows (X.690 §8.1.3.6).
    static func indefinite(_ der: [UInt8]) throws -> [UInt8] { try indefinite(try DERElement(der)) }

    private static func indefinite(_ element: DERElement) throws -> [UInt8] {
        guard element.tag & 0x20 != 0 else { return element.encoded }
        return TLV.indefinite(element.tag, try element.members.flatMap { try indefinite($0) })
    }

    // MARK: - CMS

    private static func signedData(_ actors: Actors) throws -> [FuzzSeed] {
        var builder = PKIMessageBuilder(content: Array("content".utf8), signer: actors.client, key: actors.clientKey)
        let definite = try builder.build()
        builder.form = .indefinite
        let segmented = try builder.build()
        builder.form = .definite
        builder.order = .asGivenSignedSorted
        let unsorted = try builder.build()
        builder.order = .sorted
        builder.signerIdentifier = TLV.encode(0x80, Array(1...20))
        let byKeyIdentifier = try builder.build()
        builder.signsAttributes = false
        let bare = try builder.build()
        var elliptic = PKIMessageBuilder(content: nil, signer: actors.ellipticClient, key: actors.ellipticKey)
        elliptic.scheme = .ecdsa(.sha256)
        elliptic.signatureIdentifier = TLV.sequence([UInt8](hex: "06082a8648ce3d040302"))
        let degenerate = try SignedData.degenerate(
            certificates: [actors.client.der],
            crls: [try certificateList(actors)]
        )
        return [
            FuzzSeed(.cmsSignedData, "rsa", definite),
            FuzzSeed(.cmsSignedData, "rsa-segments", segmented),
            FuzzSeed(.cmsSignedData, "rsa-indefinite", try indefinite(definite)),
            FuzzSeed(.cmsSignedData, "rsa-padded", definite + [0, 0, 0x0A]),
            FuzzSeed(.cmsSignedData, "unsorted-attributes", unsorted),
            FuzzSeed(.cmsSignedData, "key-identifier", byKeyIdentifier),
            FuzzSeed(.cmsSignedData, "no-attributes", bare),
            FuzzSeed(.cmsSignedData, "ecdsa-no-content", try elliptic.build()),
            FuzzSeed(.cmsSignedData, "degenerate", degenerate),
        ]
    }

    private static func envelopedData() throws -> [FuzzSeed] {
        let plaintext = Array("what is encrypted".utf8)
        var seeds = try ContentCipher.allCases.map { cipher in
            FuzzSeed(
                .cmsEnvelopedData,
                cipher.rawValue.lowercased(),
                try TransparentEnvelope(plaintext: plaintext, cipher: cipher).build()
            )
        }
        var envelope = TransparentEnvelope(plaintext: plaintext)
        envelope.keyTransport = TLV.sequence(OID.rsaOAEP, oaepParameters)
        seeds.append(FuzzSeed(.cmsEnvelopedData, "oaep", try envelope.build()))
        envelope.keyTransport = TLV.algorithm(OID.rsaEncryption)
        envelope.recipient = TLV.encode(0x80, Array(1...20))
        envelope.writeContent = { TLV.segments(0x80, $0, of: 16) }
        envelope.otherRecipients = [
            EnvelopeBuilder.recipientInfo(
                Actors.registrationIdentifier,
                keyTransport: TLV.algorithm(OID.rsaEncryption),
                encryptedKey: [0, 2] + [UInt8](repeating: 0x55, count: 237) + [0] + Array(1...16)
            )
        ]
        let segmented = try envelope.build()
        seeds.append(FuzzSeed(.cmsEnvelopedData, "segments", segmented))
        seeds.append(
            FuzzSeed(.cmsEnvelopedData, "indefinite", try indefinite(TransparentEnvelope(plaintext: plaintext).build()))
        )
        var generator = SystemRandomNumberGenerator()
        for cipher in [ContentCipher.aes128CBC, .tripleDESCBC] {
            let message = try EnvelopedData.encrypt(
                plaintext,
                password: EnvelopedDataChecks.password,
                cipher: cipher,
                using: &generator
            )
            seeds.append(FuzzSeed(.cmsEnvelopedData, "password-\(cipher.rawValue.lowercased())", message))
        }
        return seeds
    }

    /// SHA-256 for both digests, and an empty label that is written.
    private static let oaepParameters = TLV.sequence(
        TLV.context(0, TLV.algorithm(OID.sha256)),
        TLV.context(1, TLV.sequence(OID.mgf1, TLV.algorithm(OID.sha256))),
        TLV.context(2, TLV.sequence(OID.pSpecified, TLV.octetString([])))
    )

    // MARK: - SCEP

    private static func requests(_ actors: Actors) throws -> [FuzzSeed] {
        let request = try HandMadeRequest("device-1", key: actors.clientKey, challenge: "fuzzing").der()
        let names = TLV.sequence(HandMadeCertificate.name("Example CA"), HandMadeCertificate.name("device-1"))
        let plaintexts: [(name: String, type: String, plaintext: [UInt8])] = [
            ("pkcsreq", "19", request), ("renewalreq", "17", request), ("certpoll", "20", names),
            ("getcert", "21", Actors.registrationIdentifier), ("getcrl", "22", Actors.registrationIdentifier),
        ]
        var seeds: [FuzzSeed] = []
        for (number, (name, type, plaintext)) in plaintexts.enumerated() {
            let content = try TransparentEnvelope(plaintext: plaintext).build()
            var builder = PKIMessageBuilder(
                content: content,
                signer: actors.client,
                key: actors.clientKey,
                messageType: type
            )
            let choices = [UInt8(number % 5), UInt8(number % 2), UInt8(number % 3), UInt8(number % 3), 0]
            let recipe = MessageRecipe.encode(choices: choices, attributes: builder.attributes, content: plaintext)
            seeds.append(FuzzSeed(.scepRequest, "\(name)-recipe", recipe))
            seeds.append(FuzzSeed(.scepRequest, name, try builder.build()))
            builder.form = .indefinite
            seeds.append(FuzzSeed(.scepRequest, "\(name)-segments", try builder.build()))
        }
        let builder = PKIMessageBuilder(content: nil, signer: actors.client, key: actors.clientKey)
        var generator = SystemRandomNumberGenerator()
        let underPassword = try EnvelopedData.encrypt(
            request,
            password: EnvelopedDataChecks.password,
            cipher: .aes128CBC,
            using: &generator
        )
        let recipe = MessageRecipe.encode(
            choices: [5, 0, 0, 0, 1],
            attributes: builder.attributes,
            content: underPassword
        )
        seeds.append(FuzzSeed(.scepRequest, "password-recipe", recipe))
        return seeds
    }

    private static func certificationRequests(_ actors: Actors) throws -> [FuzzSeed] {
        let key = actors.clientKey
        var seeds = [
            FuzzSeed(
                .certificationRequest,
                "challenge",
                try HandMadeRequest("device-1", key: key, challenge: "x").der()
            )
        ]
        var request = HandMadeRequest("device-1", key: key)
        seeds.append(FuzzSeed(.certificationRequest, "plain", try request.der()))
        request.attributes = [
            TLV.attribute(OID.challengePassword, TLV.encode(0x1E, [0, 0x61, 0, 0x62])),
            TLV.attribute(OID.extensionRequest, TLV.encode(0x30, extensions.flatMap(\.self))),
            TLV.attribute(OID.microsoftExtensions, TLV.encode(0x30, extensions.prefix(1).flatMap(\.self))),
        ]
        let full = try request.der()
        seeds.append(FuzzSeed(.certificationRequest, "extensions", full))
        seeds.append(FuzzSeed(.certificationRequest, "indefinite", try indefinite(full)))
        return seeds
    }

    // MARK: - X.509

    /// A subjectAltName, a keyUsage and a subjectKeyIdentifier.
    private static let extensions = [
        HandMadeCertificate.extension(OID.subjectAltName, TLV.sequence(TLV.encode(0x82, Array("device.example".utf8)))),
        TLV.sequence(OID.keyUsage, TLV.encode(0x01, [0xFF]), TLV.octetString([0x03, 0x02, 0x05, 0xA0])),
        HandMadeCertificate.extension(OID.subjectKeyIdentifier, TLV.octetString(Array(1...20))),
    ]

    private static func certificates(_ actors: Actors) throws -> [FuzzSeed] {
        var certificate = HandMadeCertificate("device-1", key: actors.clientKey)
        certificate.extensions = extensions
        let full = try certificate.der()
        certificate.extensions = []
        certificate.version = []
        certificate.serialNumber = [0x80]
        certificate.validity =
            HandMadeCertificate.generalizedTime("19000101000000Z")
            + HandMadeCertificate.generalizedTime("99991231235959Z")
        certificate.subject = HandMadeCertificate.name(value: TLV.encode(0x14, [0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72]))
        let old = try certificate.der()
        return [
            FuzzSeed(.clientCertificate, "extensions", full),
            FuzzSeed(.clientCertificate, "version-1", old),
            FuzzSeed(.clientCertificate, "indefinite", try indefinite(full)),
            FuzzSeed(.clientCertificate, "elliptic", actors.ellipticClient.der),
        ]
    }

    static func certificateList(
        _ actors: Actors,
        extensions: (inout TBSCertificateList) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var list = TBSCertificateList(
            signatureAlgorithm: AlgorithmIdentifier.signature(.rsaPKCS1(.sha256)) ?? .rsaEncryption,
            issuer: try Name("CN=Example CA"),
            thisUpdate: Date(timeIntervalSince1970: 1_800_000_000),
            nextUpdate: Date(timeIntervalSince1970: 1_800_086_400),
            revoked: [
                RevokedCertificate(serialNumber: [0x41], revokedAt: Date(timeIntervalSince1970: 1_799_000_000)),
                RevokedCertificate(
                    serialNumber: [0x41, 0x42],
                    revokedAt: Date(timeIntervalSince1970: 2_600_000_000),
                    reason: .keyCompromise
                ),
            ],
            extensions: [try CertificateExtensions.crlNumber(7)]
        )
        try extensions(&list)
        let body = try list.derEncoded()
        let signature = try actors.clientKey.sign(body, scheme: .rsaPKCS1(.sha256))
        return TLV.sequence(body, TLV.algorithm(OID.sha256WithRSA), TLV.bitString(signature))
    }

    private static func certificateLists(_ actors: Actors) throws -> [FuzzSeed] {
        [
            FuzzSeed(.certificateList, "two-entries", try certificateList(actors)),
            FuzzSeed(.certificateList, "empty", try certificateList(actors) { $0.revoked = [] }),
            FuzzSeed(
                .certificateList,
                "distribution-point",
                try certificateList(actors) { list in
                    let url = "http://ca.example/1.crl"
                    list.extensions.append(try CertificateExtensions.issuingDistributionPoint(url: url))
                }
            ),
        ]
    }

    private static let names = [
        ("plain", "CN=device-1,O=Example,C=DE"),
        ("escapes", ##"CN=a\,b\+c\"d\\e\<f\>g\;h\=i\20,OU=\#x\E2\80\AE"##),
        ("encoded", "2.5.4.3=#0c0161+serialNumber=1,DC=example"),
        ("spaces", " CN = Müller + UID=  x , emailAddress=a@b.example"),
    ].map { FuzzSeed(.nameText, $0.0, Array($0.1.utf8)) }
}
