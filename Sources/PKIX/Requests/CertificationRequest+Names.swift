// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1
public import X509

extension CertificationRequest {
    /// The alternative names that the request asks for; nil when it asks for none.
    ///
    /// - Throws: `malformed` when the extension can't be read.
    public func requestedNames() throws(PKIXError) -> SubjectAlternativeNames? {
        guard let wish = requestedExtensions.first(where: { $0.oid == .PKIX.subjectAltName }) else { return nil }
        guard let names = try? SubjectAlternativeNames(wish) else { throw .malformed("subjectAltName") }
        return names
    }
}
