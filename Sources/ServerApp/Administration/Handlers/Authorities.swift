// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment
internal import PKIX

internal import struct Foundation.Data
internal import struct Foundation.Date

extension ListAuthorities: LocalOperation {
    /// Lists the CAs of others.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let authorities = try await context.state.alternateAuthorities()
        return Page(items: authorities.map { AuthorityDocument($0, at: context.now) }, next: nil)
    }
}

extension AddAuthority: LocalOperation {
    /// Adds the CA of somebody else.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let der = try bytes(input.certificate, "/certificate")
        if let certificate = try? EncodedCertificate(derEncoded: der) {
            let authority = StoredAlternateAuthority(name: input.name, certificate: certificate, certificateList: nil)
            try context.audit("authority \(input.name)", after: AuthorityDocument(authority, at: context.now))
        }
        try await context.state.addAlternateAuthority(input.name, certificate: der, at: context.now)
        return NoContent()
    }
}

extension PutAuthorityList: LocalOperation {
    /// Takes a CRL of somebody else's CA up.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let der = try bytes(input.crl, "/crl")
        let before = try await context.state.alternateAuthorities().first { $0.name == input.name }
        let after = before.map { former in
            StoredAlternateAuthority(
                name: former.name,
                certificate: former.certificate,
                certificateList: try? EncodedCertificateList(derEncoded: der)
            )
        }
        try context.audit(
            "authority \(input.name)",
            before: before.map { AuthorityDocument($0, at: context.now) },
            after: after.map { AuthorityDocument($0, at: context.now) }
        )
        try await context.state.putAlternateCertificateList(input.name, der, at: context.now)
        return NoContent()
    }
}

extension RemoveAuthority: LocalOperation {
    /// Removes the CA of somebody else.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let authority = try await context.state.alternateAuthorities().first { $0.name == input.name }
        try context.audit(
            "authority \(input.name)",
            before: authority.map { AuthorityDocument($0, at: context.now) }
        )
        try await context.state.removeAlternateAuthority(input.name)
        return NoContent()
    }
}

/// The bytes that a member holds in base64.
private func bytes(_ base64: String, _ pointer: String) throws -> [UInt8] {
    guard let data = Data(base64Encoded: base64) else {
        throw AppError(.usage, "This is not base64.", pointer: pointer)
    }
    return Array(data)
}

extension AuthorityDocument {
    fileprivate init(_ authority: StoredAlternateAuthority, at now: Date) {
        let list: ListState =
            if let list = authority.certificateList {
                list.isCurrent(at: now) ? .current : .outOfDate
            } else {
                .missing
            }
        self.init(
            name: authority.name,
            subject: "\(authority.certificate.subject)",
            sha256: authority.certificate.fingerprint().hexadecimal,
            notAfter: authority.certificate.notAfter,
            crl: list,
            crlNextUpdate: authority.certificateList?.nextUpdate
        )
    }
}
