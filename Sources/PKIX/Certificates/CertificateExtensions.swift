// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1
public import X509

/// Reads and writes lists of extensions, and the extensions that swift-certificates does not know.
public enum CertificateExtensions: Sendable {
    /// The most extensions that are read from a certificate or request: real ones have a dozen.
    static let maximumCount = 64

    package static func parse(_ node: EncodedValue) throws(PKIXError) -> [Certificate.Extension] {
        var list: [Certificate.Extension] = []
        var reader = try NodeReader(node, .sequence, "Extensions")
        while let member = reader.next() {
            guard list.count < maximumCount else { throw .malformed("Extensions: more than \(maximumCount)") }
            var fields = try NodeReader(member, .sequence, "Extension")
            let oid = try fields.next(.objectIdentifier, "extnID").objectIdentifier("extnID")
            let critical = try fields.nextIf(.boolean)?.primitive("critical") ?? []
            let isCritical = critical.contains { $0 != 0 }
            let value = try fields.next(.octetString, "extnValue").octets("extnValue")
            guard !list.contains(where: { $0.oid == oid }) else { throw .malformed("Extensions: \(oid) occurs twice") }
            list.append(Certificate.Extension(oid: oid, critical: isCritical, value: value))
        }
        return list
    }

    package static func append(_ extensions: [Certificate.Extension], to serializer: inout DEREncoder) throws {
        try serializer.sequence { list in
            for entry in extensions {
                try list.sequence { fields in
                    try fields.serialize(entry.oid)
                    if entry.critical { try fields.serialize(true) }
                    fields.octetString(entry.value)
                }
            }
        }
    }

    /// cRLDistributionPoints with one URL (RFC 5280 §4.2.1.13).
    public static func crlDistributionPoint(url: String) throws(PKIXError) -> Certificate.Extension {
        let value = try encode("CRLDistributionPoints") { serializer in
            serializer.sequence { points in
                points.sequence { point in distributionPointName(url, to: &point) }
            }
        }
        return Certificate.Extension(oid: .PKIX.crlDistributionPoints, critical: false, value: value[...])
    }

    /// issuingDistributionPoint with one URL: the CRL covers the certificates that name this URL (RFC 5280 §5.2.5).
    public static func issuingDistributionPoint(url: String) throws(PKIXError) -> Certificate.Extension {
        let value = try encode("IssuingDistributionPoint") { serializer in
            serializer.sequence { point in distributionPointName(url, to: &point) }
        }
        return Certificate.Extension(oid: .PKIX.issuingDistributionPoint, critical: true, value: value[...])
    }

    /// subjectKeyIdentifier (RFC 5280 §4.2.1.2).
    public static func subjectKeyIdentifier(_ identifier: [UInt8]) throws(PKIXError) -> Certificate.Extension {
        let value = try encode("SubjectKeyIdentifier") { $0.octetString(identifier) }
        return Certificate.Extension(oid: .PKIX.subjectKeyIdentifier, critical: false, value: value[...])
    }

    /// cRLNumber (RFC 5280 §5.2.3).
    public static func crlNumber(_ number: UInt64) throws(PKIXError) -> Certificate.Extension {
        let value = try encode("CRLNumber") { try $0.serialize(number) }
        return Certificate.Extension(oid: .PKIX.crlNumber, critical: false, value: value[...])
    }

    /// reasonCode of a CRL entry (RFC 5280 §5.3.1).
    static func reasonCode(_ reason: RevocationReason) throws(PKIXError) -> Certificate.Extension {
        let value = try encode("CRLReason") { $0.primitive(.enumerated, [reason.rawValue]) }
        return Certificate.Extension(oid: .PKIX.reasonCode, critical: false, value: value[...])
    }

    /// Appends `distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] } }`.
    private static func distributionPointName(_ url: String, to serializer: inout DEREncoder) {
        serializer.constructed(.context(0)) { name in
            name.constructed(.context(0)) { fullName in
                fullName.primitive(.context(6), url.utf8)
            }
        }
    }
}
