// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing

@testable internal import SCEPProbe

/// One way to be wrong, and the requirement that has to notice.
struct Mutation: Sendable, CustomTestStringConvertible {
    let number: Int
    let name: String
    /// What the server is like before, where that isn't the server that has everything.
    var base: @Sendable (inout Breakage) -> Void = { _ in }
    let breaks: @Sendable (inout Breakage) -> Void

    var testDescription: String { "\(number): \(name)" }

    init(
        _ number: Int,
        _ name: String,
        base: @escaping @Sendable (inout Breakage) -> Void = { _ in },
        breaks: @escaping @Sendable (inout Breakage) -> Void
    ) {
        self.number = number
        self.name = name
        self.base = base
        self.breaks = breaks
    }

    /// Requirements that no server can be seen to break from outside, each with the reason in the table of requirements.
    static let exempt: Set<Int> = [22, 111]

    static let all = algorithms + discovery + http + replies + requests + authorisation + operations + others

    // MARK: - Short forms

    private static func blind(_ number: Int, _ name: String, _ looks: Breakage.Look...) -> Mutation {
        Mutation(number, name) { $0.blind = Set(looks) }
    }

    private static func no(_ number: Int, _ name: String, _ no: Breakage.No, _ failInfo: String) -> Mutation {
        Mutation(number, name) { $0.refusals[no] = failInfo }
    }

    private static func http(
        _ number: Int,
        _ name: String,
        _ change: @escaping @Sendable (LoopbackServer.Question, inout LoopbackServer.Answer) -> Void
    ) -> Mutation {
        Mutation(number, name) { $0.http = change }
    }

    private static func reply(
        _ number: Int,
        _ name: String,
        status: String? = nil,
        _ change: @escaping @Sendable (inout PKIMessageBuilder) -> Void
    ) -> Mutation {
        Mutation(number, name) {
            $0.reply = { found, builder in if status == nil || status == found { change(&builder) } }
        }
    }

    private static func envelope(
        _ number: Int,
        _ name: String,
        _ change: @escaping @Sendable (String, inout EnvelopeBuilder) -> Void
    ) -> Mutation {
        Mutation(number, name) { $0.envelope = change }
    }

    private static func contents(
        _ number: Int,
        _ name: String,
        _ change: @escaping @Sendable (inout [[UInt8]], inout [[UInt8]]) -> Void
    ) -> Mutation {
        Mutation(number, name) { $0.contents = change }
    }

    private static func certificate(_ name: String) -> [UInt8] {
        (try? HandMadeCertificate(name, key: TestKeys.other).der()) ?? []
    }

    // MARK: - The table

    private static let algorithms = [
        http(1, "GetCACaps is not found") { if $0.parameter("operation") == "GetCACaps" { $1.status = 404 } },
        http(2, "GetCACert is rubbish") { if $0.parameter("operation") == "GetCACert" { $1.body = [1, 2, 3] } },
        http(3, "PKIOperation gets text") {
            if $1.type == "application/x-pki-message" { $1.body = Array($0.path.utf8) }
        },
        http(4, "POST is not allowed") { if $0.method == "POST" { $1 = .init(status: 405) } },
        no(5, "AES-128 is refused", .aes, "0"),
        no(6, "SHA-256 is refused", .sha256, "0"),
        envelope(7, "the reply is in triple DES") {
            $1.cipher = .tripleDESCBC
            $1.cipherOID = OID.tripleDESCBC
        },
        http(8, "GET gets rubbish") {
            if $0.method == "GET", $0.parameter("operation") == "PKIOperation" { $1.body = [1] }
        },
        no(9, "triple DES is a bad request", .tripleDES, "2"),
        no(10, "SHA-1 is a bad request", .sha1, "2"),
        blind(11, "single DES is accepted", .des),
        blind(12, "MD5 is accepted", .md5),
        envelope(13, "the reply is in single DES") {
            $1.cipher = .insecureDESCBC
            $1.cipherOID = OID.desCBC
        },
        reply(13, "the reply is signed with MD5") { $0.use(.insecureMD5, OID.md5) },
    ]

    private static let discovery = [
        http(16, "GetCACaps wants a message") {
            if $0.parameter("operation") == "GetCACaps", $0.parameter("message") == nil { $1.status = 400 }
        },
        Mutation(17, "keywords between commas") { $0.capabilities["main"] = "AES,SHA-256,POSTPKIOperation" },
        Mutation(18, "keywords in small letters") { $0.capabilities["main"] = "aes\nsha-256\nSCEPStandard\n" },
        http(19, "GetCACaps is HTML") { if $0.parameter("operation") == "GetCACaps" { $1.type = "text/html" } },
        no(20, "SCEPStandard without AES", .aes, "0"),
        no(21, "DES3 is listed and refused", .tripleDES, "0"),
        no(21, "SHA-1 is listed and refused", .sha1, "0"),
        no(21, "Renewal is listed and refused", .renewal, "2"),
        Mutation(23, "a keyword of nobody") { $0.capabilities["main"] = "AES\nSHA-256\nPOSTPKIOperation\nUpdate\n" },
        Mutation(
            31,
            "one certificate, typed as several",
            base: { $0.hasNoRA = true },
            breaks: {
                $0.http = { if $0.parameter("operation") == "GetCACert" { $1.type = "application/x-x509-ca-ra-cert" } }
            }
        ),
        http(32, "several certificates, typed as one") {
            if $0.parameter("operation") == "GetCACert" { $1.type = "application/x-x509-ca-cert" }
        },
        Mutation(33, "the CA is missing") {
            $0.authorities = { $0[1] = (try? HandMadeCertificate("X", key: TestKeys.other).read()) ?? $0[0] }
        },
        Mutation(34, "the RA may not sign") { $0.usage = [5, 0x20] },
        Mutation(35, "the RA may not encipher keys") { $0.usage = [7, 0x80] },
        Mutation(36, "an empty content") { $0.degenerate = Breakage.withContent },
        Mutation(37, "a digest algorithm") { $0.degenerate = Breakage.withDigest },
        http(42, "an unknown CA is not found") {
            if $0.parameter("message")?.hasPrefix("CA") == true { $1.status = 404 }
        },
    ]

    private static let http = [
        http(44, "the default path is not found") { if $0.path == ProbeURL.defaultPath { $1.status = 404 } },
        http(47, "no operation is the server's error") {
            if $0.method == "POST", $0.parameter("operation") == nil { $1 = .init(status: 500) }
        },
        http(49, "a CertRep typed octet-stream") {
            if $1.type != "text/plain" { $1.type = "application/octet-stream" }
        },
        http(50, "GET is the server's error") {
            if $0.method == "GET", $0.parameter("operation") == "PKIOperation" { $1 = .init(status: 500) }
        },
        http(51, "escapes are not undone") {
            if $0.parameter("message")?.contains("%2B") == true { $1 = .init(status: 500) }
        },
        http(52, "a form is not read") { if $0.contentType?.contains("form") == true { $1 = .init(status: 400) } },
        http(53, "HTTP/1.0 is not spoken") { if $0.version == "HTTP/1.0" { $1 = .init(status: 505) } },
        http(54, "line breaks are not read") {
            if $0.parameter("message")?.contains("%0A") == true { $1 = .init(status: 400) }
        },
        http(55, "a FAILURE is the server's error") { if $1.body.contains(run: OID.failInfo) { $1.status = 500 } },
        http(56, "rubbish is the server's error") { if $1.status == 400 { $1.status = 500 } },
        http(56, "too much ends in silence for ever") { if $1.status == 413 { $1.status = 500 } },
    ]

    private static let replies = [
        reply(57, "the content is typed envelopedData") { $0.eContentType = OID.envelopedData },
        reply(58, "the content is something else", status: "0") { $0.content = TLV.sequence(TLV.null) },
        reply(59, "no signed attributes") { $0.signsAttributes = false },
        reply(60, "another transactionID") {
            $0.replace(OID.transactionID, with: TLV.attribute(OID.transactionID, TLV.printable("0")))
        },
        reply(60, "the transactionID as UTF8String") { builder in
            builder.attributes = builder.attributes.map { attribute in
                guard attribute.contains(run: OID.transactionID), let value = try? DERElement(attribute).at(1, 0) else {
                    return attribute
                }
                return TLV.attribute(OID.transactionID, TLV.encode(0x0C, value.content))
            }
        },
        reply(61, "another messageType") {
            $0.replace(OID.messageType, with: TLV.attribute(OID.messageType, TLV.printable("19")))
        },
        reply(61, "the messageType as INTEGER") {
            $0.replace(OID.messageType, with: TLV.attribute(OID.messageType, TLV.integer(3)))
        },
        reply(62, "no senderNonce") { $0.replace(OID.senderNonce) },
        reply(62, "the same senderNonce always") {
            $0.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(Array(1...16))))
        },
        reply(62, "a short senderNonce") {
            $0.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(Array(1...8))))
        },
        reply(63, "no recipientNonce") { $0.replace(OID.recipientNonce) },
        reply(63, "another recipientNonce") {
            $0.replace(OID.recipientNonce, with: TLV.attribute(OID.recipientNonce, TLV.octetString(Array(1...16))))
        },
        reply(64, "no contentType") { $0.contentTypeAttribute = nil },
        reply(64, "no messageDigest") { $0.messageDigestAttribute = { _ in nil } },
        reply(64, "a wrong messageDigest") {
            $0.messageDigestAttribute = { TLV.attribute(OID.messageDigest, TLV.octetString($0.reversed())) }
        },
        reply(65, "an unknown pkiStatus") {
            $0.replace(OID.pkiStatus, with: TLV.attribute(OID.pkiStatus, TLV.printable("1")))
        },
        reply(65, "the pkiStatus as INTEGER", status: "0") {
            $0.replace(OID.pkiStatus, with: TLV.attribute(OID.pkiStatus, TLV.integer(0)))
        },
        reply(66, "no failInfo") { $0.replace(OID.failInfo) },
        reply(66, "an unknown failInfo", status: "2") {
            $0.replace(OID.failInfo, with: TLV.attribute(OID.failInfo, TLV.printable("9")))
        },
        reply(67, "a failInfo in SUCCESS", status: "0") {
            $0.attributes.append(TLV.attribute(OID.failInfo, TLV.printable("2")))
        },
        reply(68, "a failInfoText as PrintableString", status: "2") {
            $0.replace(OID.failInfoText, with: TLV.attribute(OID.failInfoText, TLV.printable("no")))
        },
        reply(69, "a content in FAILURE", status: "2") { $0.content = [0] },
        reply(70, "a content in PENDING", status: "3") { $0.content = [0] },
        envelope(71, "signedData is declared inside") { $1.contentType = OID.signedData },
        envelope(72, "another recipient") {
            $1.recipient = TLV.sequence(HandMadeCertificate.name("somebody"), TLV.integer(1))
        },
        reply(73, "attributes out of order") {
            $0.attributes.reverse()
            $0.order = .asGivenSignedSorted
        },
        reply(73, "a wrong signature") { $0.spoilSignature = { $0.reversed() } },
        reply(74, "no signer's certificate") { $0.certificates = [] },
        envelope(75, "version 1") { $1.version = TLV.integer(1) },
        Mutation(76, "signed first") { $0.signsFirst = true },
        Mutation(77, "certificates in the clear") { $0.sendsPlain = true },
        blind(77, "requests in the clear", .plaintext),
    ]

    private static let requests = [
        blind(78, "no transactionID", .transactionID),
        blind(79, "no messageType", .messageType),
        blind(80, "any messageType", .knownType),
        blind(81, "any messageType", .knownType),
        blind(82, "no signed attributes", .form),
        blind(83, "another content type", .contentType),
        blind(84, "another content", .content),
        blind(85, "a changed signature", .signature),
        blind(86, "changed content", .messageDigest),
        no(87, "an unknown digest is a bad request", .unknownDigest, "2"),
        no(88, "badTime without a time", .noSigningTime, "3"),
        blind(89, "no signer's certificate", .signerCertificate, .requestKey),
        blind(90, "another key's signature", .signature),
        blind(91, "no senderNonce", .senderNonce),
        blind(92, "an envelope for somebody else", .recipient),
        blind(93, "several signers", .form),
        no(94, "no BER", .ber, "400"),
        no(95, "no unknown attributes", .unknownAttribute, "2"),
        Mutation(96, "lengths are told") { $0.tellsLengths = true },
        blind(96, "anything decrypts", .decryption),
    ]

    private static let authorisation = [
        no(97, "everything is refused", .everything, "2"),
        blind(98, "no challenge", .challenge),
        blind(99, "any challenge", .rightChallenge),
        blind(100, "a used challenge", .usedChallenge),
        blind(101, "no challenge", .challenge),
        no(102, "another subject is refused", .otherSubject, "2"),
        blind(107, "the request's signature", .requestSignature),
        blind(108, "another key", .requestKey),
        no(109, "no BMPString", .bmp, "2"),
        blind(110, "wishes are granted", .wishes),
        contents(112, "no certificate") { certificates, _ in certificates = [] },
        contents(113, "another end entity's beside it") { certificates, _ in
            certificates.append(certificate("somebody"))
        },
        contents(114, "the issued one is second") { certificates, _ in
            let ca = try? FakeServer(Breakage()).authority.certificate.der
            certificates.insert(ca ?? [], at: 0)
        },
        Mutation(115, "an empty content") { $0.degenerate = Breakage.withContent },
        Mutation(116, "for another key") { $0.issuesForAnotherKey = true },
        envelope(116, "another key opens it") { if let key = try? TestKeys.other.publicKey { $1.key = key } },
    ]

    private static let operations = [
        Mutation(122, "issued at once") { $0.answersPendingAtOnce = true },
        blind(124, "a poll for nothing", .poll),
        no(125, "polls are refused", .polls, "2"),
        no(126, "other names are refused", .pollNames, "2"),
        Mutation(128, "the first nonce is repeated") { $0.repeatsFirstNonce = true },
        no(129, "one poll is enough", .secondPoll, "4"),
        no(130, "one request at a time", .secondPending, "500"),
        no(131, "a second name is the server's error", .nameTwice, "500"),
        blind(135, "anybody polls", .pollSigner),
        blind(136, "a poll without nonce", .senderNonce),
        no(137, "no renewal", .renewal, "2"),
        no(138, "the same key is the server's error", .sameKey, "500"),
        no(139, "no renewal", .renewal, "2"),
        no(140, "no challenge in renewals", .renewalWithChallenge, "2"),
        envelope(141, "renewals go to somebody else") { type, builder in
            if type == "17" { builder.recipient = TLV.sequence(HandMadeCertificate.name("somebody"), TLV.integer(1)) }
        },
        blind(142, "anybody renews", .renewalSigner),
        blind(143, "any subject", .renewalSubject),
        no(144, "no renewal by PKCSReq", .oldRenewal, "2"),
        blind(145, "anybody renews", .renewalSigner),
        blind(146, "renewed all the same", .renewalListed),
        http(148, "the next CA is typed as this one") {
            if $0.parameter("operation") == "GetNextCACert" { $1.type = "application/x-x509-ca-cert" }
        },
        contents(149, "no next CA") { certificates, _ in certificates = [] },
        http(151, "something comes where there is no next CA") {
            if $0.parameter("operation") == "GetNextCACert" { $1.status = 200 }
        },
        Mutation(152, "issued by this CA") { $0.issuesByOldCA = true },
    ]

    private static let others = [
        contents(154, "another certificate") { certificates, _ in certificates.append(certificate("somebody")) },
        no(155, "an unknown serial number is a bad request", .unknownSerial, "2"),
        Mutation(156, "queries wait") { $0.queriesArePending = true },
        contents(157, "no CRL") { $1 = [] },
        contents(158, "a certificate beside the CRL") { if !$1.isEmpty { $0 = [certificate("somebody")] } },
        no(159, "a stranger is the server's error", .strangersGetCert, "500"),
        Mutation(
            161,
            "not supported, and the server's error",
            base: { $0.refusals[.getCert] = "2" },
            breaks: {
                $0.refusals[.getCert] = "500"
            }
        ),
        Mutation(162, "a password for RSA clients") { $0.usesPasswordForAll = true },
        Mutation(163, "RSA for EC clients") { $0.misdirectsEC = true },
        no(164, "no requests under a password", .password, "2"),
        Mutation(165, "another password") { $0.usesWrongPassword = true },
        blind(166, "no challenge for EC clients", .ecChallenge),
        blind(167, "anything decrypts", .decryption),
        Mutation(168, "EC is a bad request", base: { $0.refusals[.ec] = "0" }, breaks: { $0.refusals[.ec] = "2" }),
        no(170, "short ids only", .longID, "2"),
        blind(171, "a new certificate each time", .resend),
        Mutation(172, "whoever knows the id") { $0.sharesTransactions = true },
        Mutation(173, "one certificate for all") { $0.givesFirstCertificateToAll = true },
        blind(174, "a new certificate each time", .resend),
    ]
}
