// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX

/// What holds for PKCS#10 requests.
enum CertificationRequestChecks {
    /// Reads a request and everything that can be asked of it.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        try EncodingChecks.check(input)
        guard let request = try? CertificationRequest(derEncoded: input) else { return false }
        try check(request)
        return true
    }

    static func check(_ request: CertificationRequest) throws(FuzzFinding) {
        let again = try require("a request's encoding can be read") {
            try CertificationRequest(derEncoded: request.der)
        }
        try require(again == request, "reading a request's encoding gives the request")
        try NameChecks.check(request.subject)
        try CertificateChecks.check(request.requestedExtensions)
        if let key = try CertificateChecks.check(request.subjectPublicKeyInfo) { _ = request.isSigned(by: key) }

        let stored = try require("a request is stored without its challenge and can be read") {
            try CertificationRequest(derEncoded: try request.withoutChallengePassword())
        }
        try require(stored.challengePassword == nil, "a stored request has no challenge")
        try require(stored.subject == request.subject, "a stored request has the request's subject")
        try require(
            stored.subjectPublicKeyInfo == request.subjectPublicKeyInfo,
            "a stored request has the request's key"
        )
        try require(
            stored.requestedExtensions == request.requestedExtensions,
            "a stored request asks for the request's extensions"
        )
    }
}
