// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why something was not done (RFC 9457).
public struct ProblemDetails: Error, AdminDocument, Hashable {
    /// A value that is wrong, by its place in the input.
    public struct Violation: Codable, Sendable, Hashable {
        /// A JSON pointer into the body (RFC 6901), or the name of a parameter.
        public var pointer: String
        /// What is wrong there.
        public var sentence: String

        /// Names what is wrong.
        public init(pointer: String, sentence: String) {
            self.pointer = pointer
            self.sentence = sentence
        }

        static let schema = ObjectSchema(
            "Violation",
            .required("pointer", .text, "A JSON pointer into the body, or the name of a parameter."),
            .required("sentence", .text, "What is wrong there.")
        )
    }

    /// The media type (RFC 9457 §6.1).
    public static let mediaType = "application/problem+json"

    /// What kind it is.
    public var code: ProblemCode
    /// One sentence about this occurrence.
    public var detail: String
    /// What to do about it.
    public var hint: String?
    /// The stable reason of the enrolment rule that said no, such as `policy.duplicate`.
    public var reason: String?
    /// The values that are wrong.
    public var violations: [Violation]
    /// When to try again, in seconds; the field Retry-After.
    public var retryAfter: Int?

    /// Puts a problem together.
    public init(
        _ code: ProblemCode,
        _ detail: String,
        hint: String? = nil,
        reason: String? = nil,
        violations: [Violation] = [],
        retryAfter: Int? = nil
    ) {
        self.code = code
        self.detail = detail
        self.hint = hint
        self.reason = reason
        self.violations = violations
        self.retryAfter = retryAfter
    }

    /// The same, with what somebody sent shown and not repeated where it is U+0000.
    public var showable: ProblemDetails {
        func shown(_ text: String) -> String { text.replacing("\0", with: "\u{2400}") }
        var problem = self
        problem.detail = shown(detail)
        problem.hint = hint.map(shown)
        problem.violations = violations.map { Violation(pointer: shown($0.pointer), sentence: shown($0.sentence)) }
        return problem
    }

    private enum CodingKeys: String, CodingKey {
        case type, title, status, code, detail, hint, reason, violations, retryAfter
    }

    /// Reads a problem; the code tells all that is fixed.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        code = try values.decode(ProblemCode.self, forKey: .code)
        detail = try values.decode(String.self, forKey: .detail)
        hint = try values.decodeIfPresent(String.self, forKey: .hint)
        reason = try values.decodeIfPresent(String.self, forKey: .reason)
        violations = try values.decodeIfPresent([Violation].self, forKey: .violations) ?? []
        retryAfter = try values.decodeIfPresent(Int.self, forKey: .retryAfter)
    }

    /// Writes a problem.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode("\(Endpoint.root)/problems/\(code.rawValue)", forKey: .type)
        try values.encode(code.title, forKey: .title)
        try values.encode(code.status, forKey: .status)
        try values.encode(code, forKey: .code)
        try values.encode(detail, forKey: .detail)
        try values.encodeIfPresent(hint, forKey: .hint)
        try values.encodeIfPresent(reason, forKey: .reason)
        if !violations.isEmpty { try values.encode(violations, forKey: .violations) }
        try values.encodeIfPresent(retryAfter, forKey: .retryAfter)
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Problem",
        .required("type", .text, "A reference that names the kind of problem, relative to the server."),
        .required("title", .text, "The kind of problem in a few words."),
        .required("status", .integer(100...599), "The status of the answer."),
        .required("code", .choice(ProblemCode.allCases.map(\.rawValue)), "The kind of problem, for programs."),
        .required("detail", .text, "One sentence about this occurrence."),
        .optional("hint", .text, "What to do about it."),
        .optional("reason", .text, "The stable reason code of the rule that said no."),
        .optional("violations", .list(of: .object(Violation.schema)), "The values that are wrong."),
        .optional("retryAfter", .integer(0...86_400), "When to try again, in seconds.")
    )
}
