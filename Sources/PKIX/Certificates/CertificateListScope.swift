// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1
internal import X509

/// What the extensions of a CRL and of its entries say about the certificates that it can speak for (RFC 5280 §5.2, §5.3).
enum CertificateListScope {
    /// The extensions of a list that may be critical without being in the way: AKI, CRL number, issuing distribution point, freshest CRL.
    private static let known: Set<ASN1ObjectIdentifier> = [
        .PKIX.authorityKeyIdentifier, .PKIX.crlNumber, .PKIX.issuingDistributionPoint, .PKIX.freshestCRL,
    ]

    /// Why a list says nothing of the certificates that it does not list; nil when it does.
    static func obstacle(_ extensions: [Certificate.Extension]) -> String? {
        if extensions.contains(where: { $0.oid == .PKIX.deltaCRLIndicator }) { return "a delta CRL" }
        if let unknown = extensions.first(where: { $0.critical && !known.contains($0.oid) }) {
            return "a CRL with the critical extension \(unknown.oid)"
        }
        guard let point = extensions.first(where: { $0.oid == .PKIX.issuingDistributionPoint }) else { return nil }
        guard let node = try? ASN1Parsing.parse(point.value, "IssuingDistributionPoint"),
            var reader = try? NodeReader(node, .sequence, "IssuingDistributionPoint")
        else { return "a CRL whose issuingDistributionPoint can't be read" }
        _ = reader.nextIf(.context(0))
        _ = reader.nextIf(.context(1))
        if isTrue(reader.nextIf(.context(2))) { return "a CRL for CA certificates only" }
        if reader.nextIf(.context(3)) != nil { return "a CRL for certain reasons only" }
        if isTrue(reader.nextIf(.context(4))) { return "an indirect CRL" }
        if isTrue(reader.nextIf(.context(5))) { return "a CRL for attribute certificates only" }
        return reader.next() == nil ? nil : "a CRL whose issuingDistributionPoint can't be read"
    }

    /// Why an entry forbids the use of its CRL; nil when it does not.
    static func obstacle(ofEntry extensions: [Certificate.Extension]) -> String? {
        // Whoever issued the certificates of this and the following entries is somebody else.
        if extensions.contains(where: { $0.oid == .PKIX.certificateIssuer }) { return "an indirect CRL" }
        let unknown = extensions.first { $0.critical && $0.oid != .PKIX.reasonCode && $0.oid != .PKIX.invalidityDate }
        return unknown.map { "a CRL entry with the critical extension \($0.oid)" }
    }

    /// The encoding of Extensions that hold a reasonCode and nothing else, but for its last octet.
    private static let reasonAlone: [UInt8] = [
        0x30, 0x0C, 0x30, 0x0A, 0x06, 0x03, 0x55, 0x1D, 0x15, 0x04, 0x03, 0x0A, 0x01,
    ]

    /// Whether the extensions of an entry are a reasonCode and nothing else, as most are.
    ///
    /// Told by the bytes, since making nodes for a million entries takes seconds.
    static func isReasonAlone(_ encoding: ArraySlice<UInt8>) -> Bool {
        encoding.count == reasonAlone.count + 1 && encoding.starts(with: reasonAlone)
    }

    /// The reason of an entry; `unspecified` when none is given or it is not known.
    static func reason(_ entry: [Certificate.Extension]) -> RevocationReason {
        guard let value = entry.first(where: { $0.oid == .PKIX.reasonCode })?.value,
            let node = try? ASN1Parsing.parse(value, "CRLReason"), node.identifier == .enumerated,
            let octets = try? node.primitive("CRLReason"), octets.count == 1
        else { return .unspecified }
        return octets.first.flatMap { RevocationReason(rawValue: $0) } ?? .unspecified
    }

    /// The URLs of a list's distribution point; nil when it names none, and then it covers all that its issuer issued.
    static func distributionPointURLs(_ extensions: [Certificate.Extension]) -> Set<String>? {
        guard let point = extensions.first(where: { $0.oid == .PKIX.issuingDistributionPoint }) else { return nil }
        guard let node = try? ASN1Parsing.parse(point.value, "IssuingDistributionPoint"),
            var reader = try? NodeReader(node, .sequence, "IssuingDistributionPoint")
        else { return [] }
        return reader.nextIf(.context(0)).map { urls($0) }
    }

    /// The URLs of all distribution points that a certificate's extension names.
    static func distributionPointURLs(ofCertificate value: Certificate.Extension) -> Set<String> {
        var result: Set<String> = []
        guard let node = try? ASN1Parsing.parse(value.value, "CRLDistributionPoints"),
            var points = try? NodeReader(node, .sequence, "CRLDistributionPoints")
        else { return [] }
        while let point = points.next() {
            guard var fields = try? NodeReader(point, .sequence, "DistributionPoint"),
                let name = fields.nextIf(.context(0))
            else { continue }
            result.formUnion(urls(name))
        }
        return result
    }

    /// The URLs of `distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] … } }`.
    private static func urls(_ point: EncodedValue) -> Set<String> {
        var result: Set<String> = []
        guard var choice = try? NodeReader(point, .context(0), "distributionPoint"),
            let fullName = choice.nextIf(.context(0)),
            var names = try? NodeReader(fullName, .context(0), "fullName")
        else { return [] }
        while let name = names.next() {
            guard name.identifier == .context(6), let octets = try? name.primitive("URI") else { continue }
            result.insert(String(decoding: octets, as: UTF8.self))
        }
        return result
    }

    private static func isTrue(_ node: EncodedValue?) -> Bool {
        guard let node else { return false }
        // What is no BOOLEAN counts as true, which refuses the CRL.
        return (try? node.primitive("BOOLEAN"))?.contains { $0 != 0 } ?? true
    }
}
