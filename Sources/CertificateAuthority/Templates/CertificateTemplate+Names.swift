// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
public import X509

extension CertificateTemplate {
    /// The subject alternative names of a request that the template takes over; nil when none is left.
    ///
    /// - Throws: `malformed` when the extension can't be read.
    public func grantedNames(_ request: CertificationRequest) throws(PKIXError) -> SubjectAlternativeNames? {
        try request.requestedNames().flatMap(grantedNames)
    }

    /// Those of some requested names that the template takes over; nil when none is left.
    public func grantedNames(_ names: SubjectAlternativeNames) -> SubjectAlternativeNames? {
        switch requestedNames {
        case .take, .refuse: Self.list(names.filter(isGranted))
        case .ignore: nil
        }
    }

    /// Those of a certificate's names that it keeps when it is renewed: those that a request could have got, and those of the kinds
    /// that the template writes itself; nil when none is left.
    public func heldNames(_ names: SubjectAlternativeNames) -> SubjectAlternativeNames? {
        if self.names.isEmpty { return grantedNames(names) }
        return Self.list(
            names.filter { name in
                (requestedNames != .ignore && isGranted(name))
                    || self.names.contains { $0.writes(name) }
            }
        )
    }

    /// Whether the template takes a name over from a request.
    public func isGranted(_ name: GeneralName) -> Bool {
        guard let kind = NameKind(of: name), NameKind.requestable.contains(kind), allowedNames.contains(kind) else {
            return false
        }
        // A SID in this form decides whom Windows takes the holder for (client-quirks J7): a requester does not choose that.
        if case .uniformResourceIdentifier(let uri) = name {
            return !uri.lowercased().hasPrefix(NameKind.identifierPrefix)
        }
        return true
    }

    private static func list(_ names: [GeneralName]) -> SubjectAlternativeNames? {
        names.isEmpty ? nil : SubjectAlternativeNames(names)
    }
}
