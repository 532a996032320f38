// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Crypto
internal import Enrollment
internal import Foundation
internal import Synchronization

/// The maker of a test's tokens: writes header and claims by hand, so that they can be wrong.
struct TokenMaker: Sendable {
    let key = Curve25519.Signing.PrivateKey()
    var keyID: String? = "k1"

    /// The public key as a member of a JSON Web Key Set.
    var jwk: String {
        let id = keyID.map { #""kid":"\#($0)","# } ?? ""
        return #"{"kty":"OKP","crv":"Ed25519",\#(id)"x":"\#(Self.base64URL(key.publicKey.rawRepresentation))"}"#
    }

    /// The public key as PEM.
    var pem: String {
        let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        return Self.pem(Data(prefix) + key.publicKey.rawRepresentation)
    }

    static func pem(_ info: Data) -> String {
        "-----BEGIN PUBLIC KEY-----\n\(info.base64EncodedString())\n-----END PUBLIC KEY-----\n"
    }

    static let expiry = Int(Questions.now.timeIntervalSince1970) + 600

    /// Claims that are in order, with changes: nil takes one away.
    static func claims(_ changes: [String: String?] = [:]) -> String {
        var claims: [String: String] = [
            "exp": "\(expiry)", "jti": #""id-1""#, "scep_subject": #""CN=device-1,O=Example""#,
        ]
        for (name, value) in changes { claims[name] = value }
        return "{" + claims.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
            + "}"
    }

    /// A signed token.
    func token(_ changes: [String: String?] = [:], header: String? = nil) throws -> String {
        let id = keyID.map { #","kid":"\#($0)""# } ?? ""
        let head = header ?? #"{"alg":"EdDSA","typ":"JWT"\#(id)}"#
        return try Self.assemble(head, Self.claims(changes)) { try key.signature(for: $0) }
    }

    static func assemble(_ header: String, _ claims: String, _ sign: (Data) throws -> Data) rethrows -> String {
        let signed = base64URL(Data(header.utf8)) + "." + base64URL(Data(claims.utf8))
        return signed + "." + base64URL(try sign(Data(signed.utf8)))
    }

    static func base64URL(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// Remembers uses in memory.
final class UsedChallenges: UsedChallengeStore {
    private let users = Mutex<[String: [UInt8]]>([:])

    func use(_ challenge: ExternalChallenge, by key: [UInt8]) {
        users.withLock { $0["\(challenge.source) \(challenge.id)"] = key }
    }

    func user(of challenge: ExternalChallenge) async throws(StoreError) -> [UInt8]? {
        users.withLock { $0["\(challenge.source) \(challenge.id)"] }
    }

    func forgetUsedChallenges(before moment: Date, limit: Int) async throws(StoreError) -> Int { 0 }
}
