// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX

public import struct Foundation.Date
public import struct Foundation.UUID

/// What a serial number or id that somebody typed names.
public enum CertificateSearch: Sendable, Hashable {
    /// One certificate.
    case found(CertificateRecord)
    /// Certificates of several issuers have this serial number.
    case ambiguous([CertificateRecord])
    /// No certificate.
    case unknown
    /// It is neither a serial number nor an id.
    case unreadable
}

/// Finds, revokes and releases certificates.
public struct CertificateAdministration: Sendable {
    private let certificates: any IssuedCertificateStore
    private let revocations: any RevocationStore
    private let time: any TimeSource

    /// Puts the use-case together.
    public init(
        certificates: any IssuedCertificateStore,
        revocations: any RevocationStore,
        time: any TimeSource
    ) {
        self.certificates = certificates
        self.revocations = revocations
        self.time = time
    }

    /// Finds a certificate by what somebody typed.
    ///
    /// - Parameter text: an id; or a serial number in hexadecimal digits, also with colons or spaces between them, as other programs
    ///   print it.
    /// - Returns: what it names.
    /// - Throws: `StoreError`.
    public func find(_ text: String) async throws(StoreError) -> CertificateSearch {
        if let id = UUID(uuidString: text) {
            let found = try await certificates.certificates(after: id.predecessor, limit: 1).first { $0.id == id }
            return found.map(CertificateSearch.found) ?? .unknown
        }
        // At most 20 octets (RFC 5280 §4.1.2.2) and one for the sign: what is longer is something else, such as a fingerprint.
        guard let number = SerialNumber(hexadecimal: text), number.octets.count <= 21 else { return .unreadable }
        let found = try await certificates.certificates(serialNumber: number.octets)
        guard let first = found.first else { return .unknown }
        return found.count == 1 ? .found(first) : .ambiguous(found)
    }

    /// Revokes a certificate; one on hold may be revoked for good.
    ///
    /// - Parameters:
    ///   - certificate: the certificate.
    ///   - reason: why.
    ///   - moment: since when; now if nil.
    /// - Returns: what became of it.
    /// - Throws: `StoreError`.
    public func revoke(
        _ certificate: CertificateRecord,
        reason: RevocationReason,
        at moment: Date? = nil
    ) async throws(StoreError) -> RevocationOutcome {
        // CRLs name moments in whole seconds.
        let since = min(moment ?? time.now, time.now).timeIntervalSince1970.rounded(.down)
        return try await revocations.revoke(
            issuerID: certificate.issuerID,
            serialNumber: certificate.serialNumber,
            Revocation(at: Date(timeIntervalSince1970: since), reason: reason)
        )
    }

    /// Makes a certificate that is on hold good again.
    public func release(_ certificate: CertificateRecord) async throws(StoreError) -> RevocationOutcome {
        try await revocations.release(issuerID: certificate.issuerID, serialNumber: certificate.serialNumber)
    }
}

extension UUID {
    /// The id before this one in the order of their bytes, to find this one in a list that goes on after an id.
    fileprivate var predecessor: UUID? {
        let digits = uuidString.filter { $0 != "-" }
        guard var high = UInt64(digits.prefix(16), radix: 16), var low = UInt64(digits.suffix(16), radix: 16),
            high > 0 || low > 0
        else { return nil }
        if low == 0 { high -= 1 }
        low &-= 1
        let (first, second) = (Self.padded(high), Self.padded(low))
        return UUID(
            uuidString: [
                first.prefix(8), first.dropFirst(8).prefix(4), first.suffix(4), second.prefix(4), second.dropFirst(4),
            ].joined(separator: "-")
        )
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
