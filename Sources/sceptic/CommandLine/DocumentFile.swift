// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEPClient
internal import ServerApp

internal import struct Foundation.Data
internal import class Foundation.FileHandle
internal import class Foundation.FileManager
internal import struct Foundation.URL

/// Certificates and CRLs that administration commands read and write, in PEM or DER.
enum DocumentFile {
    /// The label of a CRL (RFC 7468 §6).
    static let certificateList = "X509 CRL"
    /// The most bytes of a file: the longest CRL that is read, with room for its PEM.
    private static let maximumByteCount = EncodedCertificateList.maximumByteCount * 3 / 2

    /// Reads a file, or standard input for `-`: the first PEM block with the label, or everything as DER.
    static func read(_ path: String, label: String) throws -> [UInt8] {
        let data = try bytes(path, maximumByteCount)
        guard data.starts(with: Array("-----".utf8)) || data.first != 0x30 else { return Array(data) }
        guard let block = PEM.decode(String(decoding: data, as: UTF8.self)).first(where: { $0.label == label }) else {
            throw AppError(.usage, "There is no \(label) in \(path).")
        }
        return block.der
    }

    /// Reads a file of text, or standard input for `-`, as long as a document of settings may be.
    static func text(_ path: String) throws -> String {
        let data = try bytes(path, 1_048_576)
        guard let text = String(validating: data, as: UTF8.self) else {
            throw AppError(.usage, "The file \(path) is not UTF-8 text.")
        }
        return text
    }

    /// The first line of a file, or of standard input for `-`, as far as it stands in the first bytes: for secrets.
    static func firstLine(_ path: String) throws -> String {
        let data =
            path == "-" ? try FileHandle.standardInput.readToEnd() : FileManager.default.contents(atPath: path)
        guard let data, let text = String(validating: data.prefix(4096), as: UTF8.self) else {
            throw AppError(.usage, "The file \(path) can't be read.")
        }
        return String(text.prefix { !$0.isNewline })
    }

    /// The bytes of a file, or of standard input for `-`.
    static func bytes(_ path: String, _ maximumByteCount: Int) throws -> Data {
        let data: Data?
        if path == "-" {
            data = try? FileHandle.standardInput.read(upToCount: maximumByteCount + 1)
        } else {
            let handle = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            data = try? handle?.read(upToCount: maximumByteCount + 1)
        }
        guard let data, !data.isEmpty else {
            throw AppError(.usage, "The file \(path) can't be read, or is empty.")
        }
        guard data.count <= maximumByteCount else { throw AppError(.usage, "The file \(path) is too long.") }
        return data
    }

    /// Writes a file whole or not at all.
    static func write(_ path: String, _ bytes: [UInt8], replacing: Bool) throws {
        let file = OutputFile(path: path, mode: 0o644, existing: replacing ? .replace : .refuse)
        do {
            try file.check()
            try file.write(bytes)
        } catch let failure as ClientFailure {
            throw AppError(.conflict, "The file can't be written: \(failure.sentence).", hint: failure.hint)
        }
    }
}
