// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient

/// One run of `sceptic enroll`.
struct Enrolling {
    let arguments: Enroll

    func run() async throws {
        try checkArguments()
        let subject = try subject()
        let names = try arguments.san.map { try RequestedName($0) }
        let fingerprint = try arguments.fingerprint.map { try Fingerprint($0) }
        let server = try arguments.server.server()
        let sessionOptions = try arguments.server.options()
        // What is known to fail is found before the server is asked: it should not cost a challenge.
        let existing = try arguments.key.map { try InputFile.key($0) }
        try EnrollmentRequest.check(existing?.publicKey.algorithm ?? arguments.keyType.algorithm)
        for file in [keyFile, certificateFile, chainFile] { try file?.check() }
        let challenge = try InputFile.challenge(path: arguments.challengeFile, code: arguments.challenge)

        let enrolled = try await SCEPSession.run(with: server, options: sessionOptions) { session in
            let capabilities = try await session.capabilities()
            let authority = try await session.authority(fingerprint: fingerprint)
            warn(about: authority)
            let key = try existing ?? newKey()
            let request = EnrollmentRequest(
                subject: subject,
                key: key,
                challenge: challenge,
                alternativeNames: names
            )
            do throws(SCEPClientError) {
                return try await session.enroll(
                    request,
                    authority: authority,
                    capabilities: capabilities,
                    options: options
                )
            } catch {
                throw withKeyFile(ClientFailure(error))
            }
        }
        try finish(enrolled)
    }

    private func finish(_ enrolled: EnrolledCertificate) throws {
        do {
            try certificateFile.write(pem([enrolled.certificate]))
            try chainFile?.write(pem(enrolled.chain))
        } catch var failure as ClientFailure {
            failure.hint = "the certificate is issued; with the same key the server gives it again"
            failure.transactionID = enrolled.transactionID.text
            throw withKeyFile(failure)
        }
        let report = EnrollReport(
            enrolled,
            files: EnrollReport.Files(
                key: arguments.key ?? arguments.keyOut,
                certificate: certificateFile.path,
                chain: chainFile?.path
            )
        )
        if arguments.server.json { try Terminal.print(json: report) } else { print(report.text) }
    }

    private func withKeyFile(_ failure: ClientFailure) -> ClientFailure {
        var failure = failure
        failure.keyFile = arguments.keyOut
        return failure
    }

    /// What follows a failure: where the new key is, and the object for `--json`.
    func report(_ failure: ClientFailure) throws {
        if let key = failure.keyFile {
            Terminal.note("note: the new key is in \(key); to go on with it, use --key instead of --key-out")
        }
        if arguments.server.json { try Terminal.print(json: EnrollReport(failure)) }
    }

    private var options: EnrollmentOptions {
        EnrollmentOptions(
            digest: arguments.digest?.algorithm,
            cipher: arguments.cipher?.cipher,
            transport: arguments.transport.transport,
            standard: arguments.expectStandard ? .required : .optional
        )
    }

    private var existing: OutputFile.Existing { arguments.force ? .replace : .refuse }
    private var keyFile: OutputFile? { arguments.keyOut.map { OutputFile(path: $0, mode: 0o600, existing: existing) } }
    private var certificateFile: OutputFile {
        OutputFile(path: arguments.certificateOut, mode: 0o644, existing: existing)
    }
    private var chainFile: OutputFile? {
        arguments.chainOut.map { OutputFile(path: $0, mode: 0o644, existing: existing) }
    }

    private func checkArguments() throws {
        guard (arguments.key == nil) != (arguments.keyOut == nil) else {
            throw ClientFailure(.usage, "give either --key-out for a new key or --key for an existing one")
        }
        guard arguments.challenge == nil || arguments.challengeFile == nil else {
            throw ClientFailure(.usage, "give either --challenge-file or --challenge")
        }
        let paths = [arguments.key, arguments.keyOut, arguments.certificateOut, arguments.chainOut].compactMap(\.self)
        guard Set(paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }).count == paths.count else {
            throw ClientFailure(.usage, "each file needs a name of its own")
        }
    }

    private func subject() throws -> Name {
        do {
            return try Name(arguments.subject)
        } catch {
            guard case .malformed(let reason) = error else { throw ClientFailure(.usage, "the subject can't be read") }
            throw ClientFailure(
                .usage,
                "the subject can't be read: \(reason)",
                hint: "write it like \"CN=device-1,O=Example\""
            )
        }
    }

    /// Makes a key and writes it down, so that whatever happens next can be gone on with.
    private func newKey() throws -> SoftwareKey {
        do {
            let key = try SoftwareKey.generate(arguments.keyType.algorithm)
            try keyFile?.write(Array(PEM.encode(try key.pkcs8(), label: PEM.privateKey).utf8))
            return key
        } catch is CryptographyError {
            throw ClientFailure(.localFile, "a new key could not be made")
        }
    }

    private func warn(about authority: TrustedAuthority) {
        guard authority.authentication == .none else { return }
        for anchor in authority.anchors {
            Terminal.note(
                "warning: nothing proves that this is the right CA; compare the fingerprint of '\(anchor.subject)':"
            )
            Terminal.note("  SHA-256 \(Fingerprint(of: anchor))")
        }
        Terminal.note("hint: with --ca-fingerprint it is compared before anything is sent")
    }

    private func pem(_ certificates: [EncodedCertificate]) -> [UInt8] {
        Array(certificates.map { PEM.encode($0.der, label: PEM.certificate) }.joined().utf8)
    }
}
