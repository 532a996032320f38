// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
public import X509

/// A subject alternative name that a client asks for (RFC 5280 §4.2.1.6).
public struct RequestedName: Sendable, Hashable {
    /// The name.
    public let name: GeneralName

    /// Takes a name as it is.
    public init(_ name: GeneralName) {
        self.name = name
    }

    /// Reads `dns:a.example`, `email:a@b.example`, `uri:https://a.example/` or `ip:192.0.2.1`, `ip:2001:db8::1`.
    ///
    /// - Throws: `invalidInput`.
    public init(_ text: String) throws(SCEPClientError) {
        do {
            self.name = try GeneralName(written: text)
        } catch {
            guard case .malformed(let sentence) = error else { throw .invalidInput("'\(text)' is no alternative name") }
            throw .invalidInput(sentence)
        }
    }

    /// The extension that asks for some names.
    ///
    /// - Returns: nil when there are none.
    static func `extension`(_ names: [RequestedName]) throws(SCEPClientError) -> Certificate.Extension? {
        guard !names.isEmpty else { return nil }
        do {
            return try Certificate.Extension(SubjectAlternativeNames(names.map(\.name)), critical: false)
        } catch {
            throw .invalidInput("an alternative name can't be encoded")
        }
    }
}
