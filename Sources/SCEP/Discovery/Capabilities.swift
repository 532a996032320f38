// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

/// What a CA says that it can do: the answer to GetCACaps (RFC 8894 §3.5).
public struct Capabilities: Sendable, Hashable {
    /// The keywords, in the order in which they stand.
    public let keywords: [String]

    /// Takes keywords as they are.
    public init(keywords: [String]) {
        self.keywords = keywords
    }

    /// Computes what a policy can truthfully say.
    ///
    /// - Parameters:
    ///   - policy: the algorithms accepted.
    ///   - renewal: whether a certificate of the profile may be renewed with itself (RFC 8894 §3.5.2).
    ///   - nextCACert: whether there is a next CA certificate to be had.
    ///   - extra: keywords that a compatibility profile adds for its clients.
    public init(
        policy: AlgorithmPolicy,
        renewal: Acceptance = .refused,
        nextCACert: Acceptance = .refused,
        extra: [String] = []
    ) {
        var keywords: [String] = []
        if policy.ciphers.contains(.aes128CBC) { keywords.append("AES") }
        if policy.ciphers.contains(.tripleDESCBC) { keywords.append("DES3") }
        if nextCACert == .accepted { keywords.append("GetNextCACert") }
        keywords.append("POSTPKIOperation")
        if renewal == .accepted { keywords.append("Renewal") }
        if policy.ciphers.contains(.aes128CBC), policy.digests.contains(.sha256) { keywords.append("SCEPStandard") }
        if policy.digests.contains(.sha1) { keywords.append("SHA-1") }
        if policy.digests.contains(.sha256) { keywords.append("SHA-256") }
        if policy.digests.contains(.sha512) { keywords.append("SHA-512") }
        self.keywords = keywords + extra.filter { !keywords.contains($0) }
    }

    /// Reads an answer: lines that end in LF or CRLF.
    ///
    /// Whoever sends no list has no capabilities.
    public init(body: [UInt8]) {
        self.keywords = String(decoding: body, as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .map { String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
            .filter { !$0.isEmpty }
    }

    /// The answer's body: one keyword a line.
    public var body: [UInt8] { Array(keywords.map { $0 + "\n" }.joined().utf8) }

    /// Whether a keyword is listed, in any case (RFC 8894 §3.5.2).
    public func contains(_ keyword: String) -> Bool {
        keywords.contains { $0.lowercased() == keyword.lowercased() }
    }

    /// Whether the standard set is announced.
    public var isSCEPStandard: Bool { contains("SCEPStandard") }

    /// Whether requests may be sent by POST.
    public var supportsPOST: Bool { isSCEPStandard || contains("POSTPKIOperation") }

    /// Whether RenewalReq is served; servers of old mean a PKCSReq signed with the old certificate.
    public var supportsRenewal: Bool { contains("Renewal") }

    /// Whether there is a next CA certificate to be had.
    public var supportsNextCACert: Bool { contains("GetNextCACert") }

    /// The digest that a client should use: SHA-256 if it can be had, never MD5 (RFC 8894 §3.5.2).
    public var preferredDigest: DigestAlgorithm {
        if isSCEPStandard || contains("SHA-256") { return .sha256 }
        if contains("SHA-512") { return .sha512 }
        return contains("SHA-1") ? .sha1 : .sha256
    }

    /// The cipher that a client should use: AES-128 if it can be had, never single DES (RFC 8894 §3.5.2).
    public var preferredCipher: ContentCipher {
        if isSCEPStandard || contains("AES") { return .aes128CBC }
        return contains("DES3") ? .tripleDESCBC : .aes128CBC
    }
}
