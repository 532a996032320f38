// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Crypto
internal import Foundation

/// What a key derived from the master key is for; each purpose has a key of its own.
public enum MasterKeyPurpose: String, Sendable, Hashable, CaseIterable {
    /// Wrapping private keys.
    case keyWrap = "sceptic key wrap v1"
    /// Looking challenges up by their authentication code.
    case challengeLookup = "sceptic challenge lookup v1"
    /// Encrypting single columns.
    case columnEncryption = "sceptic column encryption v1"
    /// Authenticating cookies.
    case cookies = "sceptic cookies v1"
    /// Chaining the audit log's rows.
    case audit = "sceptic audit v1"
    /// Looking tokens of the admin API up by their authentication code.
    case tokenLookup = "sceptic token lookup v1"
    /// Comparing what was asked for under an idempotency key.
    case idempotency = "sceptic idempotency v1"
}

/// The 32-byte secret under which everything secret in a state folder lies.
///
/// Purposes get their own keys by HKDF-SHA-256 (RFC 5869). A wrapped secret is
/// `version (1 byte, 1) ‖ key id (8) ‖ nonce (12) ‖ AES-256-GCM ciphertext ‖ tag (16)`, with a context as associated data so that
/// a ciphertext moved to another row does not open.
public struct MasterKey: Sendable {
    /// The length of a master key in bytes.
    public static let byteCount = 32
    private static let formatVersion: UInt8 = 1
    private static let headerByteCount = 1 + 8

    /// The first 8 bytes of a digest derived from the key: tells which master key a ciphertext needs, and nothing else.
    public let keyID: [UInt8]
    private let derived: [MasterKeyPurpose: SymmetricKey]

    /// Makes a master key from its bytes.
    ///
    /// - Throws: `malformedKey` when they aren't 32.
    public init(bytes: [UInt8]) throws(CryptographyError) {
        guard bytes.count == Self.byteCount else { throw .malformedKey }
        let input = SymmetricKey(data: bytes)
        var derived: [MasterKeyPurpose: SymmetricKey] = [:]
        for purpose in MasterKeyPurpose.allCases {
            derived[purpose] = Self.derive(input, info: purpose.rawValue, byteCount: 32)
        }
        self.derived = derived
        self.keyID = unsafe Self.derive(input, info: "sceptic master key id v1", byteCount: 8).withUnsafeBytes {
            unsafe Array($0)
        }
    }

    /// Makes a new master key's bytes.
    public static func generateBytes(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        generator.bytes(byteCount)
    }

    /// Encrypts a secret.
    ///
    /// - Parameters:
    ///   - secret: what to hide.
    ///   - purpose: whose key to use.
    ///   - context: what the secret belongs to, such as its row's id; needed again to open it.
    /// - Returns: the wrapped secret.
    /// - Throws: `libraryFailure`.
    public func wrap(
        _ secret: [UInt8],
        purpose: MasterKeyPurpose = .keyWrap,
        context: String
    ) throws(CryptographyError) -> [UInt8] {
        guard let key = derived[purpose] else { throw .malformedKey }
        let header = [Self.formatVersion] + keyID
        let sealed = try? AES.GCM.seal(secret, using: key, authenticating: header + Array(context.utf8))
        guard let combined = sealed?.combined else { throw .libraryFailure("key wrap") }
        return header + combined
    }

    /// Decrypts a secret.
    ///
    /// - Throws: `unwrapFailed` when it was made under another master key, purpose or context, or was changed.
    public func unwrap(
        _ wrapped: [UInt8],
        purpose: MasterKeyPurpose = .keyWrap,
        context: String
    ) throws(CryptographyError) -> [UInt8] {
        let header = [Self.formatVersion] + keyID
        guard wrapped.starts(with: header), let key = derived[purpose],
            let box = try? AES.GCM.SealedBox(combined: wrapped.dropFirst(Self.headerByteCount)),
            let secret = try? AES.GCM.open(box, using: key, authenticating: header + Array(context.utf8))
        else { throw .unwrapFailed }
        return Array(secret)
    }

    /// Whether a wrapped secret names this master key.
    ///
    /// Whether it opens, only opening tells.
    public func wrapped(_ secret: [UInt8]) -> Bool {
        secret.starts(with: [Self.formatVersion] + keyID)
    }

    /// The authentication code under which a challenge is stored and looked up: HMAC-SHA-256, 32 bytes.
    public func challengeLookup(_ challenge: String) -> [UInt8] {
        guard let key = derived[.challengeLookup] else { return [] }
        return Array(HMAC<SHA256>.authenticationCode(for: Array(challenge.utf8), using: key))
    }

    /// The authentication code of some bytes under the key of a purpose: HMAC-SHA-256, 32 bytes.
    public func authenticationCode(_ bytes: [UInt8], purpose: MasterKeyPurpose) -> [UInt8] {
        guard let key = derived[purpose] else { return [] }
        return Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
    }

    private static func derive(_ input: SymmetricKey, info: String, byteCount: Int) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: input, info: Array(info.utf8), outputByteCount: byteCount)
    }
}

extension RandomNumberGenerator {
    /// So many random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            unsafe withUnsafeBytes(of: next() as UInt64) { word in
                unsafe bytes.append(contentsOf: word.prefix(count - bytes.count))
            }
        }
        return bytes
    }
}
