// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1

extension Name {
    /// The types of attributes that devices are told apart by.
    package enum IdentifyingAttribute: Sendable {
        case commonName
        case serialNumber

        fileprivate var type: ASN1ObjectIdentifier {
            switch self {
            case .commonName: [2, 5, 4, 3]
            case .serialNumber: [2, 5, 4, 5]
            }
        }
    }

    /// The value of the most specific attribute of a type, which stands last in the encoding; nil when there is none that is text.
    package func text(of attribute: IdentifyingAttribute) -> String? {
        attributes.joined().last { $0.type == attribute.type }?.text
    }

    /// One text for all names that mean the same (`isEquivalent`); not for people.
    package var comparableText: String {
        normalised.map { $0.joined(separator: "\u{1}") }.joined(separator: "\u{0}")
    }
}
