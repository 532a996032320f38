// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CertificateAuthority
import Cryptography
import Foundation
import PKIX
import TestSupport
import Testing
import X509

@Suite struct GenerationTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func points(_ name: String, _ generation: Int) -> PublicationPoints {
        PublicationPoints(issuerName: name, keyGeneration: generation, baseURL: "http://ca.example")
    }

    private static func root() throws -> EncodedCertificate {
        var generator = SystemRandomNumberGenerator()
        return try KeyCeremony.selfSigned(
            .root,
            subject: try Name("CN=Example Root"),
            key: try TestKeys.authority,
            now: now,
            using: &generator
        )
    }

    private static func issuing(_ root: EncodedCertificate) throws -> EncodedCertificate {
        var generator = SystemRandomNumberGenerator()
        return try KeyCeremony.certified(
            .issuing,
            subject: try Name("CN=Example Issuing CA"),
            publicKey: try TestKeys.client.publicKey,
            by: root,
            issuerKey: try TestKeys.authority,
            publication: points("root", 1),
            now: now,
            using: &generator
        )
    }

    @Test func theNextIssuingCAHasTheSameNameAndOtherIdentifiers() async throws {
        var generator = SystemRandomNumberGenerator()
        let root = try Self.root()
        let present = try Self.issuing(root)
        let later = Self.now.addingTimeInterval(8 * 365 * 86_400)
        let next = try KeyCeremony.nextIssuing(
            after: present,
            publicKey: try TestKeys.other.publicKey,
            by: root,
            rootKey: try TestKeys.authority,
            publication: Self.points("root", 1),
            now: later,
            using: &generator
        )
        #expect(next.subject == present.subject)
        #expect(next.issuer == root.subject)
        #expect(next.serialNumber != present.serialNumber)
        #expect(next.subjectKeyIdentifier != present.subjectKeyIdentifier)
        #expect(next.isSigned(by: try TestKeys.authority.publicKey))
        #expect(next.isCertificateAuthority)
        #expect(next.notBefore == later)
        // Ten years, and these end before the root's twenty.
        #expect(next.notAfter == later.addingTimeInterval(3652.5 * 86_400))

        // Two RAs of the same name, one of each generation: an envelope names one of them.
        func registration(_ issuer: EncodedCertificate, _ key: SoftwareKey) throws -> KeyCeremony.Registration {
            var generator = SystemRandomNumberGenerator()
            return try KeyCeremony.registration(
                subject: try Name("CN=Example RA"),
                encryptionSubject: try Name("CN=Example RA Encryption"),
                publicKey: try TestKeys.registration.publicKey,
                by: issuer,
                issuerKey: key,
                publication: Self.points("issuing", 2),
                now: later,
                using: &generator
            )
        }
        let old = try registration(present, try TestKeys.client)
        let new = try registration(next, try TestKeys.other)
        #expect(old.certificate.issuer == new.certificate.issuer)
        let certificates = [old.certificate, old.encryptionOnly, new.certificate, new.encryptionOnly]
        #expect(Set(certificates.map(\.serialNumber)).count == 4)

        // An independent opinion builds each chain by the key identifiers, though the names are the same.
        let openssl = try OpenSSL()
        let named = [
            ("root", root), ("present", present), ("next", next), ("old", old.certificate), ("new", new.certificate),
        ]
        for (name, certificate) in named {
            try openssl.write(name + ".der", certificate.der)
            try await openssl.run(["x509", "-inform", "DER", "-in", name + ".der", "-out", name])
        }
        try openssl.write("both", try openssl.folder.read("present") + openssl.folder.read("next"))
        let time = "\(Int(later.timeIntervalSince1970) + 60)"
        let verify = ["verify", "-attime", time, "-CAfile", "root", "-untrusted", "both", "old", "new"]
        #expect(try await openssl.run(verify).text == "old: OK\nnew: OK\n")
    }

    @Test func theNextSingleCASignsItself() throws {
        var generator = SystemRandomNumberGenerator()
        let present = try KeyCeremony.selfSigned(
            .singleCA,
            subject: try Name("CN=Example CA"),
            key: try TestKeys.authority,
            now: Self.now,
            using: &generator
        )
        let next = try KeyCeremony.nextSingleCA(
            after: present,
            key: try TestKeys.other,
            now: Self.now,
            using: &generator
        )
        #expect(next.subject == present.subject)
        #expect(next.isSelfIssued)
        #expect(next.isSigned(by: try TestKeys.other.publicKey))
        #expect(!next.isSigned(by: try TestKeys.authority.publicKey))
        #expect(next.serialNumber != present.serialNumber)
        #expect(next.subjectKeyIdentifier != present.subjectKeyIdentifier)
        #expect(next.keyUsage == present.keyUsage)
    }

    @Test func aNextKeyIsANewKey() throws {
        var generator = SystemRandomNumberGenerator()
        let root = try Self.root()
        let present = try Self.issuing(root)
        #expect(throws: IssuanceError.signingFailed("the next key is the present one")) {
            try KeyCeremony.nextIssuing(
                after: present,
                publicKey: try TestKeys.client.publicKey,
                by: root,
                rootKey: try TestKeys.authority,
                publication: Self.points("root", 1),
                now: Self.now,
                using: &generator
            )
        }
        #expect(throws: IssuanceError.signingFailed("the next key is the present one")) {
            try KeyCeremony.nextSingleCA(
                after: root,
                key: try TestKeys.authority,
                now: Self.now,
                using: &generator
            )
        }
    }

    @Test func anExpiredRootSignsNoNextKey() throws {
        var generator = SystemRandomNumberGenerator()
        let root = try Self.root()
        let present = try Self.issuing(root)
        #expect(throws: IssuanceError.issuerExpired) {
            try KeyCeremony.nextIssuing(
                after: present,
                publicKey: try TestKeys.other.publicKey,
                by: root,
                rootKey: try TestKeys.authority,
                publication: Self.points("root", 1),
                now: try #require(root.notAfter),
                using: &generator
            )
        }
    }

    @Test func aCRLTellsReasonsAndWhichPartOfTheCertificatesItCovers() throws {
        let root = try Self.root()
        let authority = try IssuingAuthority(
            certificate: root,
            key: try TestKeys.authority,
            publication: Self.points("root", 3)
        )
        let der = try authority.certificateList(
            revoked: [
                RevokedCertificate(serialNumber: [0x41], revokedAt: Self.now, reason: .cessationOfOperation),
                RevokedCertificate(serialNumber: [0x42], revokedAt: Self.now),
            ],
            shard: 2,
            number: 300,
            thisUpdate: Self.now,
            nextUpdate: Self.now.addingTimeInterval(60)
        )
        let list = try EncodedCertificateList(derEncoded: der)
        #expect(try list.revocation(of: [0x41])?.reason == .cessationOfOperation)
        #expect(try list.revocation(of: [0x42])?.reason == .unspecified)
        #expect(list.number == [0x01, 0x2C])
        let point = try #require(list.extensions.first { $0.oid == .PKIX.issuingDistributionPoint })
        #expect(point.critical)
        #expect(String(decoding: point.value, as: UTF8.self).contains("http://ca.example/crl/root-3-2.crl"))
    }
}
