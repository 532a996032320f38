// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A filter or a distinguished name with values of a request in it, such as `(uid=${csr.subject.UID})`.
///
/// Values are put in escaped, so that each stays the one value that its place is for.
public struct DirectoryTemplate: Sendable, Hashable, Codable {
    /// A piece of a template.
    public enum Part: Sendable, Hashable {
        /// Text that stays as it is.
        case literal(String)
        /// A value of the request, by its path (`RequestValues`).
        case value(String)
        /// The challenge.
        case challenge
    }

    /// The template as it is written.
    public let text: String
    /// Its pieces.
    public let parts: [Part]

    /// Reads a template.
    ///
    /// - Returns: nil when it is empty, or has a placeholder that no request has a value for.
    public init?(_ text: String) {
        guard (1...1024).contains(text.utf8.count), text.showable == text else { return nil }
        var parts: [Part] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if start.lowerBound > rest.startIndex { parts.append(.literal(String(rest[..<start.lowerBound]))) }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { return nil }
            let name = String(rest[start.upperBound..<end])
            if name == "challenge" {
                parts.append(.challenge)
            } else {
                guard let path = RequestValues.path(matching: name) else { return nil }
                parts.append(.value(path))
            }
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        self.text = text
        self.parts = parts
    }

    /// Whether a value of the request is in it.
    public var namesTheRequest: Bool {
        parts.contains { if case .value = $0 { true } else { false } }
    }

    /// Reads a template from a coder.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let template = DirectoryTemplate(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "'\(text)' has a placeholder that is none: write ${csr.subject.UID}, ${csr.san.email} and such"
            )
        }
        self = template
    }

    /// Writes the template to a coder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
