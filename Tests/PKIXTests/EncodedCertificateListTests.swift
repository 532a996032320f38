// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEPCrafting
import TestSupport
import Testing
import X509

@Suite struct EncodedCertificateListTests {
    private typealias Made = HandMadeCertificateList
    private static let start = Date(timeIntervalSince1970: 1_767_225_600)

    @Test func readsWhatWasWrittenWithReasons() throws {
        let revoked = RevocationReason.allCases.map { reason in
            RevokedCertificate(serialNumber: [0x40, reason.rawValue], revokedAt: Self.start, reason: reason)
        }
        let body = TBSCertificateList(
            signatureAlgorithm: try #require(AlgorithmIdentifier.signature(.rsaPKCS1(.sha256))),
            issuer: try Name("CN=Example CA"),
            thisUpdate: Self.start,
            nextUpdate: Self.start.addingTimeInterval(86_400),
            revoked: revoked,
            extensions: [try CertificateExtensions.crlNumber(300)]
        )
        let toBeSigned = try body.derEncoded()
        let der = try SignedStructure.sign(toBeSigned, key: try TestKeys.authority, scheme: .rsaPKCS1(.sha256))
        let list = try EncodedCertificateList(derEncoded: der)
        #expect(list.der == der)
        #expect(list.toBeSigned == toBeSigned)
        #expect(list.issuer == body.issuer)
        #expect(list.thisUpdate == body.thisUpdate)
        #expect(list.nextUpdate == body.nextUpdate)
        #expect(list.number == [0x01, 0x2C])
        #expect(list.extensions == body.extensions)
        #expect(list.signatureAlgorithm == body.signatureAlgorithm)
        #expect(list.count == revoked.count)
        for entry in revoked { #expect(try list.revocation(of: entry.serialNumber) == entry) }
        #expect(try list.revocation(of: [0x40, 0x63]) == nil)
        #expect(try list.revocation(of: []) == nil)
        #expect(list.isSigned(by: try TestKeys.authority.publicKey))
        #expect(!list.isSigned(by: try TestKeys.other.publicKey))
        #expect(!list.isSigned(by: try TestKeys.ec.publicKey))
    }

    @Test func anUnspecifiedReasonIsNotWritten() throws {
        let body = TBSCertificateList(
            signatureAlgorithm: try #require(AlgorithmIdentifier.signature(.rsaPKCS1(.sha256))),
            issuer: try Name("CN=Example CA"),
            thisUpdate: Self.start,
            nextUpdate: Self.start,
            revoked: [
                RevokedCertificate(serialNumber: [0x41], revokedAt: Self.start),
                RevokedCertificate(serialNumber: [0x42], revokedAt: Self.start, reason: .keyCompromise),
            ],
            extensions: []
        )
        let entries = try DERElement(try body.derEncoded()).at(5).members
        #expect(try entries.map { try $0.members.count } == [2, 3])
        #expect(try entries.last?.members.last?.encoded == [UInt8](hex: "300c300a0603551d1504030a0101"))
    }

    @Test func openSSLReadsTheReasons() async throws {
        let body = TBSCertificateList(
            signatureAlgorithm: try #require(AlgorithmIdentifier.signature(.rsaPKCS1(.sha256))),
            issuer: try Name("CN=Example CA"),
            thisUpdate: Self.start,
            nextUpdate: Self.start.addingTimeInterval(86_400),
            revoked: RevocationReason.allCases.map { reason in
                RevokedCertificate(serialNumber: [0x40, reason.rawValue], revokedAt: Self.start, reason: reason)
            },
            extensions: []
        )
        let openssl = try OpenSSL()
        let key = try TestKeys.authority
        try openssl.write("crl", try SignedStructure.sign(try body.derEncoded(), key: key, scheme: .rsaPKCS1(.sha256)))
        let text = try await openssl.run(["crl", "-inform", "DER", "-in", "crl", "-noout", "-text"]).text
        for words in [
            "Key Compromise", "CA Compromise", "Affiliation Changed", "Superseded", "Cessation Of Operation",
            "Certificate Hold", "Privilege Withdrawn", "AA Compromise",
        ] { #expect(text.contains(words), "\(words)") }
        #expect(text.components(separatedBy: "CRL Reason Code").count == 9)
    }

    @Test func readsWhatOpenSSLMakes() async throws {
        let openssl = try OpenSSL()
        let key = try await openssl.makeKey("key", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        try await openssl.run([
            "req", "-x509", "-new", "-key", "key", "-subj", "/CN=Other CA", "-out", "ca", "-days", "9",
        ])
        let index = [
            "R\t351231235959Z\t251231235959Z,keyCompromise\t00C1\tunknown\t/CN=one",
            "R\t351231235959Z\t251231235959Z,holdInstruction,holdInstructionReject\t1234\tunknown\t/CN=two",
            "R\t351231235959Z\t251231235959Z,keyTime,20250101000000Z\t1235\tunknown\t/CN=three",
            "V\t351231235959Z\t\t7777\tunknown\t/CN=four",
        ]
        try openssl.write("index", index.map { $0 + "\n" }.joined().utf8)
        try openssl.write("index.attr", "unique_subject = no\n".utf8)
        try openssl.write("number", "1000\n".utf8)
        let settings = [
            "[ca]", "default_ca = this", "[this]", "database = index", "crlnumber = number", "default_md = sha256",
            "default_crl_days = 7", "crl_extensions = lists", "[lists]", "authorityKeyIdentifier = keyid",
        ]
        try openssl.write("settings", settings.map { $0 + "\n" }.joined().utf8)
        let make = ["ca", "-config", "settings", "-gencrl", "-keyfile", "key", "-cert", "ca", "-out", "pem"]
        try await openssl.run(make)
        let der = try await openssl.run(["crl", "-in", "pem", "-outform", "DER"]).output
        let list = try EncodedCertificateList(derEncoded: der)
        #expect("\(list.issuer)" == "CN=Other CA")
        #expect(list.count == 3)
        #expect(list.number == [0x10, 0x00])
        #expect(list.isSigned(by: try SoftwareKey(derEncoded: key).publicKey))
        #expect(list.isCurrent(at: list.thisUpdate))
        let times = [("0C1", RevocationReason.keyCompromise), ("1234", .certificateHold), ("1235", .keyCompromise)]
        for (serial, reason) in times {
            let number = [UInt8](hex: serial.count % 2 == 0 ? serial : "0" + serial)
            let entry = try #require(try list.revocation(of: number))
            #expect(entry.reason == reason)
            #expect(entry.revokedAt == Date(timeIntervalSince1970: 1_767_225_599))
        }
        #expect(try list.revocation(of: [0x77, 0x77]) == nil)
    }

    @Test func aFirstVersionListWithoutDatesAndEntriesIsRead() throws {
        var made = Made()
        made.version = []
        made.entries = []
        made.times = HandMadeCertificate.utcTime("260101000000Z")
        let list = try made.read()
        #expect(list.count == 0)
        #expect(list.nextUpdate == nil)
        #expect(list.number == nil)
        #expect(!list.isCurrent(at: list.thisUpdate))
        #expect(try list.revocation(of: [0x41, 0x42]) == nil)
        #expect(list.isSigned(by: try TestKeys.authority.publicKey))
    }

    @Test func isCurrentFromThisUpdateToBeforeNextUpdate() throws {
        let list = try Made().read()
        let next = try #require(list.nextUpdate)
        #expect(!list.isCurrent(at: list.thisUpdate.addingTimeInterval(-1)))
        #expect(list.isCurrent(at: list.thisUpdate))
        #expect(list.isCurrent(at: next.addingTimeInterval(-1)))
        #expect(!list.isCurrent(at: next))
    }

    @Test func serialNumbersAreComparedWithoutSignAndSpareZeros() throws {
        var made = Made()
        made.entries = [Made.entry([0x00, 0x00, 0x41]), Made.entry([0xC1, 0x02]), Made.entry([0x00])]
        let list = try made.read()
        for present: [UInt8] in [[0x41], [0x00, 0x41], [0xC1, 0x02], [0x00, 0xC1, 0x02], [0x00]] {
            #expect(try list.revocation(of: present)?.serialNumber == present)
        }
        for absent: [UInt8] in [[0x41, 0x00], [0xC1], [0x02]] { #expect(try list.revocation(of: absent) == nil) }
    }

    @Test func anUnreadableDateOrReasonRevokesAllTheSame() throws {
        var made = Made()
        let odd = TLV.sequence(TLV.integer(0x41), TLV.encode(0x17, Array("yesterday".utf8)))
        made.entries = [odd, Made.entry([0x42], Made.reason(7)), Made.entry([0x43], Made.reason(8))]
        let list = try made.read()
        #expect(try list.revocation(of: [0x41])?.revokedAt == list.thisUpdate)
        #expect(try list.revocation(of: [0x42])?.reason == .unspecified)
        #expect(try list.revocation(of: [0x43])?.reason == .unspecified)
    }

    // MARK: - What it covers

    private static func pointName(_ url: String) -> [UInt8] {
        TLV.context(0, TLV.context(0, TLV.encode(0x86, Array(url.utf8))))
    }

    private static func certificate(of issuer: String, points: [String]) throws -> EncodedCertificate {
        var certificate = HandMadeCertificate("device-1", key: try TestKeys.client)
        certificate.issuer = HandMadeCertificate.name(issuer)
        if !points.isEmpty {
            let value = TLV.encode(0x30, points.flatMap { TLV.sequence(pointName($0)) })
            certificate.extensions = [HandMadeCertificate.extension([UInt8](hex: "0603551d1f"), value)]
        }
        return try certificate.read()
    }

    @Test func coversTheCertificatesOfItsIssuerThatNameItsDistributionPoint() throws {
        let whole = try Made().read()
        #expect(whole.covers(try Self.certificate(of: "Example CA", points: [])))
        #expect(!whole.covers(try Self.certificate(of: "Other CA", points: [])))
        var made = Made()
        made.extensions = [Made.scope(Self.pointName("http://crl.example/0.crl"))]
        let shard = try made.read()
        #expect(shard.covers(try Self.certificate(of: "Example CA", points: ["ldap://x", "http://crl.example/0.crl"])))
        #expect(!shard.covers(try Self.certificate(of: "Example CA", points: ["http://crl.example/1.crl"])))
        #expect(!shard.covers(try Self.certificate(of: "Example CA", points: [])))
        #expect(try shard.revocation(of: [0x41, 0x42]) != nil)
    }

    // MARK: - What it can't tell

    private static let obstacles: [([[UInt8]], [UInt8], String)] = [
        ([Made.critical(Made.unknown, TLV.null)], [], "a CRL with the critical extension 1.2.3.4"),
        ([Made.critical(Made.deltaCRLIndicator, TLV.integer(1))], [], "a delta CRL"),
        ([Made.scope(TLV.encode(0x82, [0xFF]))], [], "a CRL for CA certificates only"),
        ([Made.scope(TLV.encode(0x83, [0x06, 0x40]))], [], "a CRL for certain reasons only"),
        ([Made.scope(TLV.encode(0x84, [0xFF]))], [], "an indirect CRL"),
        ([Made.scope(TLV.encode(0x85, [0x01]))], [], "a CRL for attribute certificates only"),
        ([Made.scope(TLV.null)], [], "a CRL whose issuingDistributionPoint can't be read"),
        ([], Made.critical(Made.certificateIssuer, TLV.sequence()), "an indirect CRL"),
        ([], Made.critical(Made.unknown, TLV.null), "a CRL entry with the critical extension 1.2.3.4"),
    ]

    @Test(arguments: obstacles)
    func aListThatCannotTellIsRefusedWhenItIsAsked(
        extensions: [[UInt8]],
        entryExtension: [UInt8],
        reason: String
    ) throws {
        var made = Made()
        made.extensions = extensions
        // The entry that is in the way may stand behind the one that is asked for.
        if !entryExtension.isEmpty { made.entries.append(Made.entry([0x43], entryExtension)) }
        let list = try made.read()
        #expect(list.isSigned(by: try TestKeys.authority.publicKey))
        for serial: [UInt8] in [[0x41, 0x42], [0x01]] {
            #expect(throws: PKIXError.unsupported(reason)) { try list.revocation(of: serial) }
        }
    }

    @Test func extensionsThatAreNotInTheWayAreNone() throws {
        var made = Made()
        made.extensions = [
            Made.scope(TLV.encode(0x81, [0xFF]) + TLV.encode(0x84, [0x00])),
            Made.critical(Made.crlNumber, TLV.integer(7)), HandMadeCertificate.extension(Made.unknown, TLV.null),
        ]
        made.entries = [Made.entry([0x41], Made.critical(Made.reasonCode, TLV.encode(0x0A, [4])))]
        #expect(try made.read().revocation(of: [0x41])?.reason == .superseded)
        #expect(try made.read().revocation(of: [0x42]) == nil)
    }
}
