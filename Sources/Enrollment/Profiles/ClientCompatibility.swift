// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SCEP

/// What a profile does differently for clients that need it, by name.
public struct ClientCompatibility: Sendable, Hashable {
    /// Which certificates a SUCCESS holds beside the issued one, which comes first (client-quirks G1, G2).
    public enum ReplyChain: String, Sendable, Hashable, CaseIterable {
        /// None.
        case leaf
        /// The issuing CA's.
        case leafAndIssuer = "leaf-and-issuer"
        /// Those of all CAs below the root.
        case chain
    }

    /// Which certificates GetCACert lists, the RA's first (client-quirks H1 to H7).
    public enum CAList: String, Sendable, Hashable, CaseIterable {
        /// RA, issuing CA, those above it, root.
        case whole
        /// RA, issuing CA, those above it, without a self-signed root.
        case withoutRoot = "without-root"
        /// Issuing CA, those above it, root, and the RA at the end.
        case authoritiesFirst = "authorities-first"
    }

    /// The name, as people type it.
    public let name: String
    /// Which client needs it, and why, in one sentence.
    public let reason: String
    /// Keywords that GetCACaps lists beyond what the RFC names.
    public var extraCapabilities: [String] = []
    /// What stands where a FAILURE or PENDING has no content.
    public var emptyContent: EmptyContent = .zeroLength
    /// Whether GetCACert also lists a certificate that enciphers only.
    public var listsEncryptionCertificate = false
    /// Which certificates a SUCCESS holds.
    public var replyChain: ReplyChain = .leaf
    /// Which certificates GetCACert lists.
    public var caList: CAList = .whole
    /// Whether a request without a senderNonce is answered, without a recipientNonce (client-quirks E11).
    public var missingNonce: Acceptance = .refused

    private init(_ name: String, _ reason: String, _ change: (inout ClientCompatibility) -> Void = { _ in }) {
        self.name = name
        self.reason = reason
        change(&self)
    }

    /// All of them; the first is the default.
    public static let all = [
        ClientCompatibility("default", "What the most clients understand."),
        ClientCompatibility(
            "apple",
            "iOS, iPadOS and macOS take the first certificate of a reply for theirs, and a list without a root."
        ) { $0.caList = .withoutRoot },
        ClientCompatibility(
            "windows",
            "Windows and Intune compare the issuing CA's thumbprint with the list, and want every attribute and the leaf alone."
        ),
        ClientCompatibility(
            "android",
            "Android's profile names the root: GetCACert and the reply hold the whole chain below it."
        ) { $0.replyChain = .chain },
        ClientCompatibility(
            "cisco-ios",
            "Cisco IOS and ASA want the issuing CA's certificate in the reply beside their own."
        ) { $0.replyChain = .leafAndIssuer },
        ClientCompatibility(
            "juniper",
            "Junos fails when a CA's certificate is in the reply, and takes the leaf alone."
        ),
        ClientCompatibility(
            "mikrotik",
            "RouterOS refuses a reply without a senderNonce, and takes the CA that comes first for the issuer."
        ) { $0.caList = .authoritiesFirst },
        ClientCompatibility(
            "ndes",
            "Clients made for Microsoft's NDES expect two RA certificates, one of which enciphers only."
        ) { $0.listsEncryptionCertificate = true },
        ClientCompatibility(
            "legacy",
            "Clients of the drafts leave the senderNonce out, and read the chain from the reply."
        ) {
            $0.missingNonce = .accepted
            $0.replyChain = .leafAndIssuer
        },
        ClientCompatibility(
            "strongswan-5.9",
            "strongSwan 5.9 takes AES for supported only if GetCACaps lists SHA-384."
        ) { $0.extraCapabilities = ["SHA-384"] },
        ClientCompatibility(
            "pyscep",
            "PyScep envelopes to a certificate that may encipher keys and nothing else, if there is an RA."
        ) { $0.listsEncryptionCertificate = true },
        ClientCompatibility(
            "absent-content",
            "For clients that take an empty content of a FAILURE for an envelope: it is left out."
        ) { $0.emptyContent = .absent },
    ]

    /// The entry with a name.
    public static func named(_ name: String) -> ClientCompatibility? {
        all.first { $0.name == name }
    }
}
