// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import Cryptography

/// What a run of the prober is given, and where its limits are.
package struct ProbeOptions: Sendable {
    /// Decides a request that waits for approval.
    package typealias Decide = @Sendable (_ transactionID: String) async throws -> Void
    /// Keeps the bytes of an exchange.
    package typealias Save =
        @Sendable (_ number: Int, _ label: String, _ sent: [UInt8], _ received: [UInt8]) throws -> Void

    /// The URLs; `main` has to be there.
    package var urls: [EndpointRole: ProbeURL]
    /// The challenges for each URL; a URL without any takes those of `main`.
    package var challenges: [EndpointRole: [String]] = [:]
    /// Whether the last challenge serves again and again, as a static one does.
    package var reusesChallenges = false
    /// What is expected.
    package var profile = ExpectationProfile.rfc8894
    /// Whether requests are sent that a weak server may not survive.
    package var sendsDangerousRequests = false
    /// How long one request may take.
    package var timeout = Duration.seconds(20)
    /// How long the whole run may take.
    package var totalLimit = Duration.seconds(600)
    /// How many requests may be sent: a whole run takes about 140.
    package var maximumRequests = 300
    /// The pause before each request, so that nothing takes this for an attack.
    package var pause = Duration.milliseconds(50)
    /// The requirements that are looked at; nil means all.
    package var only: Set<Int>?
    /// Approves a request.
    package var approve: Decide?
    /// Denies a request.
    package var deny: Decide?
    /// Keeps the bytes of each exchange.
    package var save: Save?
    /// Makes keys; tests have some ready, since making them takes long.
    package var makeKey: @Sendable (KeyAlgorithm) throws -> SoftwareKey = { try SoftwareKey.generate($0) }

    /// Options for a URL, the rest by default.
    package init(url: ProbeURL) {
        self.urls = [.main: url]
    }
}

/// What ends a run before its time.
package enum ProbeError: Error, Sendable, Hashable {
    /// There is no URL.
    case noURL
    /// The bytes of an exchange could not be kept.
    case notSaved(String)
}
