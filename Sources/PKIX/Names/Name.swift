// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import SwiftASN1

/// A distinguished name, kept as it came (RFC 5280 §4.1.2.4).
///
///     Name ::= CHOICE { rdnSequence  RDNSequence }
///     RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
///     RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
public struct Name: Sendable, Hashable {
    /// The whole encoding.
    public let der: [UInt8]

    /// Reads an encoded name.
    public init(derEncoded der: [UInt8]) throws(PKIXError) {
        try self.init(try ASN1Parsing.parse(der[...], "Name"))
    }

    package init(_ node: EncodedValue) throws(PKIXError) {
        self.isEmpty = try Self.check(node)
        self.der = Array(node.encodedBytes)
    }

    /// Whether there is no attribute in it; relative names without members don't count.
    public let isEmpty: Bool

    /// Checks the form without reading the values, since each request names three or four that nobody looks into.
    ///
    /// - Returns: whether there is no attribute in it.
    private static func check(_ node: EncodedValue) throws(PKIXError) -> Bool {
        var isEmpty = true
        var sequence = try NodeReader(node, .sequence, "Name")
        while let set = sequence.next() {
            var reader = try NodeReader(set, .set, "RelativeDistinguishedName")
            while let member = reader.next() {
                var pair = try NodeReader(member, .sequence, "AttributeTypeAndValue")
                // A type that can't be read would make the whole name read as empty later on.
                guard try pair.next(.objectIdentifier, "type").isObjectIdentifier else {
                    throw .malformed("type: not an OBJECT IDENTIFIER")
                }
                guard pair.next() != nil else { throw .malformed("AttributeTypeAndValue: value is missing") }
                try pair.end()
                isEmpty = false
            }
        }
        return isEmpty
    }

    /// One attribute of a name.
    package struct Attribute: Sendable {
        package var type: ASN1ObjectIdentifier
        /// The value as text; nil when it is of a type that holds none.
        package var text: String?
        package var encodedValue: [UInt8]
    }

    /// The attributes by relative distinguished name, in the order of the encoding.
    package var attributes: [[Attribute]] {
        guard let node = try? ASN1Parsing.parse(der[...], "Name") else { return [] }
        return (try? Self.attributes(node)) ?? []
    }

    private static func attributes(_ node: EncodedValue) throws(PKIXError) -> [[Attribute]] {
        var names: [[Attribute]] = []
        var sequence = try NodeReader(node, .sequence, "Name")
        while let set = sequence.next() {
            var members: [Attribute] = []
            var reader = try NodeReader(set, .set, "RelativeDistinguishedName")
            while let member = reader.next() {
                var pair = try NodeReader(member, .sequence, "AttributeTypeAndValue")
                let type = try pair.next(.objectIdentifier, "type").objectIdentifier("type")
                guard let value = pair.next() else { throw .malformed("AttributeTypeAndValue: value is missing") }
                try pair.end()
                let text = CharacterString.text(value)
                members.append(Attribute(type: type, text: text, encodedValue: Array(value.encodedBytes)))
            }
            names.append(members)
        }
        return names
    }

    /// The value of the most specific attribute of a type, which stands last in the encoding; nil when there is none that is text.
    package func text(of type: ASN1ObjectIdentifier) -> String? {
        attributes.joined().last { $0.type == type }?.text
    }

    /// The number of characters of the longest value; values that are no text count by their bytes.
    public var longestAttributeCharacterCount: Int {
        attributes.joined().map { $0.text?.unicodeScalars.count ?? $0.encodedValue.count }.max() ?? 0
    }

    /// Whether two names mean the same: the same attributes in the same order, whatever the string types, letter case and
    /// runs of white space (RFC 5280 §7.1).
    public func isEquivalent(to other: Name) -> Bool {
        der == other.der || normalised == other.normalised
    }

    /// Whether two names hold the same relative names, in whatever order: some clients write them from the other end
    /// (client-quirks J2).
    public func isEquivalentInAnyOrder(to other: Name) -> Bool {
        isEquivalent(to: other)
            || normalised.sorted { $0.lexicographicallyPrecedes($1) }
                == other.normalised.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// One text for all names that mean the same (`isEquivalent`); not for people.
    package var comparableText: String {
        normalised.map { $0.joined(separator: "\u{1}") }.joined(separator: "\u{0}")
    }

    /// The attributes in the form in which they are compared.
    var normalised: [[String]] {
        attributes.map { members in
            members.map { attribute in
                let value = attribute.text.map { "=" + $0.lowercased().split(separator: " ").joined(separator: " ") }
                return "\(attribute.type)" + (value ?? "#\(attribute.encodedValue)")
            }
            .sorted()
        }
    }
}
