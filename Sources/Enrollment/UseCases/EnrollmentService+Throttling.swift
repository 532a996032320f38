// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension EnrollmentService {
    /// What is answered to an address from which too many requests failed, before anything else is done for it.
    func refusal(_ deliberation: Deliberation) -> EnrollmentReply? {
        let profile = deliberation.profile
        let refusal = throttle.refusal(
            profile: profile.scepProfile,
            address: deliberation.remoteAddress,
            perMinute: profile.settings.maximumFailuresPerMinute,
            at: deliberation.receivedAt
        )
        guard let refusal else { return nil }
        observer.throttled(
            profile: profile.name,
            remoteAddress: deliberation.remoteAddress,
            isFirst: refusal.isFirst
        )
        return .throttled(retryAfter: refusal.seconds)
    }

    /// Counts a failed authentication.
    ///
    /// All that get the uniform answer count alike: otherwise who is throttled sooner or later would tell what was wrong
    /// (design §6.1). All URLs of a SCEP profile have the same challenges, so they share what may be guessed.
    func countFailure(_ failures: Int, _ deliberation: Deliberation) {
        throttle.count(
            failures,
            profile: deliberation.profile.scepProfile,
            address: deliberation.remoteAddress,
            perMinute: deliberation.profile.settings.maximumFailuresPerMinute,
            at: deliberation.receivedAt
        )
    }
}
