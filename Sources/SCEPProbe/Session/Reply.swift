// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX

/// What came back for a pkiMessage.
struct Reply: Sendable {
    /// What it says.
    enum Verdict: Sendable, Equatable {
        case success
        case failure(String?)
        case pending
        /// A CertRep with an unknown pkiStatus, or none.
        case unknownStatus
        case httpError(Int)
        /// HTTP 200 with something that is no CertRep.
        case unreadable
        case silence(ConnectionTrouble)
    }

    let exchange: Int
    let answer: HTTPAnswer?
    let certRep: CertRepReading?
    let verdict: Verdict
    /// What the envelope of a SUCCESS holds.
    var contents: CertificatesOnly?
    /// The certificate for the key that was asked for.
    var issued: EncodedCertificate?

    init(exchange: Int, _ result: Result<HTTPAnswer, ConnectionTrouble>) {
        self.exchange = exchange
        switch result {
        case .failure(let trouble):
            self.answer = nil
            self.certRep = nil
            self.verdict = .silence(trouble)
        case .success(let answer):
            self.answer = answer
            let certRep = try? CertRepReading(answer.body)
            self.certRep = certRep
            if let certRep {
                switch certRep.status {
                case "0": self.verdict = .success
                case "2": self.verdict = .failure(certRep.failInfo)
                case "3": self.verdict = .pending
                default: self.verdict = .unknownStatus
                }
            } else {
                self.verdict = answer.status == 200 ? .unreadable : .httpError(answer.status)
            }
        }
    }

    /// Whether the request was refused in a way that a client understands.
    var isFailure: Bool {
        if case .failure = verdict { return true }
        return false
    }

    /// Whether the request was not carried out.
    var isRefusal: Bool {
        switch verdict {
        case .failure, .httpError: true
        case .success, .pending, .unknownStatus, .unreadable, .silence: false
        }
    }

    /// What came, in words.
    var seen: String {
        switch verdict {
        case .success: return "SUCCESS"
        case .failure(let failInfo):
            let text = certRep?.failInfoText.map { " (\"\($0)\")" } ?? ""
            return "FAILURE " + (failInfo.map(Self.failInfoName) ?? "without failInfo") + text
        case .pending: return "PENDING"
        case .unknownStatus: return "a CertRep with pkiStatus \(certRep?.status ?? "missing")"
        case .httpError(let status): return "HTTP \(status)" + line
        case .unreadable: return "HTTP 200 with something that is no CertRep" + line
        case .silence(let trouble): return trouble.sentence
        }
    }

    /// The first line of a body that people can read.
    private var line: String {
        guard let body = answer?.body, let text = String(validating: body.prefix(200), as: UTF8.self),
            let first = text.split(whereSeparator: \.isNewline).first, !first.hasPrefix("<")
        else { return "" }
        return " (\"\(first)\")"
    }

    /// A failInfo by its name.
    static func failInfoName(_ value: String) -> String {
        switch value {
        case "0": "badAlg"
        case "1": "badMessageCheck"
        case "2": "badRequest"
        case "3": "badTime"
        case "4": "badCertId"
        default: "with failInfo \(value)"
        }
    }
}
