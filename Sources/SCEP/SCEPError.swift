// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What can be wrong with a SCEP message, by what has to follow from it.
///
/// The reasons are for traces and operators; what a peer hears is fixed (`FailInfo+SCEPError.swift`).
public enum SCEPError: Error, Sendable, Equatable {
    /// The message can't be read far enough to learn transactionID and senderNonce: no CertRep can answer it.
    case unreadable(String)
    /// An algorithm, key type or key size is not accepted.
    case algorithmNotAccepted(String)
    /// The signature, digest or signer's certificate is not right.
    case integrityCheckFailed(String)
    /// The messageType is none that is served here.
    case messageTypeNotServed(String)
    /// The message is signed as it should be, but its envelope does not open to what its type says. To a peer this looks like any
    /// other failure before authentication (design §6.1).
    case notOpened(String)
    /// A reply is not what a client may accept; for clients.
    case replyRejected(String)
    /// The CA's certificates don't serve the purpose; for clients.
    case unusableCACertificates(String)
    /// A message could not be made: our mistake, not a peer's.
    case unencodable(String)
}
