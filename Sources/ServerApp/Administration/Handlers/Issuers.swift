// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment
internal import PKIX

internal import struct Foundation.Data

extension ShowCA: LocalOperation {
    /// Shows the server's own certificates.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        Page(
            items: try await context.state.ownCertificates().map { role, certificate in
                OwnCertificateDocument(
                    role: role,
                    subject: "\(certificate.subject)",
                    sha256: certificate.fingerprint().hexadecimal,
                    sha1: certificate.fingerprint(.sha1).hexadecimal,
                    notAfter: certificate.notAfter,
                    certificate: Data(certificate.der).base64EncodedString()
                )
            },
            next: nil
        )
    }
}

extension ListIssuers: LocalOperation {
    /// Lists the keys of all CAs.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let stored = try await context.state.configuration()
        let issuers = stored.issuers.sorted { ($0.name, $0.keyGeneration) < ($1.name, $1.keyGeneration) }
        return Page(items: try issuers.map { IssuerKeyDocument(try CAGeneration($0, stored)) }, next: nil)
    }
}

extension GetCertificateList: LocalOperation {
    /// Gives a CA's CRL.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let record = try await context.state.certificateList(
            input.issuer,
            keyGeneration: input.key,
            shard: input.shard ?? 0
        )
        guard let list = try? EncodedCertificateList(derEncoded: record.der) else {
            throw AppError(.state, "The stored CRL can't be read.")
        }
        return CertificateListDocument(
            issuer: "\(list.issuer)",
            number: Int(clamping: record.number),
            thisUpdate: record.thisUpdate,
            nextUpdate: record.nextUpdate,
            revoked: list.count,
            crl: Data(record.der).base64EncodedString()
        )
    }
}

extension ListIssuerKeys: LocalOperation {
    /// Lists a CA's keys.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let keys = try await CARollover(context.state, issuer: input.issuer).status()
        return Page(items: keys.map { IssuerKeyDocument($0) }, next: nil)
    }
}

extension PrepareIssuerKey: LocalOperation {
    /// Makes a CA's next key.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        IssuerKeyDocument(try await context.rollover(input.issuer).prepareNext(keyType: input.keyType?.algorithm))
    }
}

extension ActivateIssuerKey: LocalOperation {
    /// Lets a CA's next key issue.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        IssuerKeyDocument(try await context.rollover(input.issuer).activateNext())
    }
}

extension CancelIssuerKey: LocalOperation {
    /// Takes a CA's next key back.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        IssuerKeyDocument(try await context.rollover(input.issuer).cancelNext())
    }
}

extension RotateRA: LocalOperation {
    /// Gives a CA's RA a new key.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let rotation = context.rotation(input.issuer)
        _ = try await rotation.rotateRA()
        return RegistrationKeyDocument(try await rotation.activateRA())
    }
}

extension RetireRA: LocalOperation {
    /// Ends the use of an RA's former key.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await context.rotation(input.issuer).retireRA(input.generation, keyGeneration: input.key)
        return NoContent()
    }
}

extension AdministrationContext {
    /// The rollover of a CA, each step of which is described to the audit log.
    fileprivate func rollover(_ issuer: String) -> CARollover {
        CARollover(state, issuer: issuer) { before, after in
            try audit(
                "issuer \(issuer) \(after.keyGeneration)",
                before: before.map { IssuerKeyDocument($0) },
                after: IssuerKeyDocument(after)
            )
        }
    }

    /// The rotation of a CA's RA, each step of which is described to the audit log.
    fileprivate func rotation(_ issuer: String) -> RARotation {
        RARotation(state, issuer: issuer) { before, after in
            try audit(
                "RA \(after.generation) of issuer \(issuer)",
                before: before.map { RegistrationKeyDocument($0) },
                after: RegistrationKeyDocument(after)
            )
        }
    }
}

extension IssuerKeyDocument {
    fileprivate init(_ generation: CAGeneration) {
        self.init(
            issuer: generation.name,
            key: generation.keyGeneration,
            state: generation.state.rawValue,
            subject: "\(generation.certificate.subject)",
            serialNumber: generation.certificate.serialNumber.hexadecimal,
            sha256: generation.certificate.fingerprint().hexadecimal,
            notAfter: generation.certificate.notAfter,
            ra: generation.registrations.map { RegistrationKeyDocument($0) }
        )
    }
}

extension RegistrationKeyDocument {
    fileprivate init(_ registration: CAGeneration.Registration) {
        self.init(
            generation: registration.generation,
            state: registration.state.rawValue,
            subject: "\(registration.certificate.subject)",
            serialNumber: registration.certificate.serialNumber.hexadecimal,
            sha256: registration.certificate.fingerprint().hexadecimal,
            notAfter: registration.certificate.notAfter
        )
    }
}
