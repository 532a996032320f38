// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
internal import SwiftASN1

/// What subjects are made of: a name (RFC 4514) with placeholders in its values, or the same as a list of attributes.
///
/// The name is parsed before anything is filled in, so that a value stays one value whatever is in it. A value that comes out
/// empty leaves its attribute out.
public struct SubjectTemplate: Sendable, Hashable, Codable {
    struct Attribute: Sendable, Hashable {
        var type: ASN1ObjectIdentifier
        var keyword: String
        var template: TextTemplate
    }

    /// The relative names, the most specific first.
    let relativeNames: [[Attribute]]
    private let isList: Bool

    /// Reads a text such as `CN=${csr.subject.CN},OU=Phones,O=Example`.
    ///
    /// - Throws: `malformed`.
    public init(_ text: String) throws(TemplateError) {
        let parsed: [[(type: ASN1ObjectIdentifier, text: String)]]
        do {
            parsed = try Name.texts(of: text)
        } catch {
            throw .malformed("the subject '\(text)' can't be read: \(error.sentence)")
        }
        var relativeNames: [[Attribute]] = []
        for members in parsed {
            var list: [Attribute] = []
            for member in members {
                let keyword = Name.keyword(of: member.type)
                list.append(
                    Attribute(type: member.type, keyword: keyword, template: try TextTemplate(member.text))
                )
            }
            relativeNames.append(list)
        }
        try self.init(relativeNames, isList: false)
    }

    private init(_ relativeNames: [[Attribute]], isList: Bool) throws(TemplateError) {
        guard relativeNames.contains(where: { !$0.isEmpty }) else { throw .malformed("it has no attribute") }
        self.relativeNames = relativeNames
        self.isList = isList
    }

    /// Reads a text, or a list of objects such as `CN: ${csr.subject.CN}`.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try? value.decode(String.self)
        let list = text == nil ? try value.decode([[String: String]].self) : []
        do throws(TemplateError) {
            if let text {
                try self.init(text)
            } else {
                try self.init(try list.map { members throws(TemplateError) in try Self.members(members) }, isList: true)
            }
        } catch {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "subject: \(error.sentence)")
        }
    }

    private static func members(_ texts: [String: String]) throws(TemplateError) -> [Attribute] {
        var list: [Attribute] = []
        for (keyword, text) in texts.sorted(by: { $0.key < $1.key }) {
            guard let type = Name.type(of: keyword) else {
                throw .malformed("'\(keyword)' is not a known attribute type")
            }
            list.append(Attribute(type: type, keyword: keyword, template: try TextTemplate(text)))
        }
        return list
    }

    /// Writes it in the form in which it was read.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        if isList {
            try value.encode(
                relativeNames.map { members in
                    Dictionary(members.map { ($0.keyword, $0.template.text) }, uniquingKeysWith: { $1 })
                }
            )
        } else {
            try value.encode(text)
        }
    }

    /// The subject as text, with its placeholders.
    public var text: String {
        relativeNames.map { members in
            members.map { "\($0.keyword)=\(Self.escape($0.template.text))" }.joined(separator: "+")
        }
        .joined(separator: ",")
    }

    /// Escapes what RFC 4514 §2.4 says.
    private static func escape(_ text: String) -> String {
        var escaped = ""
        for (offset, character) in text.enumerated() {
            let isEdge = offset == 0 || offset == text.count - 1
            if ",+\"\\<>;".contains(character) || (character == " " && isEdge) || (character == "#" && offset == 0) {
                escaped += "\\"
            }
            escaped.append(character)
        }
        return escaped
    }

    /// The subject of a request's certificate.
    ///
    /// - Throws: `missing`, `ambiguous`, `unfit`.
    public func fill(_ values: TemplateValues) throws(TemplateError) -> Name {
        var filled: [[(type: ASN1ObjectIdentifier, text: String)]] = []
        for members in relativeNames {
            var list: [(type: ASN1ObjectIdentifier, text: String)] = []
            for attribute in members {
                let texts = try attribute.template.fill(values)
                guard texts.count == 1, let text = texts.first else {
                    throw .ambiguous(attribute.template.text, count: texts.count)
                }
                guard !text.isEmpty else { continue }
                try AttributeBounds.check(text, attribute.type, attribute.keyword)
                list.append((attribute.type, text))
            }
            if !list.isEmpty { filled.append(list) }
        }
        do {
            return try Name(relativeNames: filled)
        } catch {
            throw .unfit(error.sentence)
        }
    }
}

/// How long the values of attributes may be, in characters (X.520, RFC 5280 appendix A.1).
enum AttributeBounds {
    private static let bounds: [ASN1ObjectIdentifier: Int] = [
        [2, 5, 4, 3]: 64, [2, 5, 4, 5]: 64, [2, 5, 4, 6]: 2, [2, 5, 4, 10]: 64, [2, 5, 4, 11]: 64, [2, 5, 4, 12]: 64,
        [0, 9, 2342, 19_200_300, 100, 1, 25]: 63,
    ]
    /// L, ST and STREET, and what is certified of all others.
    private static let others = 128

    static func check(_ text: String, _ type: ASN1ObjectIdentifier, _ keyword: String) throws(TemplateError) {
        let count = text.unicodeScalars.count
        let bound = bounds[type] ?? others
        guard count <= bound else {
            throw .unfit("\(keyword) would have \(count) characters; at most \(bound) are allowed")
        }
        if type == [2, 5, 4, 6] {
            guard count == 2, text.utf8.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else {
                throw .unfit("\(keyword) is a country's two letters, which '\(text)' is not")
            }
        }
    }
}

extension PKIXError {
    /// The error for people.
    var sentence: String {
        switch self {
        case .malformed(let text), .unsupported(let text), .unencodable(let text): text
        }
    }
}
