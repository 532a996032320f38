// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import SwiftASN1

/// An algorithm and its parameters, which are kept as they came (RFC 5280 §4.1.1.2).
///
///     AlgorithmIdentifier  ::=  SEQUENCE  {
///          algorithm               OBJECT IDENTIFIER,
///          parameters              ANY DEFINED BY algorithm OPTIONAL  }
public struct AlgorithmIdentifier: Sendable, Hashable {
    /// The algorithm.
    public let algorithm: ASN1ObjectIdentifier
    /// The encoded parameters; nil when they are absent.
    public let parameters: [UInt8]?

    /// Puts an identifier together.
    public init(_ algorithm: ASN1ObjectIdentifier, parameters: [UInt8]?) {
        self.algorithm = algorithm
        self.parameters = parameters
    }

    /// The encoded NULL that RSA and most digest identifiers carry.
    public static let null: [UInt8] = [0x05, 0x00]

    package init(_ node: EncodedValue, _ what: String) throws(PKIXError) {
        var reader = try NodeReader(node, .sequence, what)
        self.algorithm = try reader.next(.objectIdentifier, "algorithm").objectIdentifier(what)
        self.parameters = reader.next().map { Array($0.encodedBytes) }
    }

    package func append(to serializer: inout DEREncoder) throws {
        try serializer.sequence { sequence in
            try sequence.serialize(algorithm)
            if let parameters { sequence.serializeRawBytes(parameters) }
        }
    }

    /// Whether the parameters are absent or NULL, which mean the same to everybody (client-quirks D5).
    public var hasNoParameters: Bool { parameters == nil || parameters == Self.null }
}

// MARK: - Digests

extension AlgorithmIdentifier {
    /// The digest that this identifies, if it is one that is known here.
    public var digestAlgorithm: DigestAlgorithm? {
        switch algorithm {
        case .PKIX.md5: .insecureMD5
        case .PKIX.sha1: .sha1
        case .PKIX.sha256: .sha256
        case .PKIX.sha384: .sha384
        case .PKIX.sha512: .sha512
        default: nil
        }
    }

    /// The identifier of a digest, with NULL parameters.
    public static func digest(_ digest: DigestAlgorithm) -> AlgorithmIdentifier {
        let algorithm: ASN1ObjectIdentifier =
            switch digest {
            case .insecureMD5: .PKIX.md5
            case .sha1: .PKIX.sha1
            case .sha256: .PKIX.sha256
            case .sha384: .PKIX.sha384
            case .sha512: .PKIX.sha512
            }
        return AlgorithmIdentifier(algorithm, parameters: null)
    }
}

// MARK: - Signatures

extension AlgorithmIdentifier {
    /// rsaEncryption with NULL: key transport, and the SignerInfo signature algorithm that every client reads.
    public static let rsaEncryption = AlgorithmIdentifier(.PKIX.rsaEncryption, parameters: null)

    /// The signature scheme that this identifies.
    ///
    /// - Parameter beside: the digest named beside it, for the identifiers that name a key type only (CMS, RFC 3370 §3.2).
    /// - Returns: nil when it is unknown, or names another digest than the one beside it.
    public func signatureScheme(digest beside: DigestAlgorithm? = nil) -> SignatureScheme? {
        let scheme: SignatureScheme?
        switch algorithm {
        case .PKIX.rsaEncryption: return beside.map { .rsaPKCS1($0) }
        case .PKIX.ecPublicKey: return beside.map { .ecdsa($0) }
        case .PKIX.md5WithRSA: scheme = .rsaPKCS1(.insecureMD5)
        case .PKIX.sha1WithRSA, .PKIX.oiwSHA1WithRSA: scheme = .rsaPKCS1(.sha1)
        case .PKIX.sha256WithRSA: scheme = .rsaPKCS1(.sha256)
        case .PKIX.sha384WithRSA: scheme = .rsaPKCS1(.sha384)
        case .PKIX.sha512WithRSA: scheme = .rsaPKCS1(.sha512)
        case .PKIX.ecdsaWithSHA1: scheme = .ecdsa(.sha1)
        case .PKIX.ecdsaWithSHA256: scheme = .ecdsa(.sha256)
        case .PKIX.ecdsaWithSHA384: scheme = .ecdsa(.sha384)
        case .PKIX.ecdsaWithSHA512: scheme = .ecdsa(.sha512)
        case .PKIX.rsaPSS: scheme = pssScheme
        default: scheme = nil
        }
        if let beside, scheme?.digest != beside { return nil }
        return scheme
    }

    /// RSASSA-PSS by its parameters (RFC 4055 §3.1); nil unless MGF1 uses the digest of the message.
    private var pssScheme: SignatureScheme? {
        guard let parameters, let node = try? ASN1Parsing.parse(parameters[...], "RSASSA-PSS-params"),
            var reader = try? NodeReader(node, .sequence, "RSASSA-PSS-params")
        else { return nil }
        func identifier(_ node: EncodedValue, _ tag: ASN1Identifier) -> AlgorithmIdentifier? {
            guard var wrapper = try? NodeReader(node, tag, "RSASSA-PSS-params"), let inner = wrapper.next() else {
                return nil
            }
            return try? AlgorithmIdentifier(inner, "RSASSA-PSS-params")
        }
        var digest: DigestAlgorithm? = .sha1
        var maskDigest: DigestAlgorithm? = .sha1
        var saltByteCount: Int? = 20
        if let member = reader.nextIf(.context(0)) { digest = identifier(member, .context(0))?.digestAlgorithm }
        if let member = reader.nextIf(.context(1)) {
            let mask = identifier(member, .context(1))
            maskDigest = nil
            if let mask, mask.algorithm == .PKIX.mgf1, let hash = mask.parameters,
                let inner = try? ASN1Parsing.parse(hash[...], "MGF1")
            {
                maskDigest = (try? AlgorithmIdentifier(inner, "MGF1"))?.digestAlgorithm
            }
        }
        if let member = reader.nextIf(.context(2)) {
            var wrapper = try? NodeReader(member, .context(2), "saltLength")
            let octets = (try? wrapper?.next(.integer, "saltLength").primitive("saltLength")) ?? []
            // A salt is at most as long as the longest digest; more would not be a salt.
            saltByteCount = octets.count == 1 ? octets.first.map(Int.init) : nil
        }
        guard let digest, let saltByteCount, digest == maskDigest, digest != .insecureMD5, saltByteCount <= 64 else {
            return nil
        }
        return .rsaPSS(digest, saltByteCount: saltByteCount)
    }

    /// The identifier of a signature scheme in certificates, requests and CRLs (RFC 3279, RFC 4055, RFC 5758).
    ///
    /// - Returns: nil for schemes that nothing here signs with (PSS, MD5).
    public static func signature(_ scheme: SignatureScheme) -> AlgorithmIdentifier? {
        switch scheme {
        case .rsaPKCS1(.sha1): AlgorithmIdentifier(.PKIX.sha1WithRSA, parameters: null)
        case .rsaPKCS1(.sha256): AlgorithmIdentifier(.PKIX.sha256WithRSA, parameters: null)
        case .rsaPKCS1(.sha384): AlgorithmIdentifier(.PKIX.sha384WithRSA, parameters: null)
        case .rsaPKCS1(.sha512): AlgorithmIdentifier(.PKIX.sha512WithRSA, parameters: null)
        case .ecdsa(.sha1): AlgorithmIdentifier(.PKIX.ecdsaWithSHA1, parameters: nil)
        case .ecdsa(.sha256): AlgorithmIdentifier(.PKIX.ecdsaWithSHA256, parameters: nil)
        case .ecdsa(.sha384): AlgorithmIdentifier(.PKIX.ecdsaWithSHA384, parameters: nil)
        case .ecdsa(.sha512): AlgorithmIdentifier(.PKIX.ecdsaWithSHA512, parameters: nil)
        case .rsaPKCS1(.insecureMD5), .ecdsa(.insecureMD5), .rsaPSS: nil
        }
    }
}
