// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PKIX
import SCEPCrafting
import TestSupport
import Testing

/// Damaged certificates, requests, names and keys: each reading ends, in a value or in an error.
@Suite struct HostileBytesTests {
    private static func certificate() throws -> [UInt8] {
        var certificate = HandMadeCertificate("device-1", key: try TestKeys.client)
        certificate.extensions = [
            HandMadeCertificate.extension(OID.keyUsage, [UInt8](hex: "030205a0")),
            HandMadeCertificate.extension(OID.subjectKeyIdentifier, TLV.octetString([1, 2, 3])),
            HandMadeCertificate.extension(OID.subjectAltName, TLV.sequence(TLV.encode(0x82, [0x61]))),
        ]
        return try certificate.der()
    }

    private static func request() throws -> [UInt8] {
        var request = HandMadeRequest("device-1", key: try TestKeys.client, challenge: "Example-1234")
        let names = HandMadeCertificate.extension(OID.subjectAltName, TLV.sequence(TLV.encode(0x82, [0x61])))
        request.attributes.append(TLV.attribute(OID.extensionRequest, TLV.sequence(names)))
        return try request.der()
    }

    /// Looks at everything that can be computed from a certificate.
    private static func read(certificate bytes: [UInt8]) -> Int? {
        guard let read = try? EncodedCertificate(derEncoded: bytes) else { return nil }
        let key = try? read.subjectPublicKeyInfo.publicKey()
        return read.subject.description.count + read.issuer.description.count + (read.keyUsage == nil ? 0 : 1)
            + (read.subjectKeyIdentifier?.count ?? 0) + (read.isCertificateAuthority ? 1 : 0)
            + (key.map { read.isSigned(by: $0) } ?? false ? 1 : 0)
            + (read.subject.isEquivalent(to: read.issuer) ? 1 : 0)
    }

    private static func read(request bytes: [UInt8]) -> Int? {
        guard let read = try? CertificationRequest(derEncoded: bytes) else { return nil }
        let key = try? read.subjectPublicKeyInfo.publicKey()
        return read.subject.description.count + ((try? read.withoutChallengePassword())?.count ?? 0)
            + (key.map { read.isSigned(by: $0) } ?? false ? 1 : 0) + read.requestedExtensions.count
    }

    @Test func everySingleFlippedByteOfACertificateEnds() throws {
        let bytes = try Self.certificate()
        var readable = 0
        for index in bytes.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] ^= mask
                if Self.read(certificate: damaged) != nil { readable += 1 }
            }
        }
        #expect(readable > 0)
        #expect(readable < bytes.count * 3)
        #expect(Self.read(certificate: bytes) != nil)
    }

    @Test func everySingleFlippedByteOfARequestEnds() throws {
        let bytes = try Self.request()
        var readable = 0
        for index in bytes.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] ^= mask
                if Self.read(request: damaged) != nil { readable += 1 }
            }
        }
        #expect(readable > 0)
        #expect(readable < bytes.count * 3)
    }

    @Test func noTruncationIsReadable() throws {
        let (certificate, request) = (try Self.certificate(), try Self.request())
        for length in certificate.indices { #expect(Self.read(certificate: Array(certificate.prefix(length))) == nil) }
        for length in request.indices { #expect(Self.read(request: Array(request.prefix(length))) == nil) }
    }

    @Test func randomDamageEnds() throws {
        var generator = SeededGenerator()
        let (certificate, request) = (try Self.certificate(), try Self.request())
        var readable = 0
        for _ in 0..<2000 {
            for bytes in [certificate, request] {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    damaged =
                        Bool.random(using: &generator)
                        ? Mutation.splice(damaged, using: &generator).bytes
                        : Mutation.flip(damaged, using: &generator).bytes
                }
                readable +=
                    (Self.read(certificate: damaged) == nil ? 0 : 1) + (Self.read(request: damaged) == nil ? 0 : 1)
            }
        }
        #expect(readable < 4000)
    }

    @Test func randomBytesAreNothing() throws {
        var generator = SeededGenerator()
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<200, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(throws: PKIXError.self) { try EncodedCertificate(derEncoded: [0x30] + bytes) }
            #expect(throws: PKIXError.self) { try CertificationRequest(derEncoded: bytes) }
            _ = (try? Name(derEncoded: [0x30] + bytes))?.description
            _ = try? SubjectPublicKeyInfo(derEncoded: bytes).publicKey()
        }
    }

    @Test(arguments: [51, 1_000, 30_000])
    func deepNestingIsRefused(depth: Int) throws {
        var definite: [UInt8] = []
        for _ in 0..<min(depth, 1_000) { definite = TLV.encode(0x30, definite) }
        let indefinite = (0..<depth).flatMap { _ in [0x30, 0x80] as [UInt8] } + [UInt8](repeating: 0, count: 2 * depth)
        let open = (0..<depth).flatMap { _ in [0x30, 0x80] as [UInt8] }
        for bytes in [definite, indefinite, open] {
            #expect(throws: PKIXError.malformed("Name: not well-formed BER")) { try Name(derEncoded: bytes) }
            #expect(throws: PKIXError.self) { try EncodedCertificate(derEncoded: bytes) }
            #expect(throws: PKIXError.self) { try CertificationRequest(derEncoded: bytes) }
        }
    }

    @Test(arguments: [
        "3084ffffffff", "308800000000000000ff", "3088ffffffffffffffff", "30887fffffffffffffff", "30ff", "3081", "30",
        "1f", "3f80",
        "3fffffffffffffffffff7f00", "00", "0000", "308000", "30800000ff", "0580", "2480",
    ])
    func absurdLengthsAndTagsAreRefused(hex: String) {
        #expect(throws: PKIXError.self) { try Name(derEncoded: [UInt8](hex: hex)) }
        #expect(throws: PKIXError.self) { try CertificationRequest(derEncoded: [UInt8](hex: hex)) }
        #expect(throws: PKIXError.self) { try EncodedCertificate(derEncoded: [UInt8](hex: hex)) }
    }
}
