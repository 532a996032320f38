// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Enrollment
import Foundation
import PKIX
import TestPeers
import TestSupport
import X509

@testable import Connectors

/// What a directory is asked about: a device with a subject, names and a challenge.
func question(
    _ challenge: String,
    subject: String = "UID=alice",
    email: [String] = [],
    isDryRun: Bool = false
) throws -> ChallengeQuestion {
    let key = try TestKeys.ec
    let names = try Certificate.Extension(SubjectAlternativeNames(email.map { .rfc822Name($0) }), critical: false)
    let request = try CertificationRequest.make(
        subject: try Name(subject),
        key: key,
        extensions: email.isEmpty ? [] : [names]
    )
    return ChallengeQuestion(
        profile: "default",
        raProfile: "default",
        transactionID: "1",
        remoteAddress: "192.0.2.1",
        challenge: challenge,
        publicKeyDigest: [],
        request: request,
        keyAlgorithm: key.publicKey.algorithm,
        now: Date(timeIntervalSince1970: 1_800_000_000),
        isDryRun: isDryRun
    )
}

/// Settings as an administrator writes them, in JSON.
func directorySettings(_ json: String) throws -> DirectorySourceSettings {
    try JSONDecoder().decode(DirectorySourceSettings.self, from: Data(json.utf8))
}

extension DirectoryServer {
    /// How a profile's source is reached.
    enum Way: String, CaseIterable, Sendable {
        case tls, startTLS, insecure
    }

    /// A source that asks this server.
    func source(
        _ rest: String,
        _ way: Way = .tls,
        roots: String? = nil,
        port: Int? = nil,
        seconds: Int = 30
    ) throws -> DirectoryChallengeSource {
        let place =
            switch way {
            case .tls: #""url":"ldaps://127.0.0.1:\#(port ?? tlsPort)""#
            case .startTLS: #""url":"ldap://127.0.0.1:\#(port ?? self.port)","startTLS":true"#
            case .insecure: #""url":"ldap://127.0.0.1:\#(port ?? self.port)","allowInsecure":true"#
            }
        return DirectoryChallengeSource(
            try directorySettings(
                #"{"type":"directory","name":"tests",\#(place),"roots":"\#(roots ?? self.roots)","timeoutSeconds":\#(seconds),\#(rest)}"#
            )
        )
    }

    /// A bind as an entry that is named by a template.
    static let named = #""mode":"bind","bindDN":"uid=${csr.subject.UID},ou=people,dc=example""#

    /// A search by the account; the mode stands before it.
    func searching(_ mode: String, _ filter: String = "(uid=${csr.subject.UID})", rest: String = "") -> String {
        #""mode":"\#(mode)","base":"dc=example","filter":"\#(filter)","account":{"dn":"\#(Self.account)","password":{"file":"\#(passwordFile)"}}\#(rest)"#
    }
}
