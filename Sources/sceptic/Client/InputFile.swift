// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPClient

/// What commands read from files, standard input and the environment.
enum InputFile {
    /// The most bytes that a file may have: no key or challenge comes near it.
    static let maximumByteCount = 65_536
    /// The variable that can hold the challenge.
    static let challengeVariable = "SCEPTIC_CHALLENGE"

    /// Reads a private key: PEM or DER; PKCS#8, PKCS#1 or SEC 1.
    static func key(_ path: String) throws -> SoftwareKey {
        let bytes = try read(path)
        let blocks = PEM.decode(String(decoding: bytes, as: UTF8.self))
        guard !blocks.contains(where: { $0.label == "ENCRYPTED PRIVATE KEY" }) else {
            throw ClientFailure(
                .localFile,
                "the key in \(path) is encrypted with a password",
                hint: "decrypt it with `openssl pkcs8 -in \(path) -out FILE`"
            )
        }
        let der = blocks.first { $0.label.hasSuffix("PRIVATE KEY") }?.der ?? bytes
        do {
            return try SoftwareKey(derEncoded: der)
        } catch CryptographyError.unsupportedKey(let what) {
            throw ClientFailure(.localFile, "the key in \(path) can't be used: \(what)")
        } catch {
            throw ClientFailure(.localFile, "there is no private key in \(path)")
        }
    }

    /// Reads a certificate: PEM, of which the first counts, or DER.
    static func certificate(_ path: String) throws -> EncodedCertificate {
        let bytes = try read(path)
        let blocks = PEM.decode(String(decoding: bytes, as: UTF8.self))
        do {
            return try EncodedCertificate(derEncoded: blocks.first { $0.label == PEM.certificate }?.der ?? bytes)
        } catch {
            throw ClientFailure(.localFile, "there is no certificate in \(path)")
        }
    }

    /// Reads a PKCS#10 request: PEM, of which the first counts, or DER.
    static func request(_ path: String) throws -> CertificationRequest {
        let bytes = try read(path)
        let blocks = PEM.decode(String(decoding: bytes, as: UTF8.self))
        do {
            let der = blocks.first { $0.label.hasSuffix("CERTIFICATE REQUEST") }?.der ?? bytes
            return try CertificationRequest(derEncoded: der)
        } catch {
            throw ClientFailure(.localFile, "there is no certificate request in \(path)")
        }
    }

    /// Reads a request that waits for approval.
    static func pending(_ path: String) throws -> PendingEnrollment {
        do {
            return try JSONDecoder().decode(PendingEnrollment.self, from: Data(try read(path)))
        } catch let failure as ClientFailure {
            throw failure
        } catch {
            throw ClientFailure(
                .localFile,
                "there is no request in \(path) that waits for approval",
                hint: "such files are written by --pending-out of `sceptic enroll` and `sceptic renew`"
            )
        }
    }

    /// Finds the challenge; the environment counts when neither argument is given.
    ///
    /// - Parameters:
    ///   - path: the value of `--challenge-file`; `-` is standard input.
    ///   - code: the value of `--challenge`.
    ///   - environment: the environment.
    /// - Returns: nil when there is no challenge anywhere.
    /// - Throws: `localFile` when the file can't be read or is empty.
    static func challenge(
        path: String?,
        code: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ChallengePassword? {
        if let code {
            Terminal.note(
                "warning: a challenge on the command line can be read by others in the process list; use --challenge-file"
            )
            return ChallengePassword(code)
        }
        guard let path else { return ChallengePassword(environment[challengeVariable] ?? "") }
        guard var text = String(validating: try read(path), as: UTF8.self) else {
            throw ClientFailure(.localFile, "the challenge in \(path) is not UTF-8 text")
        }
        if text.last?.isNewline == true { text.removeLast() }
        guard let challenge = ChallengePassword(text) else {
            throw ClientFailure(.localFile, "there is no challenge in \(path == "-" ? "standard input" : path)")
        }
        return challenge
    }

    /// Reads challenges for `sceptic probe`: those of a file, one a line, and those given as arguments.
    static func challenges(path: String?, codes: [String]) throws -> [String] {
        if !codes.isEmpty {
            Terminal.note(
                "warning: a challenge on the command line can be read by others in the process list; use --challenge-file"
            )
        }
        guard let path else { return codes }
        guard let text = String(validating: try read(path), as: UTF8.self) else {
            throw ClientFailure(.localFile, "the challenges in \(path) are not UTF-8 text")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { String($0) }
        guard !lines.isEmpty else {
            throw ClientFailure(.localFile, "there is no challenge in \(path == "-" ? "standard input" : path)")
        }
        return lines + codes
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do {
            let handle = path == "-" ? .standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            let data = try handle.read(upToCount: maximumByteCount + 1) ?? Data()
            guard data.count <= maximumByteCount else { throw ClientFailure(.localFile, "\(path) is too long") }
            return Array(data)
        } catch let failure as ClientFailure {
            throw failure
        } catch {
            throw ClientFailure(.localFile, "can't read \(path): \((error as NSError).localizedDescription)")
        }
    }
}
