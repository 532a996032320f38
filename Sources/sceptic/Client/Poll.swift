// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import SCEPClient

/// `sceptic poll`: asks what became of a request that waits for approval (RFC 8894 §4.4).
struct Poll: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "poll",
        abstract: "Ask what became of a request that waits for approval.",
        discussion: """
            --pending names the file that `sceptic enroll --pending-out` or `sceptic renew --pending-out` wrote. It is removed once the
            request is decided. --key names the key that signed the request: the new key of an enrolment, the old key of a renewal.

            A key of type p256, p384 or p521 needs the challenge of the request once more: it is not in the file.

            \(ClientExit.help(ClientExit.allCases))
            """
    )

    @OptionGroup var server: ServerArguments

    @Option(help: ArgumentHelp("The request that waits.", valueName: "file"))
    var pending: String

    @Option(help: ArgumentHelp("The private key that signed it (PEM or DER).", valueName: "file"))
    var key: String

    @OptionGroup var challenge: ChallengeArguments

    @OptionGroup var certificate: CertificateArguments

    @OptionGroup var message: MessageArguments

    func run() async throws {
        let report = { (failure: ClientFailure) in try failure.report(goOnWith: nil, json: server.json) }
        try await Terminal.run(reporting: report) {
            try Delivery.checkNames([pending, key, certificate.certificateOut, certificate.chainOut])
            let waiting = try InputFile.pending(pending)
            let key = try InputFile.key(self.key)
            var delivery = try Delivery(certificate, signingKeyFile: self.key)
            delivery.pendingFile = .read(pending)
            try delivery.check()
            let challenge = try challenge.read()
            try key.publicKey.algorithm.checkReplies(challenge: challenge)
            let identity = try ClientIdentity(certificate: waiting.signer, key: key)
            let enrolled = try await Contact.run(server, message, nextCA: certificate.nextCA) { contact in
                let outcome: EnrollmentOutcome
                do throws(SCEPClientError) {
                    outcome = try await contact.session.poll(
                        waiting,
                        key: identity.key,
                        challenge: challenge,
                        authority: contact.authority,
                        capabilities: contact.capabilities,
                        options: contact.options
                    )
                } catch {
                    throw delivery.ended(error)
                }
                return try await delivery.certificate(outcome, contact, key: identity.key, challenge: challenge)
            }
            try delivery.finish(enrolled, json: server.json)
        }
    }
}
