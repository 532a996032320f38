// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What answers the SCEP requests of a listener.
public protocol SCEPResponder: Sendable {
    /// Answers one request; it runs on the connection's event loop, for many connections at once: what waits has to suspend.
    ///
    /// The task is cancelled only when a stop of the listener has run out of patience, not when the client goes away:
    /// an enrolment once begun is worth finishing, because the client will ask again.
    func respond(to request: SCEPHTTPRequest) async -> SCEPHTTPResponse
}

/// The answer to one SCEP request, as HTTP will carry it.
public enum SCEPHTTPResponse: Sendable {
    /// 200 OK with a body of that type; signed CertReps of every pkiStatus are successes here.
    ///
    /// The content type is sent exactly as given and should have no parameters: old clients compare it literally.
    case success(body: [UInt8], contentType: String)
    /// A refusal without a CertRep: a status of 400 to 599 and one sentence, sent as text/plain.
    ///
    /// `retryAfter` becomes a Retry-After header in whole seconds, rounded up.
    case refusal(status: Int, sentence: String, retryAfter: Duration?)
}
