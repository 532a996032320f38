// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// Makes the rows of CAs and RAs, with their keys wrapped under the master key.
struct RecordMaker {
    let masterKey: MasterKey
    let now: Date

    func issuer(
        _ name: String,
        generation: Int,
        state: IssuerState,
        certificate: EncodedCertificate,
        chain: [[UInt8]],
        publicURL: String,
        key: SoftwareKey
    ) throws -> IssuerRecord {
        let id = identifier()
        return IssuerRecord(
            id: id,
            name: name,
            keyGeneration: generation,
            state: state,
            certificate: certificate.der,
            chain: chain,
            publicURL: publicURL,
            wrappedKey: try masterKey.wrap(try key.pkcs8(), context: "issuer \(id)"),
            createdAt: now
        )
    }

    func credential(
        of issuerID: UUID,
        generation: Int,
        state: RACredentialState,
        certificate: EncodedCertificate,
        encryption: EncodedCertificate?,
        key: SoftwareKey
    ) throws -> RACredentialRecord {
        let id = identifier()
        return RACredentialRecord(
            id: id,
            issuerID: issuerID,
            generation: generation,
            state: state,
            certificate: certificate.der,
            encryptionCertificate: encryption?.der,
            wrappedKey: try masterKey.wrap(try key.pkcs8(), context: "ra_credential \(id)"),
            createdAt: now
        )
    }

    func identifier() -> UUID {
        var generator = SecureRandom()
        return .version7(at: now, using: &generator)
    }
}
