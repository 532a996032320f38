// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto
internal import Foundation

/// A password as it is kept: a digest that takes time and memory to compute, by scrypt (RFC 7914).
///
/// Its text is `$scrypt$ln=17,r=8,p=1$salt$digest`, with base64 as in the PHC string format.
public struct PasswordHash: Sendable, Hashable {
    /// What a computation costs: 128·2^`logarithm`·`blockSize` bytes of memory, and time in proportion.
    public struct Cost: Sendable, Hashable {
        /// The base-2 logarithm of N.
        public var logarithm: Int
        /// The parameter r.
        public var blockSize: Int
        /// The parameter p.
        public var parallelism: Int

        /// What OWASP's cheat sheet on password storage recommends: 128 MB, and some tenths of a second.
        public static let standard = Cost(logarithm: 17, blockSize: 8, parallelism: 1)

        /// Puts a cost together.
        public init(logarithm: Int, blockSize: Int, parallelism: Int) {
            self.logarithm = logarithm
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// Whether this program computes it: 256 MB at the most, so that no row of a database takes all memory.
        var isBearable: Bool {
            (10...18).contains(logarithm) && blockSize == 8 && (1...4).contains(parallelism)
        }
    }

    private static let saltByteCount = 16
    private static let digestByteCount = 32
    private static let maximumMemory: UInt64 = 320 << 20

    private let cost: Cost
    private let salt: [UInt8]
    private let digest: [UInt8]

    /// Hashes a new password; it takes some tenths of a second.
    ///
    /// - Throws: `libraryFailure`.
    public init(
        of password: String,
        cost: Cost = .standard,
        using generator: inout some RandomNumberGenerator
    ) throws(CryptographyError) {
        self.cost = cost
        salt = generator.bytes(Self.saltByteCount)
        digest = try Self.digest(password, salt, cost)
    }

    /// Reads the text of a hash; nil if it is none, or of a cost that is not borne here.
    public init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let cost = Self.cost(parts[2]), cost.isBearable,
            let salt = Self.bytes(parts[3]), salt.count == Self.saltByteCount,
            let digest = Self.bytes(parts[4]), digest.count == Self.digestByteCount
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    /// The hash as it is kept.
    public var text: String {
        "$scrypt$ln=\(cost.logarithm),r=\(cost.blockSize),p=\(cost.parallelism)$\(Self.text(salt))$\(Self.text(digest))"
    }

    /// Whether a password is the one; it takes as long either way.
    ///
    /// - Throws: `libraryFailure`.
    public func matches(_ password: String) throws(CryptographyError) -> Bool {
        MessageAuthentication.areEqual(try Self.digest(password, salt, cost), digest)
    }

    private static func cost(_ text: Substring) -> Cost? {
        var numbers: [Int] = []
        for (part, name) in zip(text.split(separator: ",", omittingEmptySubsequences: false), ["ln=", "r=", "p="]) {
            guard part.hasPrefix(name), let number = Int(part.dropFirst(name.count)) else { return nil }
            numbers.append(number)
        }
        guard numbers.count == 3 else { return nil }
        return Cost(logarithm: numbers[0], blockSize: numbers[1], parallelism: numbers[2])
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(Data(bytes).base64EncodedString().filter { $0 != "=" })
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard !text.contains("=") else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map(Array.init)
    }

    private static func digest(
        _ password: String,
        _ salt: [UInt8],
        _ cost: Cost
    ) throws(CryptographyError) -> [UInt8] {
        guard cost.isBearable else { throw .libraryFailure("scrypt of this cost") }
        // The same letters in another composition are the same password.
        let bytes = Array(password.precomposedStringWithCanonicalMapping.utf8CString.dropLast())
        var worked = false
        let digest = unsafe [UInt8](unsafeUninitializedCapacity: digestByteCount) { buffer, count in
            worked = unsafe succeeded(
                EVP_PBE_scrypt(
                    bytes,
                    bytes.count,
                    salt,
                    salt.count,
                    UInt64(1) << UInt64(cost.logarithm),
                    UInt64(cost.blockSize),
                    UInt64(cost.parallelism),
                    maximumMemory,
                    buffer.baseAddress,
                    digestByteCount
                )
            )
            count = worked ? digestByteCount : 0
        }
        guard worked else {
            ERR_clear_error()
            throw .libraryFailure("scrypt")
        }
        return digest
    }
}
