// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography

internal import class Foundation.FileManager
internal import class Foundation.ProcessInfo

/// Where a node reads the master key from (design §6.6): the environment, a file that it names, systemd's credentials, or the
/// state folder.
enum MasterKeySource {
    /// Holds the key itself, 64 hexadecimal digits.
    static let keyVariable = "SCEPTIC_MASTER_KEY"
    /// Names the file that holds it.
    static let fileVariable = "SCEPTIC_MASTER_KEY_FILE"
    /// The credential's name under systemd (`LoadCredential=`).
    static let credentialName = "sceptic-master-key"

    /// The key that the environment names; nil when it names none.
    static func environment(_ variables: [String: String] = ProcessInfo.processInfo.environment) throws -> MasterKey? {
        if let text = variables[keyVariable] { return try parse(text, "the variable \(keyVariable)") }
        if let path = variables[fileVariable] { return try file(path) }
        if let folder = variables["CREDENTIALS_DIRECTORY"] {
            let path = folder + "/" + credentialName
            if FileManager.default.fileExists(atPath: path) { return try file(path) }
        }
        return nil
    }

    /// The file that holds the key; nil when the environment does.
    static func place(usual: String, _ variables: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        if variables[keyVariable] != nil { return nil }
        if let path = variables[fileVariable] { return path }
        let credential = variables["CREDENTIALS_DIRECTORY"].map { $0 + "/" + credentialName }
        return credential.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil } ?? usual
    }

    /// The key in a file.
    static func file(_ path: String) throws -> MasterKey {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AppError(
                .state,
                "The master key \(path) can't be read.",
                hint: "Put the file back, or name another with \(fileVariable)."
            )
        }
        return try parse(String(decoding: data.prefix(200), as: UTF8.self), "the file \(path)")
    }

    private static func parse(_ text: String, _ origin: String) throws -> MasterKey {
        let digits = Array(text.utf8.filter { !$0.isWhitespace })
        var bytes: [UInt8] = []
        for offset in stride(from: 0, to: digits.count, by: 2) {
            // A sign, which the number's own reading would take, is no digit.
            let pair = String(decoding: digits.dropFirst(offset).prefix(2), as: UTF8.self)
            guard pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16)
            else {
                throw AppError(.state, "In \(origin) there are other characters than hexadecimal digits.")
            }
            bytes.append(byte)
        }
        guard digits.count == 2 * MasterKey.byteCount, let key = try? MasterKey(bytes: bytes) else {
            throw AppError(
                .state,
                "In \(origin) there is no master key of \(2 * MasterKey.byteCount) hexadecimal digits."
            )
        }
        return key
    }
}

extension UInt8 {
    fileprivate var isWhitespace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
