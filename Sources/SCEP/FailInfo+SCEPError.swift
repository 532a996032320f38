// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension FailInfo {
    /// What a CertRep says about an error, and the fixed text beside it; nil when no CertRep can answer.
    ///
    /// The texts are constants: nothing of a request, a secret or the server's inside gets into them (client-quirks C5).
    public static func answer(to error: SCEPError) -> (failInfo: FailInfo, text: String)? {
        switch error {
        case .unreadable: nil
        case .algorithmNotAccepted: (.badAlg, "an algorithm or key of the request is not accepted")
        case .integrityCheckFailed: (.badMessageCheck, "the signature of the request is not valid")
        case .messageTypeNotServed: (.badRequest, "the message type is not supported")
        case .notOpened, .replyRejected, .unusableCACertificates, .unencodable: uniform
        }
    }

    /// The one answer to everything that goes wrong between the outer signature and the sender's authentication (design §6.1).
    public static let uniform: (failInfo: FailInfo, text: String) = (.badRequest, "the request was refused")
}
