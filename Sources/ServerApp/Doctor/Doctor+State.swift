// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import PKIX

internal import struct Foundation.Date
internal import class Foundation.FileManager

#if canImport(Glibc)
internal import Glibc
#endif

/// What is found where the state lies.
extension Doctor {
    private static let leastFreeBytes: UInt64 = 100 << 20
    private static let fewFreeBytes: UInt64 = 1 << 30

    func configurationFindings() -> [Finding] {
        guard let configuration else { return [] }
        let findings = configuration.findings(at: now).map {
            Finding(
                check: "configuration",
                level: $0.isError ? .failure : .warning,
                sentence: AppError.inner($0.sentence),
                hint: $0.hint
            )
        }
        return orOK(findings, "configuration", "\(configuration.file) is in order")
    }

    func folderFindings() -> [Finding] {
        var findings: [Finding] = []
        if let mode = Self.mode(folder.path), mode & 0o077 != 0 {
            findings.append(
                warning(
                    "permissions",
                    "others on this machine can get into \(folder.path)",
                    hint: "chmod 700 \(folder.path)"
                )
            )
        }
        for file in [folder.masterKeyPlace, folder.rememberedDatabase].compactMap(\.self) {
            guard let mode = Self.mode(file), mode & 0o077 != 0 else { continue }
            findings.append(
                failure("permissions", "others on this machine can read \(file)", hint: "chmod 600 \(file)")
            )
        }
        return orOK(findings, "permissions", "the folder and its secrets are its owner's alone")
    }

    private static func mode(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]) as? Int
    }

    func diskFindings() -> [Finding] {
        var system = statvfs()
        guard unsafe statvfs(folder.path, &system) == 0 else {
            return [warning("disk", "the free space of \(folder.path) can't be told")]
        }
        return [disk(free: UInt64(system.f_bavail) * UInt64(system.f_frsize))]
    }

    func disk(free: UInt64) -> Finding {
        let sentence = "\(free >> 20) MiB are free at \(folder.path)"
        let hint = "What can't be stored is not issued: make room."
        if free < Self.leastFreeBytes { return failure("disk", sentence, hint: hint) }
        return free < Self.fewFreeBytes ? warning("disk", sentence, hint: hint) : ok("disk", sentence)
    }

    /// Compares the clock with what was written by it, which can't be from the future.
    func clockFindings(_ stored: StoredConfiguration) -> [Finding] {
        let newest = (stored.issuers.map(\.createdAt) + stored.raCredentials.map(\.createdAt)).max()
        // Devices bear an hour; servers of one state should not need it.
        guard let newest, newest > now.addingTimeInterval(60) else {
            return [ok("clock", "it is \(now.formatted(.iso8601)), after all that was made")]
        }
        return [
            failure(
                "clock",
                "it is \(now.formatted(.iso8601)) here, and keys were made at \(newest.formatted(.iso8601))",
                hint: "Set the clock, and keep it set by NTP."
            )
        ]
    }

    func certificateFindings(_ stored: StoredConfiguration) -> [Finding] {
        var findings: [Finding] = []
        for issuer in stored.issuers where issuer.state != .former {
            for (index, der) in ([issuer.certificate] + issuer.chain).enumerated() {
                let name = index == 0 ? "the CA '\(issuer.name)'" : "a CA above '\(issuer.name)'"
                findings += certificate(der, of: name, Self.authorityNotice, hint: "sceptic ca rollover --help")
            }
        }
        for credential in stored.raCredentials where credential.state == .active {
            guard let issuer = stored.issuers.first(where: { $0.id == credential.issuerID }), issuer.state != .former
            else { continue }
            let name = "the RA of '\(issuer.name)'"
            findings += certificate(
                credential.certificate,
                of: name,
                Self.credentialNotice,
                hint: "sceptic ca rotate-ra --help"
            )
        }
        return orOK(findings, "certificates", "no certificate of a CA or RA ends soon")
    }

    private func certificate(_ der: [UInt8], of name: String, _ notice: Double, hint: String) -> [Finding] {
        guard let certificate = try? EncodedCertificate(derEncoded: der), let start = certificate.notBefore,
            let end = certificate.notAfter
        else { return [failure("certificates", "the certificate of \(name) can't be read")] }
        let day = end.formatted(.iso8601)
        if start > now {
            return [
                failure("certificates", "the certificate of \(name) begins in the future", hint: "Look at the clock.")
            ]
        }
        if end <= now { return [failure("certificates", "the certificate of \(name) ended at \(day)", hint: hint)] }
        guard end < now.addingTimeInterval(notice) else { return [] }
        let days = Int(end.timeIntervalSince(now) / 86_400)
        return [warning("certificates", "the certificate of \(name) ends in \(days) days, at \(day)", hint: hint)]
    }

    func credentialFindings(_ stored: StoredConfiguration) -> [Finding] {
        let named = Set(stored.raProfiles.compactMap { $0.settings(RAProfileSettings.self)?.issuer })
        let issuers = stored.issuers.filter { $0.state == .active && named.contains($0.name) }
        let findings = issuers.compactMap { issuer -> Finding? in
            let own = stored.raCredentials.filter { $0.issuerID == issuer.id }
            if own.contains(where: { $0.state == .active }) { return nil }
            return failure(
                "ra",
                "no RA speaks for the CA '\(issuer.name)'",
                hint: "sceptic ca rotate-ra --help"
            )
        }
        return orOK(findings, "ra", "each CA that issues has an RA that is active")
    }
}
