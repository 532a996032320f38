// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import ArgumentParser
import NIOCore
import PKIX
import SCEP

/// How far replies are checked once the clock has stopped.
enum ReplyCheck: String, Sendable, ExpressibleByArgument, CaseIterable {
    /// The reply, the certificate in it, and the serial numbers against each other.
    case full
    /// Not the certificate if it is encrypted with a cipher that our client refuses.
    case status

    var description: String {
        let certificate = "; the certificate's key, subject, issuer and serial number"
        return "signature, transaction, nonce, SUCCESS" + (self == .full ? certificate : "")
    }

    /// Counts what is wrong with the outcomes; empty when nothing is.
    func defects(
        _ outcomes: [Outcome],
        of requests: [PreparedRequest],
        _ authorities: CACertificates
    ) async throws -> [String: Int] {
        let results = try await Array(zip(outcomes, requests)).concurrentMap { outcome, request in
            Result { try serialNumber(outcome, request, authorities) }
        }
        var seen: Set<[UInt8]> = []
        let defects = results.compactMap { result -> String? in
            switch result {
            case .success(let serial?): seen.insert(serial).inserted ? nil : "a serial number occurs twice"
            case .success(nil): nil
            case .failure(let defect): "\(defect)"
            }
        }
        return Dictionary(defects.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// The serial number of a certificate that is as it should be; nil for one that need not be opened.
    private func serialNumber(
        _ outcome: Outcome,
        _ request: PreparedRequest,
        _ authorities: CACertificates
    ) throws -> [UInt8]? {
        switch outcome.ending {
        case .lost(let reason): throw Unusable(reason)
        case .reply(let body):
            do {
                let bytes = Array(body.readableBytesView)
                let reply = try ReceivedReply(bytes: bytes, to: request.message, authorities: authorities)
                return try Self.certificate(reply, request.wanted, authorities).serialNumber
            } catch SCEPError.replyRejected("its cipher is not accepted") where self == .status {
                // By then everything outside of the envelope has been found right.
                return nil
            }
        }
    }

    private static func certificate(
        _ reply: ReceivedReply,
        _ request: CertificationRequest,
        _ authorities: CACertificates
    ) throws -> EncodedCertificate {
        switch reply {
        case .pending: throw Unusable("PENDING")
        case .certificateList: throw Unusable("a CRL")
        case .failure(let failInfo, let text):
            throw Unusable("FAILURE \(failInfo?.description ?? "without failInfo")\(text.map { ": " + $0 } ?? "")")
        case .success(let issued, _):
            try check(issued, request, authorities)
            return issued
        }
    }

    /// Throws what is wrong with a certificate.
    static func check(
        _ issued: EncodedCertificate,
        _ request: CertificationRequest,
        _ authorities: CACertificates
    ) throws {
        guard issued.subjectPublicKeyInfo == request.subjectPublicKeyInfo, issued.subject == request.subject else {
            throw Unusable("the certificate has another key or subject than the request")
        }
        let issuer = authorities.certificates.first { $0.subject == issued.issuer }
        guard let key = try issuer?.subjectPublicKeyInfo.publicKey(), issued.isSigned(by: key) else {
            throw Unusable("the certificate is not signed by the CA")
        }
    }
}
