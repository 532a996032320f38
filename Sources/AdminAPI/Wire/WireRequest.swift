// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

/// An operation's input, laid out over a request.
public struct WireRequest: Sendable, Hashable {
    /// The path, percent-encoded.
    public var path: String
    /// The query without its question mark, percent-encoded; empty if there is none.
    public var query: String
    /// The tag that the thing has to have; for `If-Match`.
    public var ifMatch: String?
    /// The body; nil if there is none.
    public var body: JSONValue?

    /// Lays an input out.
    public init<Operation: AdminOperation>(_ operation: Operation.Type, _ input: Operation.Input) throws {
        guard case .object(var members) = try AdminJSON.value(input) else { throw MalformedJSON() }
        let endpoint = Operation.endpoint
        ifMatch = members.removeValue(forKey: "ifMatch")?.text
        path = Endpoint.root
        for segment in endpoint.segments {
            let text = Endpoint.variable(segment).map { members.removeValue(forKey: $0).flatMap(Self.text) ?? "" }
            path += "/" + Self.encoded(text ?? segment)
        }
        query = ""
        guard endpoint.usesQuery else {
            body = .object(members)
            return
        }
        query = members.sorted { $0.key < $1.key }
            .flatMap { name, value -> [String] in
                let values = if case .array(let elements) = value { elements } else { [value] }
                return values.compactMap(Self.text).map { "\(Self.encoded(name))=\(Self.encoded($0))" }
            }
            .joined(separator: "&")
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .number(let digits): digits
        case .boolean(let truth): truth ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    /// Percent-encodes all but what never needs it (RFC 3986 §2.3).
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default:
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        .joined()
    }
}
