// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
internal import SwiftASN1
public import X509

extension BoundIdentity {
    /// Binds to a subject, to alternative names (none at all if the list is empty) and to a type of key.
    ///
    /// - Returns: nil when nothing is bound.
    /// - Throws: `malformed` when the names can't be encoded.
    public init?(subject: Name?, names: [GeneralName]?, key: KeyAlgorithm?) throws(PKIXError) {
        var encodedNames: [UInt8]?
        if let names {
            do {
                let list = try Certificate.Extension(SubjectAlternativeNames(names), critical: false)
                encodedNames = Array(list.value)
            } catch {
                throw .malformed("an alternative name can't be encoded")
            }
        }
        self.init(subject: subject?.der, names: encodedNames, keyType: key?.description)
    }

    /// The subject for people; nil when it is free.
    public var subjectText: String? {
        subject.map { der in (try? Name(derEncoded: der))?.description ?? Self.unreadable }
    }

    /// The alternative names for people, such as `dns:vpn.example`; empty for none at all, nil when they are free.
    public var nameTexts: [String]? {
        guard names != nil else { return nil }
        return boundNames?.map(RequestedContents.text) ?? [Self.unreadable]
    }

    private static let unreadable = "(can't be read)"

    private var boundNames: SubjectAlternativeNames? {
        guard let names else { return nil }
        return try? SubjectAlternativeNames(
            Certificate.Extension(oid: .PKIX.subjectAltName, critical: false, value: names[...])
        )
    }

    /// What a request asks for against the binding, with what was bound; nil when it asks for exactly that.
    ///
    /// It is the request as it came that is compared: what the profile's template would make of it does not matter. A binding that
    /// can't be read fits nothing.
    public func mismatch(_ request: CertificationRequest, _ key: KeyAlgorithm) -> String? {
        subjectMismatch(request) ?? namesMismatch(request) ?? keyMismatch(key)
    }

    private func subjectMismatch(_ request: CertificationRequest) -> String? {
        guard let subject else { return nil }
        let asked = request.subject
        if let bound = try? Name(derEncoded: subject), bound.isEmpty == asked.isEmpty, bound.isEquivalent(to: asked) {
            return nil
        }
        return Self.sentence("the subject", subjectText ?? "", asked.description)
    }

    private func namesMismatch(_ request: CertificationRequest) -> String? {
        guard let nameTexts else { return nil }
        let asked = try? request.requestedNames() ?? SubjectAlternativeNames()
        if let asked, let boundNames, Set(asked.map(\.comparable)) == Set(boundNames.map(\.comparable)) { return nil }
        return Self.sentence(
            "the alternative names",
            Self.list(nameTexts),
            asked.map { Self.list($0.map(RequestedContents.text)) } ?? Self.unreadable
        )
    }

    private func keyMismatch(_ key: KeyAlgorithm) -> String? {
        guard let keyType, keyType != key.description else { return nil }
        return Self.sentence("the key type", keyType, key.description)
    }

    private static func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: " ") }

    /// Both halves have to fit into a step of a trace, whatever the request asks for, and on a terminal.
    private static func sentence(_ what: String, _ bound: String, _ asked: String) -> String {
        "bound to \(what) '\(shortened(bound))', asked for '\(shortened(asked))'"
    }

    private static func shortened(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(150)
        return String(scalars).showable + (scalars.endIndex < text.unicodeScalars.endIndex ? "…" : "")
    }
}

extension GeneralName {
    /// The name in the form in which it is compared: domains without regard to case (RFC 5280 §7.2, §7.5), all else as it is.
    fileprivate var comparable: GeneralName {
        switch self {
        case .dnsName(let name): return .dnsName(name.lowercased())
        case .rfc822Name(let address):
            guard let at = address.lastIndex(of: "@") else { return self }
            return .rfc822Name(address[..<at] + address[at...].lowercased())
        default: return self
        }
    }
}
