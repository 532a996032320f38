// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEPEndpoint

public import struct Foundation.Date

extension ServerConfiguration {
    /// What is wrong with what a file names, or soon will be.
    public struct Finding: Sendable, Hashable {
        /// Whether the server would not start, or nobody could use it.
        public var isError: Bool
        /// The place and what is wrong there, in one sentence.
        public var sentence: String
        /// What to do about it.
        public var hint: String?
    }

    /// How long before its end a certificate is worth a word.
    static let certificateNotice = 14 * 86_400.0

    /// Checks that the files which this one names are there and can be used; nothing is opened to serve, and nothing listens.
    public func findings(at now: Date) -> [Finding] {
        var findings: [Finding] = []
        func note(_ path: [String], _ sentence: String, hint: String? = nil, isError: Bool = true) {
            let error = error(path, sentence, hint: hint)
            findings.append(Finding(isError: isError, sentence: error.sentence, hint: error.hint))
        }
        if let state {
            if !StateFolder.isFolder(state) {
                note(["state"], "there is no folder \(state)", hint: "Make a state with: sceptic init --data \(state)")
            }
        }
        if let databaseFile {
            do {
                _ = try DatabaseSource(file: databaseFile).stated().map(DatabaseSource.location)
            } catch {
                note(["database", "file"], Self.sentence(error))
            }
        }
        if let masterKeyFile {
            do {
                _ = try MasterKeySource.file(masterKeyFile)
            } catch {
                note(["masterKey", "file"], Self.sentence(error))
            }
        }
        for (index, listener) in listeners.enumerated() {
            guard let tls = listener.tls else { continue }
            let path = ["listeners", "\(index)", "tls"]
            do {
                let end = try SCEPListener.end(of: tls)
                if end <= now {
                    note(path + ["certificate"], "the certificate in \(tls.certificateChainFile) has expired")
                } else if end < now.addingTimeInterval(Self.certificateNotice) {
                    let days = Int(end.timeIntervalSince(now) / 86_400)
                    note(
                        path + ["certificate"],
                        "the certificate in \(tls.certificateChainFile) ends in \(days) days",
                        isError: false
                    )
                }
            } catch {
                note(path, AppError.inner(error.description))
            }
        }
        return findings
    }

    private static func sentence(_ error: any Error) -> String {
        (error as? AppError).map { AppError.inner($0.sentence) } ?? "it can't be read"
    }
}
