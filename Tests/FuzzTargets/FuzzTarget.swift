// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What reads bytes of strangers, each to be fed with bytes that nobody chose.
///
/// The fuzzer in `Fuzzing` and the replay in `Tests/FuzzReplayTests` run the same functions.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// SignedData, to the public key operation.
    case cmsSignedData = "cms-signed-data"
    /// EnvelopedData, to what was encrypted.
    case cmsEnvelopedData = "cms-enveloped-data"
    /// A pkiMessage through all its stages, and the answer to it.
    case scepRequest = "scep-request"
    /// A PKCS#10 request.
    case certificationRequest = "certification-request"
    /// The certificate of a client.
    case clientCertificate = "client-certificate"
    /// A CRL.
    case certificateList = "crl"
    /// A distinguished name written as text.
    case nameText = "name-text"
    /// What a client sends on a connection to the HTTP listener.
    case httpConnection = "http-connection"
    /// What a server answers, as a client reads it.
    case scepReply = "scep-reply"

    /// Feeds it.
    ///
    /// - Returns: whether the input was understood to its end, which the corpus has to be.
    /// - Throws: `FuzzFinding` when something does not hold that should hold for all inputs.
    @discardableResult
    public func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        switch self {
        case .cmsSignedData: try SignedDataChecks.check(input)
        case .cmsEnvelopedData: try EnvelopedDataChecks.check(input)
        case .scepRequest: try MessageChecks.check(input)
        case .certificationRequest: try CertificationRequestChecks.check(input)
        case .clientCertificate: try CertificateChecks.check(input)
        case .certificateList: try CertificateListChecks.check(input)
        case .nameText: try NameChecks.check(input)
        case .httpConnection: try ConnectionChecks.check(input)
        case .scepReply: try ReplyChecks.check(input)
        }
    }

    /// Whether its input is an encoding, with values inside of values.
    public var isStructured: Bool {
        switch self {
        case .cmsSignedData, .cmsEnvelopedData, .scepRequest, .certificationRequest, .clientCertificate,
            .certificateList, .scepReply:
            true
        case .nameText, .httpConnection: false
        }
    }
}

/// Something that should hold for all inputs, and does not for one.
public struct FuzzFinding: Error, Sendable, CustomStringConvertible {
    /// What should hold.
    public let description: String
}

func require(_ condition: Bool, _ property: @autoclosure () -> String) throws(FuzzFinding) {
    guard condition else { throw FuzzFinding(description: property()) }
}

/// The value of what must not throw.
func require<Value>(_ property: @autoclosure () -> String, _ body: () throws -> Value) throws(FuzzFinding) -> Value {
    do {
        return try body()
    } catch {
        throw FuzzFinding(description: "\(property()): \(error)")
    }
}
