// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority

extension NamePattern {
    /// Whether a text at a path, such as `csr.san.dns` (`RequestValues`), is one of those that the pattern stands for.
    func matches(_ value: String, of path: String) -> Bool {
        let prefix = "csr.san."
        let kind = path.hasPrefix(prefix) ? NameKind(rawValue: String(path.dropFirst(prefix.count))) : nil
        // What can't be seen makes one name look like another.
        return value.showable == value && fits(value, kind?.comparison ?? .exact)
    }
}
