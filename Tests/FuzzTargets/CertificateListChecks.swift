// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEPCrafting
internal import SwiftASN1
internal import X509

/// What holds for CRLs.
enum CertificateListChecks {
    /// The most entries that are asked for one by one: each question walks over the list.
    private static let askedCount = 64

    /// Reads a CRL, and compares what is walked over with what a parser makes of it.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        guard let list = try? EncodedCertificateList(derEncoded: input) else { return false }
        let again = try require("a CRL's encoding can be read") { try EncodedCertificateList(derEncoded: list.der) }
        try require(again.der == list.der && again.count == list.count, "reading a CRL's encoding gives the CRL")
        try NameChecks.check(list.issuer)
        try CertificateChecks.check(list.extensions)
        try CertificateChecks.check(list.thisUpdate)
        try CertificateChecks.check(list.nextUpdate)
        _ = list.number
        _ = list.isCurrent(at: list.thisUpdate)
        try checkCoverage(list)

        guard let node = try? ASN1Parsing.parse(list.der[...], "CertificateList") else { return true }
        guard let (body, serialNumbers) = try? Self.serialNumbers(node) else {
            throw FuzzFinding(description: "a parser finds the parts that a walk finds")
        }
        try require(list.toBeSigned == body, "the signed bytes are those that a parser finds")
        try require(list.count == serialNumbers.count, "the count is that of the entries that a parser finds")
        try checkEntries(list, serialNumbers)
        return true
    }

    /// Each listed certificate is revoked, unless the CRL can't tell.
    private static func checkEntries(
        _ list: EncodedCertificateList,
        _ serialNumbers: [[UInt8]]
    ) throws(FuzzFinding) {
        var revoked: [RevokedCertificate] = []
        for serialNumber in serialNumbers.prefix(askedCount) {
            do {
                guard let entry = try list.revocation(of: serialNumber) else {
                    throw FuzzFinding(description: "a listed certificate is revoked")
                }
                revoked.append(entry)
            } catch let finding as FuzzFinding {
                throw finding
            } catch PKIXError.unsupported {
                return
            } catch {
                throw FuzzFinding(description: "the entries of a CRL that was read can be read: \(error)")
            }
        }
        let body = try require("a CRL of the same entries can be written") {
            try TBSCertificateList(
                signatureAlgorithm: list.signatureAlgorithm,
                issuer: list.issuer,
                thisUpdate: list.thisUpdate,
                nextUpdate: list.nextUpdate ?? list.thisUpdate,
                revoked: revoked,
                extensions: list.extensions
            ).derEncoded()
        }
        let algorithm = try require("an algorithm can be written") {
            try encode("AlgorithmIdentifier") { try list.signatureAlgorithm.append(to: &$0) }
        }
        let written = try require("a CRL that was written can be read") {
            try EncodedCertificateList(derEncoded: TLV.sequence(body, algorithm, TLV.bitString([1, 2, 3])))
        }
        try require(written.count == revoked.count, "what is written and read has as many entries")
        try require(written.extensions == list.extensions, "what is written and read has the same extensions")
        for entry in revoked {
            let found = try require("what is written can be asked") { try written.revocation(of: entry.serialNumber) }
            try require(found?.serialNumber == entry.serialNumber, "what is written and read lists the same numbers")
            // The first of two entries with one number counts, and both were made of that one.
            try require(found?.reason == entry.reason, "what is written and read has the same reasons")
        }
    }

    /// A certificate of the CRL's issuer that names the CRL's own distribution point.
    private static func checkCoverage(_ list: EncodedCertificateList) throws(FuzzFinding) {
        var certificate = HandMadeCertificate("device-1", key: try Actors.shared().clientKey)
        certificate.issuer = list.issuer.der
        if let point = list.extensions.first(where: { $0.oid == .PKIX.issuingDistributionPoint })?.value {
            certificate.extensions = [
                HandMadeCertificate.extension(
                    [0x06, 0x03, 0x55, 0x1D, 0x1F],
                    TLV.sequence(Array(point))
                )
            ]
        }
        if let read = try? certificate.unsigned() { _ = list.covers(read) }
    }

    /// The signed part, and the serial numbers of all entries.
    private static func serialNumbers(_ node: EncodedValue) throws(PKIXError) -> (body: [UInt8], [[UInt8]]) {
        var list = try NodeReader(node, .sequence, "CertificateList")
        let body = try list.next(.sequence, "tbsCertList")
        var fields = try NodeReader(body, .sequence, "TBSCertList")
        _ = fields.nextIf(.integer)
        _ = try fields.next(.sequence, "signature")
        _ = try fields.next(.sequence, "issuer")
        _ = fields.next()
        if fields.nextIf(.utcTime) == nil { _ = fields.nextIf(.generalizedTime) }
        var serialNumbers: [[UInt8]] = []
        if let entries = fields.nextIf(.sequence) {
            var reader = try NodeReader(entries, .sequence, "revokedCertificates")
            while let entry = reader.next() {
                var members = try NodeReader(entry, .sequence, "revokedCertificate")
                let serialNumber = try members.next(.integer, "userCertificate").primitive("userCertificate")
                serialNumbers.append(Array(serialNumber))
            }
        }
        return (Array(body.encodedBytes), serialNumbers)
    }
}
