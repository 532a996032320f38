// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One thing that administrators do: by HTTP, by the command line on another machine, or by the command line beside the state folder.
///
/// What is said here once is what the server's routes, the OpenAPI description, the client and the audit log are made from.
/// How it is done is told where the state is open (`LocalOperation`).
public protocol AdminOperation: Sendable {
    /// What has to be said: the members of the path, the query or the body, and `ifMatch`.
    associatedtype Input: AdminDocument
    /// What is answered; ``NoContent`` if nothing.
    associatedtype Output: AdminDocument

    /// The name of the operation, noun and verb: `challenge.new`. It is stable: the audit log knows it.
    static var id: String { get }
    /// Where it is.
    static var endpoint: Endpoint { get }
    /// One sentence that tells what it does.
    static var summary: String { get }
    /// Whom it is for.
    static var access: Access { get }
    /// Whether it makes something that would be there twice if it were done twice; such operations take an `Idempotency-Key`.
    static var creates: Bool { get }
    /// Whether it only looks, and may be asked again: then nothing is audited.
    static var isReading: Bool { get }

    /// Whether it may take longer than anybody waits for the others; a server does it once at a time, and a client does not ask again by itself.
    static var takesLong: Bool { get }

    /// The SCEP profile that it is about, for those who may act on some profiles only; nil if that can't be told from the input.
    static func profile(of input: Input) -> String?
}

extension AdminOperation {
    /// Most change what is there, or only look.
    public static var creates: Bool { false }

    /// Most are done at once.
    public static var takesLong: Bool { false }

    /// Most are not about one profile.
    public static func profile(of input: Input) -> String? { nil }

    /// What is asked for with GET only looks.
    public static var isReading: Bool { endpoint.method == .get }

    /// Whether what is changed may be named by its entity tag (RFC 9110 §13.1.1).
    public static var isConditional: Bool { Input.schema.property("ifMatch") != nil }
}

/// A method and a path below `/api/v1`.
public struct Endpoint: Sendable, Hashable {
    /// The methods that are used.
    public enum Method: String, Sendable, Hashable, CaseIterable {
        /// Looks.
        case get = "GET"
        /// Does something, or makes something whose name the server chooses.
        case post = "POST"
        /// Makes something what the body says.
        case put = "PUT"
        /// Changes what the body names, and leaves the rest.
        case patch = "PATCH"
        /// Removes something.
        case delete = "DELETE"
    }

    /// Where all paths begin.
    public static let root = "/api/v1"

    /// The method.
    public let method: Method
    /// The path's segments; one in braces is a member of the input.
    public let segments: [String]

    /// Puts an endpoint together.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: the path below `/api/v1`, such as `/challenges/{id}`.
    public init(_ method: Method, _ path: String) {
        self.method = method
        self.segments = path.split(separator: "/").map(String.init)
    }

    /// The path with its variables in braces.
    public var template: String { Self.root + segments.map { "/" + $0 }.joined() }

    /// The names of the path's variables.
    public var variables: [String] { segments.compactMap(Self.variable) }

    /// Whether what is not in the path stands in the query, not in a body.
    public var usesQuery: Bool { method == .get || method == .delete }

    /// The values of the path's variables if the segments of a path, decoded, are this one's; nil if they are not.
    public func match(_ path: [String]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, text) in zip(segments, path) {
            if let name = Self.variable(segment) {
                values[name] = text
            } else if segment != text {
                return nil
            }
        }
        return values
    }

    static func variable(_ segment: String) -> String? {
        segment.hasPrefix("{") && segment.hasSuffix("}") ? String(segment.dropFirst().dropLast()) : nil
    }
}

/// A value that goes over the wire as JSON, and can be described.
public protocol AdminDocument: Codable, Sendable {
    /// What its JSON looks like.
    static var schema: ObjectSchema { get }
}

/// A document that can be named as it is: its tag changes when it does (RFC 9110 §8.8.3).
public protocol EntityTagged: AdminDocument {
    /// The tag, without quotation marks.
    var entityTag: String { get }
}

/// No answer but that it is done: HTTP 204.
public struct NoContent: AdminDocument {
    /// Nothing.
    public static let schema = ObjectSchema()

    /// Makes it.
    public init() {}
}
