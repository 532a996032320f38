// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX

/// What can be wrong with a CMS message.
public enum CMSError: Error, Sendable, Equatable {
    /// The bytes are not the structure they should be; the reason is for people and traces, not for peers.
    case malformed(String)
    /// More of something than a limit allows.
    case limitExceeded(String)
    /// An algorithm is unknown or not accepted, named for people.
    case unsupportedAlgorithm(String)
    /// The message digest or the signature is not right, or the signer's certificate is missing or unusable.
    case signatureInvalid(String)
    /// The content could not be decrypted. Deliberately without a reason (design §6.1).
    case undecryptable
    /// A message could not be made: our mistake, not a peer's.
    case unencodable(String)

    init(_ error: PKIXError) {
        switch error {
        case .malformed(let reason): self = .malformed(reason)
        case .unsupported(let reason): self = .unsupportedAlgorithm(reason)
        case .unencodable(let structure): self = .unencodable(structure)
        }
    }
}

/// Runs what throws errors of the layer below, and throws this layer's.
func mapping<Result>(_ body: () throws -> Result) throws(CMSError) -> Result {
    do {
        return try body()
    } catch let error as CMSError {
        throw error
    } catch let error as PKIXError {
        throw CMSError(error)
    } catch {
        throw .malformed("unexpected structure")
    }
}
