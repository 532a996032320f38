// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEP
internal import SCEPClient

/// A server that a command speaks to, with all that has to be known before it is sent a message.
struct Contact: Sendable {
    let session: SCEPSession
    let capabilities: Capabilities
    let authority: TrustedAuthority
    let options: EnrollmentOptions

    /// Runs something with a server whose capabilities and CA, present or next, are known.
    static func run<Result>(
        _ server: ServerArguments,
        _ message: MessageArguments,
        nextCA: Bool = false,
        _ body: (Contact) async throws -> Result
    ) async throws -> Result {
        let fingerprint = try message.authority.fingerprint()
        return try await SCEPSession.run(with: try server.server(), options: try server.options()) { session in
            let capabilities = try await session.capabilities()
            let present = try await session.authority(fingerprint: fingerprint)
            warn(about: present)
            let contact = Contact(
                session: session,
                capabilities: capabilities,
                authority: nextCA ? try await session.nextAuthority(after: present) : present,
                options: message.options
            )
            return try await body(contact)
        }
    }

    /// Says that nobody vouches for a CA, if so.
    static func warn(about authority: TrustedAuthority) {
        guard authority.authentication == .none else { return }
        for anchor in authority.anchors {
            Terminal.note(
                "warning: nothing proves that this is the right CA; compare the fingerprint of '\(anchor.subject)':"
            )
            Terminal.note("  SHA-256 \(Fingerprint(of: anchor))")
        }
        Terminal.note("hint: with --ca-fingerprint it is compared before anything is sent")
    }
}
