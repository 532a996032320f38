// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEP

extension Verdict {
    /// What goes back to the client, in one plain sentence.
    public var sentence: String {
        switch self {
        case .certificate: "CertRep SUCCESS, encrypted to the device."
        case .pending: "CertRep PENDING: the device is to ask again."
        case .failure(let failInfo, let text): Self.failure(failInfo, text)
        case .uniformFailure:
            Self.failure(FailInfo.uniform.failInfo, FailInfo.uniform.text)
                + " It is what every sender hears who has not proven who they are, after the same time."
        case .unanswerable: "HTTP 400: no CertRep can answer what can't be read."
        case .unavailable: "HTTP 503: the device is to try again."
        }
    }

    private static func failure(_ failInfo: FailInfo, _ text: String) -> String {
        "CertRep FAILURE \(failInfo), with the text '\(text)'."
    }
}
