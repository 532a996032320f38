// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPClient
internal import ServerApp

/// One run of `sceptic renew`.
struct Renewing {
    let arguments: Renew

    func run() async throws {
        let certificate = arguments.certificate
        try Delivery.checkNames([
            arguments.identity.certificate, arguments.identity.key, arguments.keyOut, arguments.newKey,
            certificate.certificateOut, certificate.chainOut, arguments.pendingOut,
        ])
        let identity = try arguments.identity.identity()
        let delivery = try Delivery(
            certificate,
            signingKeyFile: arguments.identity.key,
            keyFile: arguments.keyOut ?? arguments.newKey ?? arguments.identity.key,
            pendingOut: arguments.pendingOut
        )
        let newKey = try newKey(identity)
        try delivery.check([newKey?.file])
        let challenge = try arguments.challenge.read(environment: environment(identity))
        try identity.key.publicKey.algorithm.checkReplies(challenge: challenge)
        warn(about: identity.certificate)

        let enrolled = try await Contact.run(arguments.server, arguments.message, nextCA: certificate.nextCA) {
            contact in
            let key = try newKey?.take()
            return try await ClientFailure.naming(key: arguments.keyOut) {
                let request = RenewalRequest(
                    current: identity,
                    key: key.map { .new($0) } ?? .reused,
                    challenge: challenge,
                    message: arguments.messageType.message
                )
                let outcome = try await contact.session.renew(
                    request,
                    authority: contact.authority,
                    capabilities: contact.capabilities,
                    options: contact.options
                )
                return try await delivery.certificate(outcome, contact, key: identity.key, challenge: challenge)
            }
        }
        try await ClientFailure.naming(key: arguments.keyOut) {
            try delivery.finish(enrolled, json: arguments.server.json)
        }
    }

    /// What follows a failure: where the new key is, and the object for `--json`.
    func report(_ failure: ClientFailure) throws {
        try failure.report(goOnWith: "--new-key", json: arguments.server.json)
    }

    /// The new key; nil when the old one is kept.
    private func newKey(_ identity: ClientIdentity) throws -> NewKey? {
        switch (arguments.keyOut, arguments.newKey, arguments.reuseKey) {
        case (let path?, nil, false):
            let file = OutputFile(path: path, mode: 0o600, existing: arguments.certificate.existing)
            return .generated(arguments.keyType?.algorithm ?? identity.key.publicKey.algorithm.successor, file)
        case (nil, let path?, false): return .existing(try InputFile.key(path))
        case (nil, nil, true): return nil
        default:
            throw ClientFailure(
                .usage,
                "give one of --key-out for a new key, --new-key for one that is there, and --reuse-key"
            )
        }
    }

    /// A challenge that happens to be in the environment is not sent with a renewal that needs none (RFC 8894 §2.4).
    private func environment(_ identity: ClientIdentity) -> ChallengeArguments.EnvironmentUse {
        if case .ec = identity.key.publicKey.algorithm { return .allowed }
        return .ignored
    }

    private func warn(about certificate: EncodedCertificate) {
        guard let end = certificate.notAfter, end < Date() else { return }
        Terminal.note("warning: the certificate expired at \(end.text); most servers do not renew it any more")
    }
}

extension KeyAlgorithm {
    /// The kind of key that follows one of this kind: the same, or RSA-2048 for one that nobody makes any more.
    fileprivate var successor: KeyAlgorithm {
        if case .rsa(let bits) = self, bits < 2048 { return .rsa(bits: 2048) }
        return self
    }
}
