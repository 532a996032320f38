// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why a listener could not start.
public enum ListenerError: Error, Sendable, Equatable {
    /// The address could not be bound; the reason is the system's.
    case cannotBind(host: String, port: Int, reason: String)
    /// The certificate chain's PEM file cannot be read or holds no certificate.
    case unusableCertificateChain(file: String)
    /// The private key's PEM file cannot be read or holds no usable key.
    case unusablePrivateKey(file: String)
    /// Certificate and private key do not make a TLS credential, most likely because they do not belong together.
    case unusableCredential(certificateChainFile: String, privateKeyFile: String)
    /// A role was configured for which no responder was given.
    case roleWithoutResponder(ListenerRole)
    /// The listener had already been run once.
    case alreadyRun
}

extension ListenerError: CustomStringConvertible {
    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .cannotBind(let host, let port, let reason):
            "The address \(host) port \(port) cannot be bound: \(reason)."
        case .unusableCertificateChain(let file):
            "The file \(file) holds no readable PEM certificate chain."
        case .unusablePrivateKey(let file):
            "The file \(file) holds no readable, unencrypted PEM private key."
        case .unusableCredential(let chain, let key):
            "The certificate in \(chain) and the private key in \(key) do not make a TLS credential."
        case .roleWithoutResponder(let role):
            "The listener has the role \(role), but nothing that answers for it."
        case .alreadyRun:
            "A listener can be run only once."
        }
    }
}
