// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPClient
internal import ServerApp

/// One run of `sceptic enroll`.
struct Enrolling {
    let arguments: Enroll

    func run() async throws {
        guard (arguments.key == nil) != (arguments.keyOut == nil) else {
            throw ClientFailure(.usage, "give either --key-out for a new key or --key for an existing one")
        }
        let certificate = arguments.certificate
        try Delivery.checkNames([
            arguments.key, arguments.keyOut, certificate.certificateOut, certificate.chainOut, arguments.pendingOut,
        ])
        let subject = try Name.argument(arguments.subject, of: "the subject")
        let names = try arguments.san.map { try RequestedName($0) }
        let delivery = try Delivery(
            certificate,
            signingKeyFile: arguments.key ?? arguments.keyOut ?? "",
            keyFile: arguments.key ?? arguments.keyOut,
            pendingOut: arguments.pendingOut
        )
        // What is known to fail is found before the server is asked: it should not cost a challenge.
        let newKey = try newKey()
        try delivery.check([newKey.file])
        let challenge = try arguments.challenge.read()
        try newKey.algorithm.checkReplies(challenge: challenge)

        let enrolled = try await Contact.run(arguments.server, arguments.message, nextCA: certificate.nextCA) {
            contact in
            let key = try newKey.take()
            return try await ClientFailure.naming(key: arguments.keyOut) {
                let request = EnrollmentRequest(
                    subject: subject,
                    key: key,
                    challenge: challenge,
                    alternativeNames: names
                )
                let outcome = try await contact.session.enroll(
                    request,
                    authority: contact.authority,
                    capabilities: contact.capabilities,
                    options: contact.options
                )
                return try await delivery.certificate(outcome, contact, key: key, challenge: challenge)
            }
        }
        try await ClientFailure.naming(key: arguments.keyOut) {
            try delivery.finish(enrolled, json: arguments.server.json)
        }
    }

    /// What follows a failure: where the new key is, and the object for `--json`.
    func report(_ failure: ClientFailure) throws {
        try failure.report(goOnWith: "--key", json: arguments.server.json)
    }

    private func newKey() throws -> NewKey {
        if let path = arguments.key { return .existing(try InputFile.key(path)) }
        let file = OutputFile(path: arguments.keyOut ?? "", mode: 0o600, existing: arguments.certificate.existing)
        return .generated(arguments.keyType.algorithm, file)
    }
}

extension Name {
    /// Reads a name from the command line.
    static func argument(_ text: String, of what: String) throws -> Name {
        do {
            return try Name(text)
        } catch {
            guard case .malformed(let reason) = error else { throw ClientFailure(.usage, "\(what) can't be read") }
            throw ClientFailure(
                .usage,
                "\(what) can't be read: \(reason)",
                hint: "write it like \"CN=device-1,O=Example\""
            )
        }
    }
}
