// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEP
internal import SCEPClient

/// The JSON object that the queries print with `--json` when they fail.
struct ErrorReport: Encodable {
    let error: String
    let hint: String?
    let transactionID: String?
    let failInfo: String?
    let failInfoText: String?

    init(_ failure: ClientFailure) {
        self.error = failure.sentence
        self.hint = failure.hint
        self.transactionID = failure.transactionID
        if case .refused(let failInfo, let text, _) = failure.cause {
            self.failInfo = failInfo?.description
            self.failInfoText = text
        } else {
            self.failInfo = nil
            self.failInfoText = nil
        }
    }

    static func print(_ failure: ClientFailure, json: Bool) throws {
        if json { try Terminal.print(json: ErrorReport(failure)) }
    }
}
