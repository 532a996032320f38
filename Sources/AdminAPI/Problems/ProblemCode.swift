// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What kind of problem a problem is (RFC 9457 §3.1.1): stable, for programs.
public enum ProblemCode: String, Sendable, Hashable, Codable, CaseIterable {
    /// The request breaks the rules of HTTP, JSON or the description.
    case malformedRequest = "malformed-request"
    /// Nobody has said who asks, or what they said is not true any more.
    case notAuthenticated = "not-authenticated"
    /// Whoever asks may not do this.
    case notAllowed = "not-allowed"
    /// There is nothing at this path, or no such thing.
    case notFound = "not-found"
    /// The path does not know this method.
    case methodNotAllowed = "method-not-allowed"
    /// The state does not allow it: something is there already, in use, or done.
    case conflict
    /// Somebody else has changed it meanwhile (`If-Match`).
    case changedMeanwhile = "changed-meanwhile"
    /// The body is too long.
    case bodyTooLarge = "body-too-large"
    /// The body is not JSON by its `Content-Type`.
    case unsupportedMediaType = "unsupported-media-type"
    /// It is well-formed, and a value in it makes no sense.
    case invalidValue = "invalid-value"
    /// Too many failures came from this address.
    case tooManyRequests = "too-many-requests"
    /// The server has failed.
    case failure
    /// The database or something else that is needed does not answer now.
    case unavailable

    /// The status of the answer.
    public var status: Int {
        switch self {
        case .malformedRequest: 400
        case .notAuthenticated: 401
        case .notAllowed: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .conflict: 409
        case .changedMeanwhile: 412
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .invalidValue: 422
        case .tooManyRequests: 429
        case .failure: 500
        case .unavailable: 503
        }
    }

    /// A few words for people, the same each time.
    public var title: String {
        switch self {
        case .malformedRequest: "The request is malformed"
        case .notAuthenticated: "Nobody is known to ask"
        case .notAllowed: "This is not allowed"
        case .notFound: "There is no such thing"
        case .methodNotAllowed: "The method is not allowed here"
        case .conflict: "The state does not allow it"
        case .changedMeanwhile: "It was changed meanwhile"
        case .bodyTooLarge: "The body is too long"
        case .unsupportedMediaType: "The body has to be JSON"
        case .invalidValue: "A value makes no sense"
        case .tooManyRequests: "There were too many failures"
        case .failure: "The server failed"
        case .unavailable: "Something that is needed is away"
        }
    }
}
