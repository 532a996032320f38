// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1

/// The names of extensions, as administrators know them.
enum ExtensionName {
    /// The name of an extension, or its dotted identifier.
    static func text(_ identifier: ASN1ObjectIdentifier) -> String {
        switch identifier {
        case .PKIX.subjectAltName: "subjectAltName"
        case .PKIX.keyUsage: "keyUsage"
        case .PKIX.basicConstraints: "basicConstraints"
        case .PKIX.subjectKeyIdentifier: "subjectKeyIdentifier"
        case [2, 5, 29, 35]: "authorityKeyIdentifier"
        case [2, 5, 29, 31]: "cRLDistributionPoints"
        case [2, 5, 29, 32]: "certificatePolicies"
        case .PKIX.extendedKeyUsage: "extendedKeyUsage"
        case [1, 3, 6, 1, 5, 5, 7, 1, 1]: "authorityInfoAccess"
        case [1, 3, 6, 1, 4, 1, 311, 20, 2]: "Microsoft certificate template name"
        case [1, 3, 6, 1, 4, 1, 311, 21, 7]: "Microsoft certificate template"
        case [1, 3, 6, 1, 4, 1, 311, 21, 10]: "Microsoft application policies"
        case [1, 3, 6, 1, 4, 1, 311, 25, 2]: "Microsoft SID"
        default: identifier.description
        }
    }
}
