// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import TestSupport
internal import X509

/// Questions as the enrolment service asks them.
enum Questions {
    static let now = Date(timeIntervalSince1970: 1_900_000_000.25)

    static func make(
        challenge: String = "the challenge",
        subject: String = "CN=device-1,O=Example",
        names: [GeneralName] = [.dnsName("vpn.example"), .rfc822Name("a@b.example")],
        transactionID: String = "TX-1",
        key: SoftwareKey? = nil,
        now: Date = now,
        isDryRun: Bool = false
    ) throws -> ChallengeQuestion {
        let key = try key ?? TestKeys.client
        let wish = try Certificate.Extension(SubjectAlternativeNames(names), critical: false)
        let request = try CertificationRequest.make(
            subject: try Name(subject),
            key: key,
            challengePassword: challenge,
            extensions: names.isEmpty ? [] : [wish]
        )
        return ChallengeQuestion(
            profile: "phones",
            raProfile: "default",
            transactionID: transactionID,
            remoteAddress: "192.0.2.1",
            challenge: challenge,
            publicKeyDigest: DigestAlgorithm.sha256.digest(request.subjectPublicKeyInfo.der),
            request: request,
            keyAlgorithm: key.publicKey.algorithm,
            now: now,
            isDryRun: isDryRun
        )
    }
}

extension ChallengeAnswer {
    /// What an administrator reads of it: the word, the reason and the detail.
    var summary: String {
        switch self {
        case .accept: "accept"
        case .reject(let reason, let detail): "reject \(reason.rawValue)" + (detail.map { " \($0)" } ?? "")
        case .notMine: "notMine"
        case .unavailable(let detail): "unavailable \(detail)"
        }
    }

    var attributes: [String: [String]] {
        if case .accept(_, let attributes, _) = self { attributes.values } else { [:] }
    }

    var claims: [Claim] {
        if case .accept(let claims, _, _) = self { claims } else { [] }
    }
}
