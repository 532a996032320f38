// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEPCrafting
import SwiftASN1
import TestSupport
import Testing
import X509

@Suite struct EncodedCertificateTests {
    @Test func readsWhatOpenSSLMakes() async throws {
        let openssl = try OpenSSL()
        try openssl.write("key", try TestKeys.client.pkcs8())
        let der = try await openssl.run([
            "req", "-new", "-x509", "-key", "key", "-keyform", "DER", "-subj", "/O=Example/CN=device-1", "-days", "30",
            "-set_serial", "0x1234", "-addext", "subjectAltName=DNS:device-1.example", "-addext",
            "keyUsage=digitalSignature",
            "-outform", "DER",
        ]).output
        let certificate = try EncodedCertificate(derEncoded: der)
        #expect(certificate.der == der)
        #expect(certificate.serialNumber == [0x12, 0x34])
        #expect(certificate.subject.description == "CN=device-1,O=Example")
        #expect(certificate.isSelfIssued)
        #expect(certificate.isSigned(by: try certificate.subjectPublicKeyInfo.publicKey()))
        #expect(!certificate.isSigned(by: (try TestKeys.other).publicKey))
        #expect(certificate.isCertificateAuthority)
        #expect(certificate.keyUsage == KeyUsage(digitalSignature: true))
        #expect(certificate.subjectKeyIdentifier?.count == 20)
        let days = certificate.notAfter?.timeIntervalSince(certificate.notBefore ?? .distantPast) ?? 0
        #expect(days == 30 * 86_400)
        try openssl.write("certificate", der)
        let print = try await openssl.run([
            "x509", "-inform", "DER", "-in", "certificate", "-noout", "-fingerprint", "-sha256",
        ])
        let digits = print.text.filter { $0.isHexDigit || $0 == "=" }.split(separator: "=").last.map(String.init) ?? ""
        #expect(certificate.fingerprint() == [UInt8](hex: digits))
    }

    @Test(
        arguments: [
            ("zero", "0", [0x00]), ("negative", "-5", [0xFB]), ("top bit", "0x80", [0x00, 0x80]),
            ("long", "0x" + String(repeating: "7f", count: 40), [UInt8](repeating: 0x7F, count: 40)),
        ] as [(String, String, [UInt8])]
    )
    func keepsSerialNumbersThatOpenSSLMakes(trait: String, number: String, octets: [UInt8]) async throws {
        let openssl = try OpenSSL()
        try openssl.write("key", try TestKeys.client.pkcs8())
        let request = ["req", "-new", "-x509", "-key", "key", "-keyform", "DER", "-subj", "/CN=a", "-outform", "DER"]
        let der = try await openssl.run(request + ["-set_serial", number]).output
        #expect(try EncodedCertificate(derEncoded: der).serialNumber == octets, "\(trait)")
    }

    @Test(arguments: [[0, 0, 0, 1], [0xFF, 0xFF, 0x01], [0], [UInt8](repeating: 0xAA, count: 300)] as [[UInt8]])
    func keepsTheOctetsOfOddSerialNumbers(octets: [UInt8]) throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        certificate.serialNumber = octets
        #expect(try certificate.read().serialNumber == octets)
    }

    @Test func readsAKeyOf1024Bits() async throws {
        let key = try await TestKeys.short()
        let certificate = try HandMadeCertificate("printer", key: key).read()
        #expect(try certificate.subjectPublicKeyInfo.publicKey().algorithm == .rsa(bits: 1024))
        #expect(certificate.isSigned(by: key.publicKey))
    }

    @Test func passesOverUnknownAndDamagedExtensions() throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        let unknown = HandMadeCertificate.extension([UInt8](hex: "06032a0304"), [1, 2, 3])
        certificate.extensions = [unknown, HandMadeCertificate.extension(OID.keyUsage, [0xFF])]
        let read = try certificate.read()
        #expect(read.extensions.map(\.oid) == [[1, 2, 3, 4], .PKIX.keyUsage])
        #expect(read.keyUsage == nil)
        #expect(read.subjectKeyIdentifier == nil)
        #expect(!read.isCertificateAuthority)
    }

    @Test func duplicateExtensionsAreNotReadAtAll() throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        let usage = HandMadeCertificate.extension(OID.keyUsage, [UInt8](hex: "03020780"))
        certificate.extensions = [usage, usage]
        let read = try certificate.read()
        #expect(read.extensions.isEmpty)
        #expect(read.subjectPublicKeyInfo.der == (try TestKeys.client).publicKey.subjectPublicKeyInfo)
    }

    @Test func moreExtensionsThanTheLimitAreNotRead() throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        certificate.extensions = (0..<65).map { HandMadeCertificate.extension([0x06, 0x03, 0x2A, 0x03, $0], [1]) }
        #expect(try certificate.read().extensions.isEmpty)
        certificate.extensions.removeLast()
        #expect(try certificate.read().extensions.count == 64)
    }

    @Test func readsGeneralizedTimeInThisCentury() throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        certificate.validity =
            HandMadeCertificate.generalizedTime("20260101000000Z")
            + HandMadeCertificate.generalizedTime("99991231235959Z")
        let read = try certificate.read()
        #expect(read.notBefore == Date(timeIntervalSince1970: 1_767_225_600))
        #expect(read.notAfter == EncodedTime.endOfTime)
    }

    @Test(arguments: ["26010100Z", "2601010000Z", "260101000000+0100", "261301000000Z", "garbage", ""])
    func timesThatCannotBeReadAreNil(text: String) throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        certificate.validity = HandMadeCertificate.utcTime(text) + HandMadeCertificate.utcTime("460101000000Z")
        let read = try certificate.read()
        #expect(read.notBefore == nil)
        #expect(read.notAfter != nil)
    }

    @Test func readsAnEmptyValidityAndAVersion1Certificate() throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        certificate.validity = []
        certificate.version = []
        let read = try certificate.read()
        #expect(read.notBefore == nil)
        #expect(read.notAfter == nil)
        #expect(read.isSigned(by: (try TestKeys.client).publicKey))
    }

    @Test func readsAnEmptySubject() throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        certificate.subject = TLV.sequence()
        let read = try certificate.read()
        #expect(read.subject.isEmpty)
        #expect(read.subject.description.isEmpty)
        #expect(!read.isSelfIssued)
    }

    @Test func readsLongLengthsAndIndefiniteLengthsAsTheyStand() throws {
        var certificate = HandMadeCertificate("a", key: try TestKeys.client)
        certificate.issuer = TLV.longForm(0x30, Array(certificate.issuer.dropFirst(2)))
        certificate.subject = TLV.indefinite(0x30, Array(certificate.subject.dropFirst(2)))
        let read = try certificate.read()
        #expect(read.der == (try certificate.der()))
        #expect(read.issuer.der == certificate.issuer)
        #expect(read.subject.der == certificate.subject)
        #expect(read.issuer.isEquivalent(to: read.subject))
        #expect(read.toBeSigned == certificate.toBeSigned)
        #expect(read.isSigned(by: (try TestKeys.client).publicKey))
    }

    @Test func doesNotTakeAnUnknownSignatureAlgorithmForASignature() throws {
        let certificate = HandMadeCertificate("a", key: try TestKeys.client)
        let signature = try TestKeys.client.sign(certificate.toBeSigned, scheme: .rsaPKCS1(.sha256))
        for oid in [OID.rsaEncryption, OID.rsaOAEP, OID.md5, OID.sha1WithRSA] {
            let der = TLV.sequence(certificate.toBeSigned, TLV.algorithm(oid), TLV.bitString(signature))
            #expect(!(try EncodedCertificate(derEncoded: der)).isSigned(by: (try TestKeys.client).publicKey))
        }
    }

    @Test func refusesWhatLacksAPart() throws {
        let certificate = HandMadeCertificate("a", key: try TestKeys.client)
        let body = try DERElement(certificate.toBeSigned).members.map(\.encoded)
        for index in [1, 2, 3, 4, 5, 6] {
            let parts = body.enumerated().filter { $0.offset != index }.flatMap(\.element)
            let der = TLV.sequence(TLV.encode(0x30, parts), TLV.algorithm(OID.sha256WithRSA), TLV.bitString([1]))
            #expect(throws: PKIXError.self, "without part \(index)") { try EncodedCertificate(derEncoded: der) }
        }
        #expect(throws: PKIXError.self) { try EncodedCertificate(derEncoded: TLV.sequence(certificate.toBeSigned)) }
        #expect(throws: PKIXError.self) { try EncodedCertificate(derEncoded: []) }
        let trailing = try certificate.der() + [0]
        #expect(throws: PKIXError.self) { try EncodedCertificate(derEncoded: trailing) }
    }
}
