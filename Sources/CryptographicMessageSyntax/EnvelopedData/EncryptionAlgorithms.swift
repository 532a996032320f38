// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
internal import SwiftASN1

extension AlgorithmIdentifier {
    /// The content cipher and initialisation vector that this identifies (RFC 3370 §5, RFC 3565 §4).
    ///
    /// - Returns: nil when the cipher is unknown; a vector of the wrong length is `malformed`.
    public func contentCipher() throws(CMSError) -> (cipher: ContentCipher, iv: [UInt8])? {
        let cipher: ContentCipher
        switch algorithm {
        case .CMS.aes128CBC: cipher = .aes128CBC
        case .CMS.aes192CBC: cipher = .aes192CBC
        case .CMS.aes256CBC: cipher = .aes256CBC
        case .CMS.tripleDESCBC: cipher = .tripleDESCBC
        case .CMS.desCBC: cipher = .insecureDESCBC
        default: return nil
        }
        guard let parameters, let node = try? ASN1Parsing.parse(parameters[...], "IV"), let iv = try? node.octets("IV"),
            iv.count == cipher.blockByteCount
        else { throw .malformed("\(cipher.rawValue): no initialisation vector of \(cipher.blockByteCount) bytes") }
        return (cipher, Array(iv))
    }

    static func contentCipher(_ cipher: ContentCipher, iv: [UInt8]) -> AlgorithmIdentifier {
        let algorithm: ASN1ObjectIdentifier =
            switch cipher {
            case .aes128CBC: .CMS.aes128CBC
            case .aes192CBC: .CMS.aes192CBC
            case .aes256CBC: .CMS.aes256CBC
            case .tripleDESCBC: .CMS.tripleDESCBC
            case .insecureDESCBC: .CMS.desCBC
            }
        return AlgorithmIdentifier(algorithm, parameters: [0x04, UInt8(truncatingIfNeeded: iv.count)] + iv)
    }

    /// The key transport that this identifies (RFC 3370 §4.2.1, RFC 4055 §4.1).
    ///
    /// - Returns: nil when it is unknown, or OAEP with a label, another mask function than MGF1, or MD5 (RFC 8894 §2.9).
    public func keyTransportPadding() -> KeyTransportPadding? {
        switch algorithm {
        case .PKIX.rsaEncryption: return .pkcs1
        case .PKIX.rsaOAEP: return try? Self.oaep(parameters)
        default: return nil
        }
    }

    private static func oaep(_ parameters: [UInt8]?) throws -> KeyTransportPadding? {
        guard let parameters, parameters != null else { return .oaep(digest: .sha1, maskDigest: .sha1) }
        var reader = try NodeReader(try ASN1Parsing.parse(parameters[...], "OAEP"), .sequence, "OAEP")
        var digest: DigestAlgorithm? = .sha1
        var maskDigest: DigestAlgorithm? = .sha1
        if let wrapper = reader.nextIf(.context(0)) {
            digest = try inner(wrapper, .context(0)).digestAlgorithm
        }
        if let wrapper = reader.nextIf(.context(1)) {
            let mask = try inner(wrapper, .context(1))
            guard mask.algorithm == .PKIX.mgf1, let hash = mask.parameters else { return nil }
            maskDigest = try AlgorithmIdentifier(try ASN1Parsing.parse(hash[...], "MGF1"), "MGF1").digestAlgorithm
        }
        if let wrapper = reader.nextIf(.context(2)) {
            let source = try inner(wrapper, .context(2))
            guard source.algorithm == .PKIX.pSpecified, source.parameters == [0x04, 0x00] else { return nil }
        }
        // A reply is padded as its request was, and MD5 is never sent.
        guard let digest, let maskDigest, digest != .insecureMD5, maskDigest != .insecureMD5 else { return nil }
        return .oaep(digest: digest, maskDigest: maskDigest)
    }

    private static func inner(_ node: EncodedValue, _ tag: ASN1Identifier) throws -> AlgorithmIdentifier {
        var reader = try NodeReader(node, tag, "OAEP")
        return try AlgorithmIdentifier(try reader.next(.sequence, "OAEP"), "OAEP")
    }

    static func keyTransport(_ padding: KeyTransportPadding) throws(CMSError) -> AlgorithmIdentifier {
        guard case .oaep(let digest, let maskDigest) = padding else { return .rsaEncryption }
        let parameters = try mapping {
            try encode("OAEP") { serializer in
                // Defaults are left out, so that SHA-1 for both gives the empty SEQUENCE that .NET wants (client-quirks F2).
                try serializer.sequence { fields in
                    if digest != .sha1 {
                        try fields.constructed(.context(0)) {
                            try AlgorithmIdentifier.digest(digest).append(to: &$0)
                        }
                    }
                    if maskDigest != .sha1 {
                        try fields.constructed(.context(1)) { wrapper in
                            try wrapper.sequence { mask in
                                try mask.serialize(ASN1ObjectIdentifier.PKIX.mgf1)
                                try AlgorithmIdentifier.digest(maskDigest).append(to: &mask)
                            }
                        }
                    }
                }
            }
        }
        return AlgorithmIdentifier(.PKIX.rsaOAEP, parameters: parameters)
    }
}
