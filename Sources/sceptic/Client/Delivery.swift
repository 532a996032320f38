// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient

/// What a command does with the outcome of a request for a certificate: it waits, writes files and reports.
struct Delivery {
    /// The file that tells of a request that waits for approval.
    enum PendingFile {
        /// To be written if need be.
        case write(OutputFile)
        /// Read by this command.
        case read(String)

        var path: String {
            switch self {
            case .write(let file): file.path
            case .read(let path): path
            }
        }
    }

    let arguments: CertificateArguments
    /// The file with the key of the certificate, if the command knows it.
    var keyFile: String?
    /// The file with the key that signs the request, and polls for it.
    let signingKeyFile: String
    var pendingFile: PendingFile?
    private let limits: PollingLimits?

    /// - Throws: `usage` when the arguments don't make sense.
    init(
        _ arguments: CertificateArguments,
        signingKeyFile: String,
        keyFile: String? = nil,
        pendingOut: String? = nil
    ) throws {
        self.signingKeyFile = signingKeyFile
        self.arguments = arguments
        self.keyFile = keyFile
        self.limits = try arguments.limits()
        self.pendingFile = pendingOut.map { .write(OutputFile(path: $0, mode: 0o600, existing: arguments.existing)) }
    }

    /// Looks whether all files, and some others, can be written.
    func check(_ others: [OutputFile?] = []) throws {
        var files = others + [certificateFile, chainFile]
        if case .write(let file) = pendingFile { files.append(file) }
        for file in files { try file?.check() }
    }

    /// Finds files that are to be used for two things.
    static func checkNames(_ paths: [String?]) throws {
        let paths = paths.compactMap(\.self)
        guard Set(paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }).count == paths.count else {
            throw ClientFailure(.usage, "each file needs a name of its own")
        }
    }

    /// Waits for the certificate, if it is not there and one may wait; key and challenge are those of the request.
    func certificate(
        _ outcome: EnrollmentOutcome,
        _ contact: Contact,
        key: any PrivateKey,
        challenge: ChallengePassword?
    ) async throws -> EnrolledCertificate {
        switch outcome {
        case .issued(let certificate): return certificate
        case .pending(let pending):
            try store(pending)
            guard let limits else { throw postponed(ClientFailure(SCEPClientError.pending(pending.transactionID))) }
            do throws(SCEPClientError) {
                return try await contact.session.wait(
                    for: pending,
                    key: key,
                    challenge: challenge,
                    authority: contact.authority,
                    capabilities: contact.capabilities,
                    options: contact.options,
                    limits: limits
                )
            } catch {
                throw ended(error)
            }
        }
    }

    /// What a poll's error means for the file that tells of the request: a refusal is the end of it (RFC 8894 §2.5.1).
    func ended(_ error: SCEPClientError) -> ClientFailure {
        switch error {
        case .refused:
            forget()
            return ClientFailure(error)
        case .pollingEnded: return postponed(ClientFailure(error))
        default:
            var failure = ClientFailure(error)
            failure.pendingFile = pendingFile?.path
            return failure
        }
    }

    /// Writes certificate and chain, and tells about them.
    func finish(_ enrolled: EnrolledCertificate, json: Bool) throws {
        do {
            try certificateFile.write(PEM.bytes([enrolled.certificate]))
            try chainFile?.write(PEM.bytes(enrolled.chain))
        } catch var failure as ClientFailure {
            failure.hint = "the certificate is issued; with the same key the server gives it again"
            failure.transactionID = enrolled.transactionID.text
            throw failure
        }
        forget()
        let report = EnrollReport(
            enrolled,
            files: EnrollReport.Files(key: keyFile, certificate: certificateFile.path, chain: chainFile?.path)
        )
        if json { try Terminal.print(json: report) } else { print(report.text) }
    }

    private func store(_ pending: PendingEnrollment) throws {
        guard case .write(let file) = pendingFile else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try file.write(Array(try encoder.encode(pending)) + [UInt8(ascii: "\n")])
    }

    /// Removes what tells of a request that is decided.
    private func forget() {
        guard let path = pendingFile?.path else { return }
        try? FileManager.default.removeItem(atPath: path)
    }

    private func postponed(_ failure: ClientFailure) -> ClientFailure {
        var failure = failure
        failure.pendingFile = pendingFile?.path
        if let path = pendingFile?.path, let id = failure.transactionID {
            let command = "sceptic poll --pending \(path) --key \(signingKeyFile)"
            failure.hint = "once the server's operator has approved transaction \(id), run `\(command)`"
        }
        return failure
    }

    private var certificateFile: OutputFile {
        OutputFile(path: arguments.certificateOut, mode: 0o644, existing: arguments.existing)
    }
    private var chainFile: OutputFile? {
        arguments.chainOut.map { OutputFile(path: $0, mode: 0o644, existing: arguments.existing) }
    }
}

extension CertificateArguments {
    /// What to do with files that are there already.
    var existing: OutputFile.Existing { force ? .replace : .refuse }
}

extension PEM {
    /// The bytes of a file with certificates.
    static func bytes(_ certificates: [EncodedCertificate]) -> [UInt8] {
        Array(certificates.map { encode($0.der, label: certificate) }.joined().utf8)
    }
}
