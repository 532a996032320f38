// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX

public import struct Foundation.Date

/// Looks for what is wrong, or soon will be, with a state and with what it needs; it changes nothing.
public struct Doctor: Sendable {
    /// How grave a finding is.
    public enum Level: String, Sendable, Hashable, CaseIterable {
        /// Nothing is wrong.
        case ok
        /// Something should be looked at.
        case warning
        /// Something does not work.
        case failure
    }

    /// What a check found.
    public struct Finding: Sendable, Hashable {
        /// The check.
        public var check: String
        /// How grave it is.
        public var level: Level
        /// One sentence.
        public var sentence: String
        /// What to do about it.
        public var hint: String?
    }

    /// How long before the end of a CA's certificate there is a word about it: devices have to learn of the next one.
    static let authorityNotice = 90 * 86_400.0
    /// How long before the end of an RA's certificate: it is exchanged in an hour.
    static let credentialNotice = 30 * 86_400.0

    let folder: StateFolder
    let configuration: ServerConfiguration?
    let now: Date

    /// Puts a doctor together.
    ///
    /// - Parameters:
    ///   - folder: the state.
    ///   - configuration: the server's configuration file; nil without one.
    ///   - now: the moment.
    public init(folder: StateFolder, configuration: ServerConfiguration?, now: Date) {
        self.folder = folder
        self.configuration = configuration
        self.now = now
    }

    /// What all checks found, at least one finding of each that could be made.
    public func findings() async -> [Finding] {
        var findings = configurationFindings() + folderFindings() + diskFindings()
        let state: OpenedState
        let stored: StoredConfiguration
        do {
            let missing = try await folder.missingSchemaSteps()
            guard missing == 0 else {
                // Whatever opened it would bring it up to date, and older servers could not go on with it.
                return findings + [
                    warning(
                        "database",
                        "an older version wrote it, \(missing) steps of its schema ago: nothing more was looked at",
                        hint: "The server and each other command bring it up to date; make a backup before."
                    )
                ]
            }
            state = try await folder.open()
            stored = try await state.store.configuration()
            findings.append(ok("database", "it answers; the configuration is version \(stored.version)"))
        } catch let error as AppError where error.sentence == AppError.wrongMasterKey.sentence {
            return findings + [failure("keys", error)]
        } catch {
            return findings + [failure("database", error)]
        }
        findings += clockFindings(stored) + certificateFindings(stored) + credentialFindings(stored)
        do {
            let served = try state.served(stored)
            findings.append(ok("keys", "the keys of all CAs and RAs open with the master key"))
            findings += profileFindings(stored, served) + capabilityFindings(served)
            findings += await connectorFindings(served)
        } catch {
            findings.append(failure("keys", error))
        }
        try? await state.store.close()
        return findings
    }

    // MARK: - Findings

    func ok(_ check: String, _ sentence: String) -> Finding {
        Finding(check: check, level: .ok, sentence: sentence, hint: nil)
    }

    func warning(_ check: String, _ sentence: String, hint: String? = nil) -> Finding {
        Finding(check: check, level: .warning, sentence: sentence, hint: hint)
    }

    func failure(_ check: String, _ sentence: String, hint: String? = nil) -> Finding {
        Finding(check: check, level: .failure, sentence: sentence, hint: hint)
    }

    func failure(_ check: String, _ error: any Error) -> Finding {
        let known = (error as? AppError) ?? (error as? StoreError).map(AppError.init)
        return failure(check, known.map { AppError.inner($0.sentence) } ?? "\(type(of: error))", hint: known?.hint)
    }

    /// What was found, or that nothing was.
    func orOK(_ findings: [Finding], _ check: String, _ sentence: String) -> [Finding] {
        findings.isEmpty ? [ok(check, sentence)] : findings
    }
}
