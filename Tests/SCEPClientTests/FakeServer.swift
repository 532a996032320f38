// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import SwiftASN1

/// A CA's side of the protocol, made of the library's server types, of which a test changes what it wants to be wrong.
struct FakeServer: Sendable {
    typealias Answer = LoopbackServer.Answer

    var capabilities: Answer = .text("SCEPStandard\nPOSTPKIOperation\nAES\nSHA-256\n")
    var certificates: [EncodedCertificate]
    var caAnswer: Answer?
    /// What GetNextCACert is answered with; nil when there is no next CA.
    var nextCAAnswer: Answer?
    /// What other paths answer than those of SCEP, such as that of a CRL.
    var files: [String: [UInt8]] = [:]
    /// Who speaks SCEP; the RA when nil.
    var credentials: [RACredential]?
    /// The passwords that a request may be encrypted under.
    var passwords: [String] = []
    /// Answers the message that was sent.
    var message: @Sendable (OpenedRequest, FakeServer) throws -> Answer = { try $1.success($0) }

    init() throws {
        self.certificates = [try TestCertificates.ra.get(), try TestCertificates.root.get()]
    }

    var credential: RACredential {
        get throws {
            RACredential(certificate: try TestCertificates.ra.get(), key: try TestCertificates.raKey(), alongside: [])
        }
    }

    func answer(_ request: LoopbackServer.Request) -> Answer {
        if let file = files[request.path] { return .bytes(file) }
        do {
            switch request.parameter("operation") {
            case "GetCACaps": return capabilities
            case "GetCACert":
                if let caAnswer { return caAnswer }
                let (body, type) = try CACertificates(certificates: certificates).answer()
                return .reply(.ok, [("Content-Type", type)], body)
            case "GetNextCACert": return nextCAAnswer ?? .text("there is no next CA", .notFound)
            case "PKIOperation": return try message(try open(Self.pkiMessage(request)), self)
            default: return .text("unknown operation", .badRequest)
            }
        } catch {
            return .text("the test's server failed: \(error)", .internalServerError)
        }
    }

    /// The pkiMessage of a request, decoded as strictly as RFC 8894 §4.1 says that it is encoded.
    static func pkiMessage(_ request: LoopbackServer.Request) throws -> [UInt8] {
        guard request.method == .GET else { return request.body }
        guard let escaped = request.parameter("message"), !escaped.contains(where: { "+/=-_ ".contains($0) }),
            let data = escaped.removingPercentEncoding.flatMap({ Data(base64Encoded: $0) })
        else { throw SCEPError.unreadable("message") }
        return Array(data)
    }

    func open(_ bytes: [UInt8]) throws -> OpenedRequest {
        var policy = AlgorithmPolicy.standard
        policy.passwordRecipients = passwords.isEmpty ? .refused : .accepted
        return try ReceivedMessage(bytes: bytes).verified(policy: policy)
            .opened(with: credentials ?? [credential], passwords: passwords)
    }

    // MARK: - Answers

    static func reply(_ bytes: [UInt8]) -> Answer {
        .reply(.ok, [("Content-Type", "application/x-pki-message")], bytes)
    }

    func issue(
        _ request: OpenedRequest,
        key: (any PrivateKey)? = nil,
        issuerKey: (any PrivateKey)? = nil
    ) throws -> EncodedCertificate {
        guard let csr = request.certificationRequest else { throw SCEPError.unreadable("content") }
        let keyInfo = try key.map { try SubjectPublicKeyInfo($0.publicKey) } ?? csr.subjectPublicKeyInfo
        return try TestCertificates.make(
            csr.subject.description,
            key: TestCertificates.deviceKey(),
            publicKey: keyInfo,
            issuerKey: issuerKey,
            extensions: csr.requestedExtensions
        )
    }

    func success(_ request: OpenedRequest, _ certificates: [EncodedCertificate]? = nil) throws -> Answer {
        try success(
            request,
            .certificates(try (certificates ?? [issue(request)]).map(\.der)),
            password: request.certificationRequest?.challengePassword
        )
    }

    func success(_ request: OpenedRequest, _ contents: CertRep.Contents, password: String? = nil) throws -> Answer {
        var generator = SystemRandomNumberGenerator()
        let options = CertRep.Options(policy: .standard, emptyContent: .zeroLength, signingTime: Date())
        return Self.reply(
            try CertRep.success(request, contents, password: password, options: options, using: &generator)
        )
    }

    func pending(_ request: OpenedRequest) throws -> Answer {
        var generator = SystemRandomNumberGenerator()
        let options = CertRep.Options(policy: .standard, emptyContent: .zeroLength, signingTime: Date())
        return Self.reply(
            try CertRep.pending(
                request.message.received,
                credential: request.credential,
                options: options,
                using: &generator
            )
        )
    }

    func failure(_ request: OpenedRequest, _ failInfo: FailInfo) throws -> Answer {
        var generator = SystemRandomNumberGenerator()
        let options = CertRep.Options(policy: .standard, emptyContent: .zeroLength, signingTime: Date())
        return Self.reply(
            try CertRep.failure(
                request.message.received,
                failInfo: failInfo,
                text: "no",
                credential: request.credential,
                options: options,
                using: &generator
            )
        )
    }

    /// A CertRep whose parts can each be wrong; what is not said is as it should be.
    struct Reply {
        var transactionID: String?
        var recipientNonce: [UInt8]?
        var messageType = "3"
        var status = "0"
        var failInfo: String?
        var failInfoText: String?
        var content: [UInt8] = []
        var signer: EncodedCertificate?
        var key: (any PrivateKey)?
        var digest = DigestAlgorithm.sha256
    }

    func make(_ reply: Reply, to request: OpenedRequest) throws -> [UInt8] {
        let received = request.message.received
        func printable(_ type: ASN1ObjectIdentifier, _ text: String) throws -> AttributeToSign {
            try AttributeToSign(type) { value in
                value.primitive(.printableString, text.utf8)
            }
        }
        let base: ASN1ObjectIdentifier.SCEPTest = .init()
        var attributes = [
            try printable(base.transactionID, reply.transactionID ?? received.transactionID.text),
            try printable(base.messageType, reply.messageType),
            try printable(base.pkiStatus, reply.status),
            try AttributeToSign(base.recipientNonce) {
                $0.octetString(reply.recipientNonce ?? received.senderNonce?.bytes ?? [])
            },
        ]
        if let failInfo = reply.failInfo { attributes.append(try printable(base.failInfo, failInfo)) }
        if let text = reply.failInfoText { attributes.append(try printable(base.failInfoText, text)) }
        return try SignedData.sign(
            content: reply.content,
            signer: try reply.signer ?? TestCertificates.ra.get(),
            key: try reply.key ?? TestCertificates.raKey(),
            digest: reply.digest,
            attributes: attributes
        )
    }

    /// The envelope of a SUCCESS.
    func envelope(
        _ request: OpenedRequest,
        _ certificates: [EncodedCertificate],
        cipher: ContentCipher = .aes128CBC
    ) throws -> [UInt8] {
        try envelope(certificates, to: request.message.signer, key: request.message.signerKey, cipher: cipher)
    }

    func envelope(
        _ certificates: [EncodedCertificate],
        to recipient: EncodedCertificate,
        key: PublicKey,
        cipher: ContentCipher = .aes128CBC
    ) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return try EnvelopedData.encrypt(
            try SignedData.degenerate(certificates: certificates.map(\.der)),
            to: recipient,
            key: key,
            cipher: cipher,
            padding: .pkcs1,
            using: &generator
        )
    }
}

extension OpenedRequest {
    /// The PKCS#10 request of a PKCSReq or RenewalReq.
    var certificationRequest: CertificationRequest? {
        switch content {
        case .enroll(let request), .renew(let request): request
        case .poll, .getCert, .getCRL: nil
        }
    }
}

extension ASN1ObjectIdentifier {
    /// The attributes of SCEP, written down a second time (RFC 8894 §3.2.1).
    struct SCEPTest {
        let messageType: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 2]
        let pkiStatus: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 3]
        let failInfo: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 4]
        let recipientNonce: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 6]
        let transactionID: ASN1ObjectIdentifier = [2, 16, 840, 1, 113733, 1, 9, 7]
        let failInfoText: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 24, 1]
    }
}
