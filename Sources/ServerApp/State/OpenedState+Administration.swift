// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
public import PKIX
internal import Storage

extension OpenedState {
    /// The server's own certificates with their roles: the root first, retired RAs left out.
    public func ownCertificates() async throws -> [(role: String, certificate: EncodedCertificate)] {
        let stored = try await configuration()
        let issuers = stored.issuers.sorted { $0.chain.count < $1.chain.count }
        var list = try issuers.map { issuer in
            let role = issuer.chain.isEmpty ? "root" : "issuing CA"
            let state = issuer.state == .active ? "" : " (\(issuer.state.rawValue))"
            return (role + state, try EncodedCertificate(derEncoded: issuer.certificate))
        }
        for record in stored.raCredentials
        where record.state != .retired && !issuers.contains(where: { $0.certificate == record.certificate }) {
            let state = Self.state(of: record, issuers.first { $0.id == record.issuerID })
            list.append(("RA\(state)", try EncodedCertificate(derEncoded: record.certificate)))
        }
        return list
    }

    /// What of an RA's state differs from the usual: that of a CA that is next is not announced by GetCACert either.
    private static func state(of record: RACredentialRecord, _ issuer: IssuerRecord?) -> String {
        if record.state != .active { return " (\(record.state.rawValue))" }
        return issuer?.state == .next ? " (next)" : ""
    }

    /// Everything that is configured, if the master key is the one that it was written with.
    func configuration() async throws -> StoredConfiguration {
        let stored: StoredConfiguration
        do {
            stored = try await store.configuration()
        } catch {
            throw AppError(error)
        }
        // A code made under another key would be good for nothing.
        guard stored.issuers.allSatisfy({ masterKey.wrapped($0.wrappedKey) }) else { throw AppError.wrongMasterKey }
        return stored
    }
}
