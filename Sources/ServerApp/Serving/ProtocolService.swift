// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import SCEP
internal import SCEPEndpoint

/// Joins the listener to the use-cases: what each operation of a profile's URL does.
struct ProtocolService: SCEPResponder {
    let configuration: ConfigurationSnapshot
    let enrollment: EnrollmentService
    let unserved: UnservedRequests

    func respond(to request: SCEPHTTPRequest) async -> SCEPHTTPResponse {
        // Taken once: a request is served to its end by what was configured when it came.
        let configuration = configuration.current
        let name = configuration.name(of: request.profile)
        guard let profile = configuration.profiles[name] else {
            // Names that nobody configured are anybody's choice: they are not counted.
            if let reason = configuration.refusals[name] { unserved.count(name, reason, from: request.remoteAddress) }
            return .refusal(status: 404, sentence: "There is no such profile, or it is not served.", retryAfter: nil)
        }
        switch request.operation {
        case .getCACaps:
            return .success(body: profile.capabilities, contentType: "text/plain")
        case .getCACert:
            let (body, contentType) = profile.authorities.caCertificates
            return .success(body: body, contentType: contentType)
        case .getNextCACert:
            guard let body = profile.authorities.nextCACertificates else {
                return .refusal(status: 404, sentence: "There is no next CA certificate.", retryAfter: nil)
            }
            return .success(body: body, contentType: NextCACertificates.contentType)
        case .pkiOperation(let bytes):
            return response(
                await enrollment.respond(to: bytes, profile: profile, remoteAddress: request.remoteAddress)
            )
        case .unknown:
            return .refusal(status: 501, sentence: "The operation is not known.", retryAfter: nil)
        case .missing:
            return .refusal(status: 400, sentence: "The query names no operation.", retryAfter: nil)
        }
    }

    private func response(_ reply: EnrollmentReply) -> SCEPHTTPResponse {
        switch reply {
        case .certRep(let bytes): .success(body: bytes, contentType: "application/x-pki-message")
        case .unanswerable(let sentence): .refusal(status: 400, sentence: sentence, retryAfter: nil)
        case .throttled(let seconds):
            .refusal(
                status: 429,
                sentence: "Too many requests failed. Try again later.",
                retryAfter: .seconds(max(1, Int(seconds.rounded(.up))))
            )
        case .unavailable: .refusal(status: 503, sentence: "Try again in a few seconds.", retryAfter: .seconds(5))
        }
    }
}

extension ServedConfiguration {
    /// The name under which a URL's transactions are kept, whether it is served or not.
    fileprivate func name(of selector: ProfileSelector) -> String {
        switch selector {
        case .default: aliases[ProfileName.default] ?? ProfileName.default
        case .named(let name): aliases[name] ?? name
        case .raProfile(let name): ProfileName.served(raProfile: name)
        }
    }
}
