// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP

extension EnrollmentService {
    /// A GetCert or GetCRL: only for who holds a valid certificate of the same profile (RFC 8894 §2.6, §2.7).
    func query(
        _ message: VerifiedMessage,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) async throws -> Outcome {
        // Its trace stays one of a stranger: whoever captured a query can send it as often as they like (design §6.9).
        try checkEntitled(sender, &deliberation)
        // There is no challenge in a query that a reply to such a key could be encrypted under.
        guard case .rsa = message.signerKey.algorithm else {
            throw deliberation.fail("reply", .replyUndeliverable, "the signer's key can't decrypt")
        }
        let opened = try await open(message, &deliberation)
        switch opened.content {
        case .getCert(let name):
            let found = try await certificate(name, &deliberation)
            deliberation.pass("query", "certificate \(found.serialNumber.hexadecimal)")
            return Outcome(
                opened: opened,
                contents: contents(found, deliberation.profile),
                reason: .queryAnswered,
                serialNumber: found.serialNumber
            )
        case .getCRL(let name):
            let list = try await certificateList(covering: name, &deliberation)
            deliberation.pass("query", "CRL of '\(name.issuer)'")
            return Outcome(opened: opened, contents: .certificateList(list), reason: .queryAnswered)
        case .enroll, .renew, .poll:
            throw deliberation.fail("message", .messageType, "a type that is not served")
        }
    }

    private func checkEntitled(_ sender: Sender, _ deliberation: inout Deliberation) throws {
        let refusal: String?
        switch sender.standing {
        case .key, .alternate: refusal = "the signer's certificate was not issued here"
        case .issued(let record):
            if record.profile != deliberation.profile.name {
                refusal = "the signer's certificate belongs to the profile '\(record.profile)'"
            } else if let revocation = record.revocation {
                refusal = "the signer's certificate is revoked since \(revocation.at)"
            } else if record.notAfter < deliberation.receivedAt {
                refusal = "the signer's certificate was valid until \(record.notAfter)"
            } else {
                refusal = nil
            }
        }
        if let refusal { throw deliberation.fail("query", .queryNotEntitled, refusal) }
        deliberation.pass("query", "the signer holds a certificate of this profile")
    }

    /// A certificate of the same profile: GetCert is no directory (RFC 8894 §2.6).
    private func certificate(
        _ name: IssuerAndSerialNumber,
        _ deliberation: inout Deliberation
    ) async throws -> CertificateRecord {
        for authority in try authorities(name, &deliberation) {
            let found = try await stored(name, authority, &deliberation)
            if let found, found.profile == deliberation.profile.name { return found }
        }
        throw deliberation.fail(
            "query",
            .queryNotFound,
            "no certificate of this profile has this issuer and serial number"
        )
    }

    /// The CRL of the shard that covers a certificate.
    ///
    /// Clients name whatever certificate of the CA they have, perhaps the RA's (client-quirks I9): the issuer is what counts, and the
    /// newest of its generations where the serial number tells none.
    private func certificateList(
        covering name: IssuerAndSerialNumber,
        _ deliberation: inout Deliberation
    ) async throws -> [UInt8] {
        let authorities = try authorities(name, &deliberation)
        let present = deliberation.profile.generation(of: deliberation.profile.activeCredential).issuer.id
        var wanted = (authorities.first { $0.issuerID == present } ?? authorities.first).map { ($0.issuerID, 0) }
        for authority in authorities {
            if let found = try await stored(name, authority, &deliberation) {
                wanted = (authority.issuerID, found.crlShard)
            }
        }
        do {
            if let (issuerID, shard) = wanted,
                let list = try await lists.certificateList(issuerID: issuerID, shard: shard)
            {
                return list
            }
        } catch {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
        throw deliberation.fail("query", .queryNotFound, "'\(name.issuer)' has no CRL")
    }

    /// The CAs of this server that a query names.
    ///
    /// Naming none is answered like an envelope that does not open. A short structure with anything in it can be spliced from another's
    /// ciphertext; the whole name of a CA can't (design §6.1).
    private func authorities(
        _ name: IssuerAndSerialNumber,
        _ deliberation: inout Deliberation
    ) throws -> [OwnAuthority] {
        let found = deliberation.profile.authorities.own.filter {
            $0.certificate.subject.isEquivalent(to: name.issuer)
        }
        guard !found.isEmpty, !name.issuer.isEmpty else {
            throw deliberation.fail("query", .envelopeUnopened, "it names none of this profile's CAs")
        }
        return found
    }

    private func stored(
        _ name: IssuerAndSerialNumber,
        _ authority: OwnAuthority,
        _ deliberation: inout Deliberation
    ) async throws -> CertificateRecord? {
        do {
            // Some clients write zeros to spare, which the number does not have (client-quirks D7).
            return try await certificates.certificate(
                issuerID: authority.issuerID,
                serialNumber: SerialNumber(name.serialNumber).octets
            )
        } catch {
            throw deliberation.fail("storage", .storeUnavailable, error.sentence)
        }
    }
}
