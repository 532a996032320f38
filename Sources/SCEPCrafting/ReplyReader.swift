// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Reads the parts of a signed reply with a strict reader that shares nothing with the library.
package struct ReplyReader: Sendable {
    /// The SignedData.
    package let signedData: DERElement
    /// The one SignerInfo.
    package let signerInfo: DERElement

    /// Opens the ContentInfo of a reply.
    package init(_ bytes: [UInt8]) throws {
        self.signedData = try DERElement(bytes).at(1, 0)
        guard let infos = try signedData.members.last, try infos.members.count == 1 else {
            throw DERElement.Defect.missing
        }
        self.signerInfo = try infos.at(0)
    }

    /// The encapContentInfo.
    package var encapsulated: DERElement { get throws { try signedData.at(2) } }

    /// The content octets; nil when they are absent.
    package var content: [UInt8]? {
        get throws {
            guard try encapsulated.members.count > 1 else { return nil }
            return try encapsulated.at(1, 0).content
        }
    }

    /// The certificates, each encoded.
    package var certificates: [[UInt8]] {
        get throws { try signedData.members.first { $0.tag == 0xA0 }?.members.map(\.encoded) ?? [] }
    }

    /// The signed attributes, each encoded, in the order in which they stand.
    package var attributes: [[UInt8]] {
        get throws { try signerInfo.members.first { $0.tag == 0xA0 }?.members.map(\.encoded) ?? [] }
    }

    /// The one value of an attribute; nil when it is absent.
    package func value(_ type: [UInt8]) throws -> DERElement? {
        let found = try attributes.map { try DERElement($0) }.filter { try $0.at(0).encoded == type }
        guard let attribute = found.first else { return nil }
        let values = try attribute.at(1).members
        guard found.count == 1, values.count == 1 else { throw DERElement.Defect.trailingBytes }
        return values.first
    }
}
