// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import SwiftASN1
public import X509

public import struct Foundation.Date

/// A CRL kept as it came, with its parts located (RFC 5280 §5.1).
///
///     CertificateList  ::=  SEQUENCE  {
///          tbsCertList          TBSCertList,
///          signatureAlgorithm   AlgorithmIdentifier,
///          signatureValue       BIT STRING  }
///
/// A CRL may list a million certificates. They are walked over where they lie, once when the CRL is read, which checks their form, and
/// once for each question; no list of them is made. Reading judges no more than the form: who asks for a revocation is told when this
/// CRL can't tell (`revocation(of:)`), and signature, issuer and dates are the caller's to check.
public struct EncodedCertificateList: Sendable {
    /// The longest CRL that is read, in bytes: a million entries with serial numbers of 20 bytes and reasons take 53 MB.
    public static let maximumByteCount = 64 << 20

    /// The whole encoding.
    public let der: [UInt8]
    /// The issuer.
    public let issuer: Name
    /// When it was made.
    public let thisUpdate: Date
    /// When the next one is there at the latest; nil when it does not say, which RFC 5280 §5.1.2.5 forbids.
    public let nextUpdate: Date?
    /// How many certificates it lists.
    public let count: Int
    /// The list's extensions.
    public let extensions: [Certificate.Extension]
    /// How it is signed.
    public let signatureAlgorithm: AlgorithmIdentifier
    /// The signature value.
    public let signature: [UInt8]
    private let body: Range<Int>
    private let entries: Range<Int>
    /// Why it can't tell whether a certificate is revoked; nil when it can.
    private let obstacle: String?

    /// Reads an encoded CRL.
    ///
    /// - Throws: `malformed`; `unsupported` when it is longer than `maximumByteCount`.
    public init(derEncoded encoded: [UInt8]) throws(PKIXError) {
        guard encoded.count <= Self.maximumByteCount else {
            throw .unsupported("a CRL of more than \(Self.maximumByteCount) bytes")
        }
        let der = Array(ASN1Parsing.withoutTrailingPadding(encoded))
        var file = ElementWalker(der, der.indices, "CertificateList")
        let outer = try file.next([ElementWalker.sequence], "SEQUENCE")
        try file.requireEnd()
        var list = ElementWalker(der, outer.content, "CertificateList")
        let body = try list.next([ElementWalker.sequence], "tbsCertList")
        let algorithm = try list.next([ElementWalker.sequence], "signatureAlgorithm")
        let signature = try list.next([ElementWalker.bitString], "signatureValue")
        try list.requireEnd()

        func node(_ element: LocatedElement, _ what: String) throws(PKIXError) -> EncodedValue {
            try ASN1Parsing.parse(der[element.encoding], what)
        }
        self.signatureAlgorithm = try AlgorithmIdentifier(node(algorithm, "signatureAlgorithm"), "signatureAlgorithm")
        self.signature = Array(try node(signature, "signatureValue").bits("signatureValue"))

        var fields = ElementWalker(der, body.content, "TBSCertList")
        _ = try fields.nextIf([ElementWalker.integer])
        let inner = try fields.next([ElementWalker.sequence], "signature")
        let claimed = try AlgorithmIdentifier(node(inner, "signature"), "signature")
        // The signed bytes name the algorithm too, so that nobody can exchange it (RFC 5280 §5.1.1.2).
        guard claimed.isSame(as: signatureAlgorithm) else {
            throw .malformed("CertificateList: two signature algorithms")
        }
        self.issuer = try Name(node(try fields.next([ElementWalker.sequence], "issuer"), "issuer"))
        let thisUpdate = try fields.next(ElementWalker.times, "thisUpdate")
        self.thisUpdate = try EncodedTime.parse(node(thisUpdate, "thisUpdate"), "thisUpdate")
        self.nextUpdate =
            if let nextUpdate = try fields.nextIf(ElementWalker.times) {
                try EncodedTime.parse(node(nextUpdate, "nextUpdate"), "nextUpdate")
            } else { nil }
        let revoked = try fields.nextIf([ElementWalker.sequence])
        self.entries = revoked?.content ?? body.content.upperBound..<body.content.upperBound
        self.extensions =
            if let wrapper = try fields.nextIf([ElementWalker.explicit0]) {
                try Self.extensions(node(wrapper, "crlExtensions"))
            } else { [] }
        try fields.requireEnd()
        let (count, obstacle) = try Self.checkEntries(der, entries)
        self.count = count
        self.obstacle = CertificateListScope.obstacle(extensions) ?? obstacle
        self.body = body.encoding
        self.der = der
    }

    /// The encoded TBSCertList: what the signature covers.
    public var toBeSigned: [UInt8] { Array(der[body]) }

    /// The cRLNumber's content octets, at most 20 (RFC 5280 §5.2.3); nil when it has none.
    public var number: [UInt8]? {
        guard let value = extensions.first(where: { $0.oid == .PKIX.crlNumber })?.value,
            let node = try? ASN1Parsing.parse(value, "CRLNumber"), node.identifier == .integer
        else { return nil }
        return (try? node.primitive("CRLNumber")).map { Array($0) }
    }

    /// Whether the signature is that of a key.
    public func isSigned(by key: PublicKey) -> Bool {
        guard let scheme = signatureAlgorithm.signatureScheme() else { return false }
        return key.isValidSignature(signature, for: toBeSigned, scheme: scheme)
    }

    /// Whether it was made by a moment, and a newer one need not be there yet; one that names no nextUpdate is never current.
    public func isCurrent(at moment: Date) -> Bool {
        guard let nextUpdate else { return false }
        return thisUpdate <= moment && moment < nextUpdate
    }

    /// Whether it is the CRL that would list a certificate: it is of the certificate's issuer, and if it names a distribution point, the
    /// certificate names that one too (RFC 5280 §5.2.5, §6.3.3).
    ///
    /// Says nothing about signature and dates.
    public func covers(_ certificate: EncodedCertificate) -> Bool {
        guard certificate.issuer.isEquivalent(to: issuer) else { return false }
        guard let urls = CertificateListScope.distributionPointURLs(extensions) else { return true }
        let named = certificate.extension(.PKIX.crlDistributionPoints)
            .map { CertificateListScope.distributionPointURLs(ofCertificate: $0) }
        return named.map { !urls.isDisjoint(with: $0) } ?? false
    }

    /// The entry of a certificate.
    ///
    /// Serial numbers are compared as numbers without sign: some issuers write them with zeros to spare, or as negative ones. A date that
    /// can't be read becomes `thisUpdate`, an unknown reason `unspecified`: the certificate is revoked all the same.
    ///
    /// - Parameter serialNumber: the serial number's content octets.
    /// - Returns: the entry; nil when the CRL does not list the certificate.
    /// - Throws: `unsupported` when the absence of an entry would say nothing: the CRL is indirect, a delta CRL, or for certain reasons or
    ///   for CA or attribute certificates only, or it or an entry has a critical extension that is not known here (RFC 5280 §5.2, §5.3).
    public func revocation(of serialNumber: [UInt8]) throws(PKIXError) -> RevokedCertificate? {
        if let obstacle { throw .unsupported(obstacle) }
        let wanted = serialNumber.drop { $0 == 0 }
        var walker = ElementWalker(der, entries, "revokedCertificates")
        while let entry = try walker.next() {
            var fields = ElementWalker(der, entry.content, "revokedCertificate")
            guard let serial = try fields.next(), der[serial.content].drop(while: { $0 == 0 }) == wanted else {
                continue
            }
            let date = try fields.next()
                .flatMap { element in try? ASN1Parsing.parse(der[element.encoding], "revocationDate") }
                .flatMap { node in try? EncodedTime.parse(node, "revocationDate") }
            return RevokedCertificate(
                serialNumber: serialNumber,
                revokedAt: date ?? thisUpdate,
                reason: CertificateListScope.reason(try Self.entryExtensions(der, try fields.next()))
            )
        }
        return nil
    }

    // MARK: - Reading

    private static func extensions(_ node: EncodedValue) throws(PKIXError) -> [Certificate.Extension] {
        var wrapper = try NodeReader(node, .context(0), "crlExtensions")
        let list = try CertificateExtensions.parse(try wrapper.next(.sequence, "crlExtensions"))
        try wrapper.end()
        return list
    }

    /// Checks the form of all entries, and counts them.
    ///
    /// - Returns: the count, and why an entry forbids the CRL's use.
    private static func checkEntries(
        _ der: [UInt8],
        _ entries: Range<Int>
    ) throws(PKIXError) -> (count: Int, obstacle: String?) {
        var count = 0
        var obstacle: String?
        var walker = ElementWalker(der, entries, "revokedCertificates")
        while !walker.isAtEnd {
            let entry = try walker.next([ElementWalker.sequence], "revokedCertificate")
            var fields = ElementWalker(der, entry.content, "revokedCertificate")
            _ = try fields.next([ElementWalker.integer], "userCertificate")
            _ = try fields.next(ElementWalker.times, "revocationDate")
            if let element = try fields.nextIf([ElementWalker.sequence]),
                !CertificateListScope.isReasonAlone(der[element.encoding])
            {
                let list = try entryExtensions(der, element)
                obstacle = obstacle ?? CertificateListScope.obstacle(ofEntry: list)
            }
            try fields.requireEnd()
            count += 1
        }
        return (count, obstacle)
    }

    private static func entryExtensions(
        _ der: [UInt8],
        _ element: LocatedElement?
    ) throws(PKIXError) -> [Certificate.Extension] {
        guard let element else { return [] }
        return try CertificateExtensions.parse(
            try ASN1Parsing.parse(der[element.encoding], "crlEntryExtensions")
        )
    }
}

extension AlgorithmIdentifier {
    /// Whether both name the same algorithm with the same parameters, absent ones being NULL.
    fileprivate func isSame(as other: AlgorithmIdentifier) -> Bool {
        algorithm == other.algorithm
            && (parameters == other.parameters || (hasNoParameters && other.hasNoParameters))
    }
}
