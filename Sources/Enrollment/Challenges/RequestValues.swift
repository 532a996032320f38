// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
public import PKIX
internal import X509

/// The names that a request asks for, as texts by path: `csr.subject.CN`, `csr.san.dns`.
///
/// What a stranger wrote: nothing is escaped, and nothing is believed.
public struct RequestValues: Sendable, Hashable {
    /// The kinds of alternative name that have a path.
    public static let nameKinds = NameKind.allCases.map(\.rawValue).sorted()

    /// The texts by path, in the order of the request.
    public private(set) var texts: [String: [String]] = [:]
    /// What the request asks for beside: names that are no text, and alternative names of other kinds.
    public private(set) var others: [String] = []

    /// Reads a request's names.
    ///
    /// - Throws: `malformed` when the alternative names can't be read.
    public init(_ request: CertificationRequest) throws(PKIXError) {
        let names = try request.requestedNames() ?? SubjectAlternativeNames()
        self.init(subject: request.subject, names: names)
    }

    /// Reads a subject and alternative names.
    init(subject: Name, names: SubjectAlternativeNames) {
        for attribute in subject.attributes.joined() {
            let path = "csr.subject.\(Name.keyword(of: attribute.type))"
            if let text = attribute.text { texts[path, default: []].append(text) } else { others.append(path) }
        }
        for name in names {
            let path = "csr.san.\(NameKind(of: name)?.rawValue ?? "other")"
            if let text = NameKind.text(of: name) { texts[path, default: []].append(text) } else { others.append(path) }
        }
    }

    /// A path as it is written here, from one whose keyword is in whatever letter case; nil when no request could have it.
    public static func path(matching text: String) -> String? {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let name = parts.last, parts.first == "csr" else { return nil }
        switch parts[1] {
        case "subject": return Name.type(of: name).map { "csr.subject.\(Name.keyword(of: $0))" }
        case "san": return nameKinds.contains(name) ? "csr.san.\(name)" : nil
        default: return nil
        }
    }
}
