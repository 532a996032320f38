// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Crypto

/// A digest that SCEP messages, certificates and requests are signed with.
public enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// MD5, for the legacy exception of a profile only (RFC 8894 §2.9 forbids it).
    case insecureMD5 = "MD5"
    /// SHA-1, for old clients (RFC 8894 §2.9).
    case sha1 = "SHA-1"
    /// SHA-256, mandatory (RFC 8894 §2.9).
    case sha256 = "SHA-256"
    /// SHA-384.
    case sha384 = "SHA-384"
    /// SHA-512.
    case sha512 = "SHA-512"

    /// The digest's length in bytes.
    public var byteCount: Int {
        switch self {
        case .insecureMD5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The digest of some bytes.
    public func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        switch self {
        case .insecureMD5: Self.hash(bytes, Insecure.MD5.self)
        case .sha1: Self.hash(bytes, Insecure.SHA1.self)
        case .sha256: Self.hash(bytes, SHA256.self)
        case .sha384: Self.hash(bytes, SHA384.self)
        case .sha512: Self.hash(bytes, SHA512.self)
        }
    }

    private static func hash<Function: HashFunction>(_ bytes: some Sequence<UInt8>, _: Function.Type) -> [UInt8] {
        var function = Function()
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            unsafe function.update(bufferPointer: UnsafeRawBufferPointer(buffer))
        }
        if done == nil {
            function.update(data: Array(bytes))
        }
        return Array(function.finalize())
    }
}
