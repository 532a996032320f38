// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing
import X509

@Suite struct CertificationRequestTests {
    private static let configuration = """
        [req]
        distinguished_name = dn
        attributes = attributes
        req_extensions = extensions
        prompt = no
        [dn]
        CN = device-1
        O = Example
        [attributes]
        challengePassword = Example-1234
        unstructuredName = router
        [extensions]
        subjectAltName = DNS:device-1.example
        keyUsage = digitalSignature
        """

    @Test(arguments: ["-sha1", "-sha256", "-sha384", "-sha512"])
    func readsWhatOpenSSLMakes(digest: String) async throws {
        let openssl = try OpenSSL()
        try openssl.write("key", try TestKeys.client.pkcs8())
        try openssl.write("configuration", Array(Self.configuration.utf8))
        let options = [
            "req", "-new", "-key", "key", "-keyform", "DER", "-config", "configuration", "-outform", "DER", digest,
        ]
        let der = try await openssl.run(options).output
        let request = try CertificationRequest(derEncoded: der)
        #expect(request.der == der)
        #expect(request.challengePassword == "Example-1234")
        #expect(request.subject.description == "O=Example,CN=device-1")
        #expect(request.requestedExtensions.map(\.oid) == [.PKIX.subjectAltName, .PKIX.keyUsage])
        #expect(request.isSigned(by: (try TestKeys.client).publicKey))
        #expect(!request.isSigned(by: (try TestKeys.other).publicKey))
    }

    @Test(arguments: [KeyAlgorithm.rsa(bits: 2048), .ec(.p256), .ec(.p384), .ec(.p521)])
    func openSSLReadsWhatIsMade(algorithm: KeyAlgorithm) async throws {
        let key = try SoftwareKey.generate(algorithm)
        let names = SubjectAlternativeNames([.dnsName("device-1.example")])
        let request = try CertificationRequest.make(
            subject: try Name("CN=device-1,O=Example"),
            key: key,
            challengePassword: "Example-1234",
            extensions: [try Certificate.Extension(names, critical: false)]
        )
        #expect(request.isSigned(by: key.publicKey))
        #expect(try DERElement(request.der).isWellFormed)
        let openssl = try OpenSSL()
        try openssl.write("request", request.der)
        let outcome = try await openssl.run(["req", "-inform", "DER", "-in", "request", "-verify", "-noout", "-text"])
        #expect(outcome.errors.contains("self-signature verify OK"))
        #expect(outcome.text.contains("DNS:device-1.example"))
        #expect(outcome.text.contains("Subject: O = Example, CN = device-1"))
        #expect(outcome.text.contains("Version: 1 (0x0)"))
    }

    @Test func anEmptySetOfAttributesAndNoneAreTheSame() throws {
        let key = try TestKeys.client
        let body = [TLV.integer(0), HandMadeCertificate.name("a"), key.publicKey.subjectPublicKeyInfo].flatMap(\.self)
        for info in [TLV.encode(0x30, body), TLV.encode(0x30, body + TLV.context(0))] {
            let signature = try key.sign(info, scheme: .rsaPKCS1(.sha256))
            let der = TLV.sequence(info, TLV.algorithm(OID.sha256WithRSA), TLV.bitString(signature))
            let request = try CertificationRequest(derEncoded: der)
            #expect(request.challengePassword == nil)
            #expect(request.requestedExtensions.isEmpty)
            #expect(request.isSigned(by: key.publicKey))
        }
    }

    @Test(arguments: [[0x0A], [0x0D, 0x0A], [0, 0, 0], [0x0A, 0x00]] as [[UInt8]])
    func paddingAfterItsEndIsPassedOver(padding: [UInt8]) throws {
        let der = try HandMadeRequest("a", key: try TestKeys.client).der()
        #expect(try CertificationRequest(derEncoded: der + padding).der == der)
        #expect(throws: PKIXError.self) { try CertificationRequest(derEncoded: der + padding + [1]) }
    }

    /// A reader that looks for the attributes in their place and one that looks for their tag would see two requests.
    @Test func refusesWhatFollowsTheAttributesOrStandsBeforeThem() throws {
        let key = try TestKeys.client
        let body = [TLV.integer(0), HandMadeCertificate.name("a"), key.publicKey.subjectPublicKeyInfo].flatMap(\.self)
        let attributes = TLV.context(0, TLV.attribute(OID.challengePassword, TLV.printable("x")))
        for info in [body + TLV.null + attributes, body + attributes + TLV.null, body + attributes + attributes] {
            let der = TLV.sequence(TLV.encode(0x30, info), TLV.algorithm(OID.sha256WithRSA), TLV.bitString([1]))
            #expect(throws: PKIXError.malformed("CertificationRequestInfo: something follows its end")) {
                try CertificationRequest(derEncoded: der)
            }
        }
    }

    // MARK: - Requested extensions

    private static let names = HandMadeCertificate.extension(OID.subjectAltName, TLV.sequence(TLV.encode(0x82, [0x61])))
    private static let otherNames = HandMadeCertificate.extension(
        OID.subjectAltName,
        TLV.sequence(TLV.encode(0x82, [0x62]))
    )
    private static let usage = HandMadeCertificate.extension(OID.keyUsage, [UInt8](hex: "03020780"))

    private static func request(_ attributes: [[UInt8]]) throws -> CertificationRequest {
        var request = HandMadeRequest("a", key: try TestKeys.client)
        request.attributes = attributes
        return try CertificationRequest(derEncoded: try request.der())
    }

    @Test(arguments: [OID.extensionRequest, OID.microsoftExtensions, OID.verisignExtensions])
    func readsEveryCarrierOfExtensions(carrier: [UInt8]) throws {
        let request = try Self.request([TLV.attribute(carrier, TLV.sequence(Self.names, Self.usage))])
        #expect(request.requestedExtensions.map(\.oid) == [.PKIX.subjectAltName, .PKIX.keyUsage])
        #expect(request.requestedExtensions.first.map { Array($0.value) } == TLV.sequence(TLV.encode(0x82, [0x61])))
    }

    @Test func putsCarriersTogetherAndRefusesConflicts() throws {
        let standard = TLV.attribute(OID.extensionRequest, TLV.sequence(Self.names))
        let both = try Self.request([
            standard, TLV.attribute(OID.microsoftExtensions, TLV.sequence(Self.usage, Self.names)),
        ])
        #expect(both.requestedExtensions.map(\.oid) == [.PKIX.subjectAltName, .PKIX.keyUsage])
        let conflict = [standard, TLV.attribute(OID.verisignExtensions, TLV.sequence(Self.otherNames))]
        #expect(throws: PKIXError.malformed("extensionRequest: two different 2.5.29.17")) { try Self.request(conflict) }
    }

    @Test func aCriticalCopyIsAConflictToo() throws {
        let critical = TLV.sequence(OID.keyUsage, [0x01, 0x01, 0xFF], TLV.octetString([UInt8](hex: "03020780")))
        let attributes = [Self.usage, critical].map { TLV.attribute(OID.extensionRequest, TLV.sequence($0)) }
        #expect(throws: PKIXError.self) { try Self.request(attributes) }
        let single = try Self.request([attributes[1]])
        #expect(single.requestedExtensions.map(\.critical) == [true])
    }

    @Test func refusesTwoListsInOneCarrierAndTwoOfAKindInOneList() throws {
        let list = TLV.sequence(Self.names)
        #expect(throws: PKIXError.self) { try Self.request([TLV.attribute(OID.extensionRequest, list, list)]) }
        #expect(throws: PKIXError.self) { try Self.request([TLV.attribute(OID.extensionRequest)]) }
        #expect(throws: PKIXError.self) {
            try Self.request([TLV.attribute(OID.extensionRequest, TLV.sequence(Self.names, Self.names))])
        }
        #expect(throws: PKIXError.self) {
            try Self.request([TLV.attribute(OID.extensionRequest, TLV.octetString([1]))])
        }
    }

    @Test func toleratesUnknownAttributesUpToALimit() throws {
        let unknown = TLV.attribute(OID.randomNonce, TLV.octetString([1]), TLV.null)
        #expect(try Self.request(Array(repeating: unknown, count: 32)).challengePassword == nil)
        #expect(throws: PKIXError.malformed("attributes: more than 32")) {
            try Self.request(Array(repeating: unknown, count: 33))
        }
    }
}
