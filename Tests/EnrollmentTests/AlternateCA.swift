// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import TestSupport

/// Keys that only tests of several CAs need, each made once per run.
enum ExtraKeys {
    private static let alternateKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }
    private static let nextKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }
    private static let nextRegistrationKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }
    private static let formerRegistrationKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }

    /// The key of somebody else's CA.
    static var alternate: SoftwareKey { get throws { try alternateKey.get() } }
    /// The key of the CA's next generation.
    static var next: SoftwareKey { get throws { try nextKey.get() } }
    /// The key of the next generation's RA.
    static var nextRegistration: SoftwareKey { get throws { try nextRegistrationKey.get() } }
    /// The key of a former RA.
    static var formerRegistration: SoftwareKey { get throws { try formerRegistrationKey.get() } }
}

/// A CA of somebody else, with a CRL as odd as a test wants it.
struct AlternateCA {
    static let name = "other-ca"

    /// Both times of the CRL, encoded; a test's clock begins on 2027-01-15.
    var times = HandMadeCertificate.utcTime("270114000000Z") + HandMadeCertificate.utcTime("280201000000Z")
    /// The issuer that the CRL names.
    var issuer = HandMadeCertificate.name("Other CA")
    /// The serial numbers that it lists.
    var revoked: [[UInt8]] = [[0x66]]
    /// The extensions of the CRL, each encoded.
    var extensions: [[UInt8]] = []
    /// Who signs the CRL.
    var signer: SoftwareKey

    init() throws {
        self.signer = try ExtraKeys.alternate
    }

    /// Its certificate.
    static var certificate: EncodedCertificate {
        get throws { try HandMadeCertificate("Other CA", key: ExtraKeys.alternate).read() }
    }

    /// A certificate that it issued.
    static func issue(
        _ subject: String = "device-1",
        key: SoftwareKey? = nil,
        change: (inout HandMadeCertificate) throws -> Void = { _ in }
    ) throws -> EncodedCertificate {
        var certificate = HandMadeCertificate(subject, key: try key ?? TestKeys.client)
        certificate.issuer = HandMadeCertificate.name("Other CA")
        certificate.serialNumber = [0x55]
        certificate.signer = try ExtraKeys.alternate
        try change(&certificate)
        return try certificate.read()
    }

    /// Its CRL.
    func certificateList() throws -> [UInt8] {
        let entries = revoked.map {
            TLV.sequence(TLV.encode(0x02, $0), HandMadeCertificate.utcTime("270101000000Z"))
        }
        let body = TLV.sequence(
            TLV.integer(1),
            TLV.algorithm(OID.sha256WithRSA),
            issuer,
            times,
            entries.isEmpty ? [] : TLV.encode(0x30, entries.flatMap(\.self)),
            extensions.isEmpty ? [] : TLV.context(0, TLV.encode(0x30, extensions.flatMap(\.self)))
        )
        let signature = try signer.sign(body, scheme: .rsaPKCS1(.sha256))
        return TLV.sequence(body, TLV.algorithm(OID.sha256WithRSA), TLV.bitString(signature))
    }

    /// A profile that takes its certificates for renewals.
    func profile(
        _ world: World,
        configured: [String] = [AlternateCA.name],
        list: [UInt8]? = nil
    ) throws -> ServedProfile {
        let authority = AlternateAuthority(
            name: Self.name,
            certificate: try Self.certificate,
            certificateList: try list ?? certificateList()
        )
        return try world.profile(
            settings: .with(renewal: RenewalPolicy(alternateAuthorities: configured)),
            alternate: [authority].compactMap(\.self)
        )
    }
}
