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
    /// The file that tells of a request that waits for approval.
    var pendingFile: String?

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

    /// Runs something; what fails there names the file with the new key.
    static func naming<Result>(key: String?, _ body: () async throws -> Result) async throws -> Result {
        var failure: ClientFailure
        do {
            return try await body()
        } catch let error as ClientFailure {
            failure = error
        } catch let error as SCEPClientError {
            failure = ClientFailure(error)
        }
        failure.keyFile = key
        throw failure
    }

    /// Tells, after the error, where the new key is and which option takes it, and prints the object for `--json`.
    ///
    /// A request that is stored is gone on with by polling, not by another request.
    func report(goOnWith option: String?, json: Bool) throws {
        if let keyFile, let option, pendingFile == nil {
            Terminal.note("note: the new key is in \(keyFile); to go on with it, use \(option) instead of --key-out")
        }
        if json { try Terminal.print(json: EnrollReport(self)) }
    }
}
