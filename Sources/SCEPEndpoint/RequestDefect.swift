// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What is wrong with a request before anyone looks at what it asks for; each ends its connection after the answer.
enum RequestDefect: Error, Equatable {
    case malformed
    case versionNotSupported
    case methodNotAllowed
    case requestLineTooLong
    case headerFieldsTooLarge
    case bodyTooLarge
    case tooSlow
    case tooBusy

    var status: Int {
        switch self {
        case .malformed: 400
        case .methodNotAllowed: 405
        case .tooSlow: 408
        case .bodyTooLarge: 413
        case .requestLineTooLong: 414
        case .headerFieldsTooLarge: 431
        case .tooBusy: 503
        case .versionNotSupported: 505
        }
    }

    var sentence: String {
        switch self {
        case .malformed: "This is not a well-formed HTTP/1 request."
        case .methodNotAllowed: "The method is not allowed here."
        case .tooBusy: "Too many large bodies are under way; try again in some seconds."
        case .tooSlow: "The request did not arrive in time."
        case .bodyTooLarge: "The body is too large."
        case .requestLineTooLong: "The request line is too long."
        case .headerFieldsTooLarge: "The header fields are too large or too many."
        case .versionNotSupported: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
        }
    }
}
