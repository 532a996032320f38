// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient

/// The JSON object that `enroll`, `renew` and `poll` print with `--json`, however it went.
struct EnrollReport: Encodable {
    enum Status: String, Encodable {
        /// The certificate is there.
        case success
        /// The server refused the request.
        case failure
        /// The request waits for approval.
        case pending
        /// There is no answer of the server that counts.
        case error
    }

    struct Files: Encodable {
        var key: String?
        var certificate: String?
        var chain: String?
        var pending: String?

        /// The files that there are to go on with after a failure; nil when there are none.
        init?(_ failure: ClientFailure) {
            guard failure.keyFile != nil || failure.pendingFile != nil else { return nil }
            self.key = failure.keyFile
            self.pending = failure.pendingFile
        }

        init(key: String?, certificate: String, chain: String?) {
            self.key = key
            self.certificate = certificate
            self.chain = chain
        }
    }

    var status: Status
    var transactionID: String?
    var failInfo: String?
    var failInfoText: String?
    var error: String?
    var hint: String?
    var subject: String?
    var serial: String?
    var notBefore: Date?
    var notAfter: Date?
    var fingerprint: String?
    var files: Files?

    init(_ enrolled: EnrolledCertificate, files: Files) {
        let certificate = enrolled.certificate
        self.status = .success
        self.transactionID = enrolled.transactionID.text
        self.subject = certificate.subject.description
        self.serial = hexadecimal(certificate.serialNumber)
        self.notBefore = certificate.notBefore
        self.notAfter = certificate.notAfter
        self.fingerprint = Fingerprint(of: certificate).description
        self.files = files
    }

    init(_ failure: ClientFailure) {
        self.status = .error
        self.error = failure.sentence
        self.hint = failure.hint
        self.transactionID = failure.transactionID
        self.files = Files(failure)
        switch failure.cause {
        case .refused(let failInfo, let text, _):
            self.status = .failure
            self.failInfo = failInfo?.description
            self.failInfoText = text
        case .pending, .pollingEnded: self.status = .pending
        default: break
        }
    }

    /// The same for people.
    var text: String {
        let validity = [notBefore, notAfter].map { $0?.text ?? "?" }.joined(separator: " to ")
        let lines: [(name: String, value: String?)] = [
            ("subject", subject), ("serial", serial), ("valid", validity), ("SHA-256", fingerprint),
            ("transaction", transactionID), ("key", files?.key), ("certificate", files?.certificate),
            ("chain", files?.chain),
        ]
        return lines.compactMap { line in
            line.value.map { (line.name + ":").padding(toLength: 13, withPad: " ", startingAt: 0) + $0 }
        }
        .joined(separator: "\n")
    }
}
