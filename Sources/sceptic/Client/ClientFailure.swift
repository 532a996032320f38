// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEP
internal import SCEPClient

/// What ends a client command early: a sentence, what to do about it, and the exit code.
struct ClientFailure: Error {
    var sentence: String
    var hint: String?
    var exit: ClientExit
    /// The error of the library, if it is one.
    var cause: SCEPClientError?
    /// The name of the operation, once something was sent.
    var transactionID: String?
    /// The file with the new key, once it is written: with it one can go on.
    var keyFile: String?

    init(_ exit: ClientExit, _ sentence: String, hint: String? = nil) {
        self.sentence = sentence
        self.hint = hint
        self.exit = exit
    }

    init(_ error: SCEPClientError) {
        self.sentence = error.sentence
        self.hint = error.hint
        self.exit = ClientExit(error)
        self.cause = error
        self.transactionID = error.transactionID?.text
    }
}
