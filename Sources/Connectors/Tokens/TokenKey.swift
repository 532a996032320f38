// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import JWTKit
internal import StrictJSON

/// A key that tokens may be signed with, and the algorithms that go with a key of its type: no other is ever tried with it.
struct TokenKey: Sendable {
    /// The most keys that are read from one place.
    static let maximumCount = 64

    /// The key's id; nil for one that has none.
    var id: String?
    private var algorithms: [any JWTAlgorithm]

    /// A secret of 32 bytes or more (RFC 7518 §3.2).
    static func secret(_ bytes: [UInt8]) async throws -> TokenKey {
        let ring = await JWTKeyCollection().add(hmac: HMACKey(from: bytes), digestAlgorithm: .sha256)
        return TokenKey(id: nil, algorithms: [try await ring.getKey()])
    }

    /// The keys of a file: PEM public keys, or a JSON Web Key Set; none when it is neither.
    static func keys(in file: [UInt8]) async -> [TokenKey] {
        if let set = try? JSONValue(strictly: file) { return await keys(in: set) }
        let text = String(decoding: file, as: UTF8.self)
        var keys: [TokenKey] = []
        let end = "-----END PUBLIC KEY-----"
        for part in text.components(separatedBy: "-----BEGIN PUBLIC KEY-----").dropFirst().prefix(maximumCount) {
            guard let body = part.components(separatedBy: end).first else { continue }
            // Lines of whatever length and line end, where the reader wants 64 characters and LF (RFC 7468 §2).
            var lines: [Substring] = []
            var rest = body.filter { !$0.isWhitespace }[...]
            while !rest.isEmpty {
                lines.append(rest.prefix(64))
                rest = rest.dropFirst(64)
            }
            let pem = "-----BEGIN PUBLIC KEY-----\n\(lines.joined(separator: "\n"))\n\(end)\n"
            if let algorithms = await algorithms(pem: pem) { keys.append(TokenKey(id: nil, algorithms: algorithms)) }
        }
        return keys
    }

    /// The keys of a JSON Web Key Set (RFC 7517 §5); those that can't verify the signatures that are accepted here are left out.
    static func keys(in set: JSONValue) async -> [TokenKey] {
        guard case .array(let members)? = set["keys"] else { return [] }
        var keys: [TokenKey] = []
        for member in members.prefix(maximumCount) {
            if let use = member["use"], use.text != "sig" { continue }
            guard let found = try? await algorithms(member) else { continue }
            let named = member["alg"]?.text
            let algorithms = found.filter { named == nil || $0.name == named }
            if !algorithms.isEmpty { keys.append(TokenKey(id: member["kid"]?.text, algorithms: algorithms)) }
        }
        return keys
    }

    /// Whether a token may be this key's.
    func mayHaveSigned(_ token: SignedToken) -> Bool {
        (id == nil || token.keyID == nil || id == token.keyID) && algorithms.contains { $0.name == token.algorithm }
    }

    /// Whether a token is signed with this key.
    func isSignature(of token: SignedToken) -> Bool {
        guard let algorithm = algorithms.first(where: { $0.name == token.algorithm }) else { return false }
        return (try? algorithm.verify(token.signature, signs: token.signedBytes)) ?? false
    }

    private static func algorithms(pem: String) async -> [any JWTAlgorithm]? {
        if let key = try? EdDSA.PublicKey(pem: pem) { return try? await algorithms(key) }
        if let key = try? ES256PublicKey(pem: pem) { return try? await algorithms(key) }
        if let key = try? ES384PublicKey(pem: pem) { return try? await algorithms(key) }
        if let key = try? Insecure.RSA.PublicKey(pem: pem) { return try? await algorithms(key) }
        return nil
    }

    private static func algorithms(_ key: JSONValue) async throws -> [any JWTAlgorithm] {
        switch (key["kty"]?.text, key["crv"]?.text) {
        case ("OKP", "Ed25519"):
            return try await algorithms(try EdDSA.PublicKey(x: key["x"]?.text ?? "", curve: .ed25519))
        case ("EC", "P-256"):
            return try await algorithms(try ES256PublicKey(parameters: (key["x"]?.text ?? "", key["y"]?.text ?? "")))
        case ("EC", "P-384"):
            return try await algorithms(try ES384PublicKey(parameters: (key["x"]?.text ?? "", key["y"]?.text ?? "")))
        case ("RSA", _):
            let numbers = (key["n"]?.text ?? "", key["e"]?.text ?? "")
            return try await algorithms(try Insecure.RSA.PublicKey(modulus: numbers.0, exponent: numbers.1))
        // Among them "oct": a secret has no place in a set of public keys.
        default: return []
        }
    }

    private static func algorithms(_ key: EdDSA.PublicKey) async throws -> [any JWTAlgorithm] {
        [try await JWTKeyCollection().add(eddsa: key).getKey()]
    }

    private static func algorithms(_ key: some ECDSAKey) async throws -> [any JWTAlgorithm] {
        [try await JWTKeyCollection().add(ecdsa: key).getKey()]
    }

    private static func algorithms(_ key: Insecure.RSA.PublicKey) async throws -> [any JWTAlgorithm] {
        [
            try await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256).getKey(),
            try await JWTKeyCollection().add(pss: key, digestAlgorithm: .sha256).getKey(),
        ]
    }
}
