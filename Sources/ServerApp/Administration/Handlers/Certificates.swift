// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment
internal import PKIX

internal import struct Foundation.Data
internal import struct Foundation.Date

extension ListCertificates: LocalOperation {
    /// Lists and finds certificates.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let query = try CertificateQuery(input.filter, now: context.now)
        let found: Found<CertificateRecord>
        do {
            found = try await context.state.certificates.certificates(
                matching: query,
                after: input.after?.uuid,
                limit: input.limit ?? 100
            )
        } catch {
            throw AppError(error)
        }
        return Page(found) { record in
            var document = CertificateDocument(record, at: context.now)
            if input.withCertificates == true { document.certificate = Data(record.der).base64EncodedString() }
            return document
        }
    }
}

extension ShowCertificate: LocalOperation {
    /// Shows a certificate.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let record = try await context.state.certificate(input.certificate)
        let issuers = try await context.state.configuration().issuers
        var document = CertificateDocument(record, at: context.now)
        document.certificate = Data(record.der).base64EncodedString()
        if let issuer = issuers.first(where: { $0.id == record.issuerID }) {
            document.chain = ([issuer.certificate] + issuer.chain).map { Data($0).base64EncodedString() }
        }
        return document
    }
}

extension CertificateDocument {
    /// A certificate as it is at a moment.
    init(_ record: CertificateRecord, at now: Date) {
        self.init(
            id: Identifier(record.id),
            serialNumber: record.serialNumber.hexadecimal,
            subject: record.subject,
            profile: record.profile,
            notBefore: record.notBefore,
            notAfter: record.notAfter,
            issuedAt: record.issuedAt,
            status: Status(record.status(at: now)),
            sha256: DigestAlgorithm.sha256.digest(record.der).hexadecimal,
            publicKeySHA256: record.publicKeyDigest.hexadecimal
        )
        revokedAt = record.revocation?.at
        reason = record.revocation?.reason.description
    }
}

extension CertificateDocument.Status {
    fileprivate init(_ status: CertificateStatus) {
        self =
            switch status {
            case .valid: .valid
            case .expired: .expired
            case .onHold: .onHold
            case .revoked: .revoked
            }
    }

    fileprivate var stored: CertificateStatus {
        switch self {
        case .valid: .valid
        case .expired: .expired
        case .onHold: .onHold
        case .revoked: .revoked
        }
    }
}

extension CertificateQuery {
    /// What somebody looks for.
    ///
    /// - Throws: `AppError` when it makes no sense.
    init(_ filter: CertificateFilterDocument, now: Date) throws {
        self.init(now: now)
        serialNumber = try filter.serial.map { text in
            guard let number = SerialNumber(hexadecimal: text), number.octets.count <= 21 else {
                throw AppError(.usage, "'\(text)' is no serial number.", pointer: "/serial")
            }
            return number.octets
        }
        if let text = filter.fingerprint { terms.append(.fingerprint(try Self.digest(text, "/fingerprint"))) }
        if let text = filter.publicKey { terms.append(.publicKey(try Self.digest(text, "/publicKey"))) }
        if let text = filter.name {
            guard let term = CertificateTerm(name: text) else {
                throw AppError(
                    .usage,
                    "'\(text)' is no alternative name.",
                    hint: "Write dns:NAME, email:ADDRESS, uri:URI, ip:ADDRESS or upn:NAME.",
                    pointer: "/name"
                )
            }
            terms.append(term)
        }
        if let text = filter.exactSubject {
            do {
                terms.append(try CertificateTerm(subject: text))
            } catch {
                throw AppError(
                    .usage,
                    "'\(text)' is no subject.",
                    hint: "Write it like \"CN=device-1,O=Example\".",
                    pointer: "/exactSubject"
                )
            }
        }
        subjectPart = filter.subject
        profile = filter.profile
        issuer = filter.issuer
        if let status = filter.status { statuses = Set(status.map(\.stored)) }
        issuedSince = filter.issuedSince
        issuedBefore = filter.issuedBefore
        expiresSince = filter.expiresSince
        expiresBefore = filter.expiresBefore
        if let days = filter.expiresWithinDays {
            expiresSince = max(expiresSince ?? now, now)
            let end = now.addingTimeInterval(Double(days) * 86_400)
            expiresBefore = min(expiresBefore ?? end, end)
        }
    }

    private static func digest(_ text: String, _ pointer: String) throws -> [UInt8] {
        let digits = text.filter { $0 != ":" && $0 != " " }
        var bytes: [UInt8] = []
        var rest = Substring(digits)
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { break }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        guard bytes.count == 32, rest.isEmpty else {
            throw AppError(.usage, "'\(text)' is no SHA-256 in hexadecimal digits.", pointer: pointer)
        }
        return bytes
    }
}

extension OpenedState {
    /// The one certificate that a text names.
    ///
    /// - Throws: `AppError`.
    func certificate(_ text: String) async throws -> CertificateRecord {
        let search: CertificateSearch
        do {
            search = try await certificateAdministration.find(text)
        } catch {
            throw AppError(error)
        }
        switch search {
        case .found(let record): return record
        case .ambiguous(let records):
            throw AppError(
                .conflict,
                "Certificates of several CAs have the serial number '\(text)'.",
                hint: "Name one by its id: \(records.map { Identifier($0.id).description }.joined(separator: ", "))."
            )
        case .unknown:
            throw AppError(.missing, "There is no certificate '\(text)'.", hint: "Look with: sceptic certificate list")
        case .unreadable: throw AppError(.usage, "'\(text)' is neither a serial number nor an id.")
        }
    }
}
