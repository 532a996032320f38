// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Connectors
internal import Enrollment

internal import class Foundation.FileManager

/// What is found at the profiles, and at what they ask.
extension Doctor {
    func profileFindings(_ stored: StoredConfiguration, _ served: ServedConfiguration) -> [Finding] {
        if served.profiles.isEmpty {
            let hint = "Look with: sceptic profile list"
            return [failure("profiles", "no profile is served", hint: hint)]
        }
        let findings = served.refusals.sorted { $0.key < $1.key }
            .filter { $0.value != ProfileRefusal.disabled.sentence && !Self.isMeant($0.key, stored) }
            .map { name, reason in warning("profiles", "'\(name)' is not served: \(reason)") }
        return orOK(findings, "profiles", "\(served.profiles.count) are served")
    }

    /// Whether a SCEP profile has no URL of its own because it serves RA profiles only.
    private static func isMeant(_ name: String, _ stored: StoredConfiguration) -> Bool {
        guard let settings = stored.profile(.scep, name)?.settings(SCEPProfileSettings.self) else { return false }
        return settings.raProfile == nil && !stored.servedNames(of: name).isEmpty
    }

    /// Looks for what GetCACaps says and the profile does not keep, and for what RFC 8894 forbids.
    func capabilityFindings(_ served: ServedConfiguration) -> [Finding] {
        var findings: [Finding] = []
        for (name, profile) in served.profiles.sorted(by: { $0.key < $1.key }) {
            let announced = profile.compatibility.extraCapabilities
            if announced.contains("SHA-384"), profile.settings.refusedAlgorithms.contains(.sha384) {
                findings.append(
                    warning(
                        "capabilities",
                        "'\(name)' announces SHA-384 for its clients, and refuses it",
                        hint: "sceptic profile set \(profile.scepProfile) --refuse OTHERS, or another --compatibility"
                    )
                )
            }
            let legacy = profile.settings.acceptedLegacy.map(\.rawValue).sorted()
            if !legacy.isEmpty {
                let list = legacy.joined(separator: " and ")
                findings.append(warning("capabilities", "'\(name)' accepts \(list), which RFC 8894 forbids"))
            }
        }
        return orOK(findings, "capabilities", "what GetCACaps announces is accepted, and what RFC 8894 forbids is not")
    }

    /// Connects to whatever judges challenges, and looks at the files that are needed for it; nothing is asked.
    func connectorFindings(_ served: ServedConfiguration) async -> [Finding] {
        let sources = Set(served.profiles.values.flatMap(\.settings.challengeSources))
        var findings: [Finding] = []
        for source in sources { findings += await problems(source).map { failure("connectors", $0) } }
        findings.sort { $0.sentence < $1.sentence }
        return orOK(findings, "connectors", "what judges challenges can be reached")
    }

    private func problems(_ source: ChallengeSourceSettings) async -> [String] {
        switch source {
        case .stored, .registration: return []
        case .webhook(let settings):
            let secrets = [settings.secret, settings.bearerToken, settings.basicAuth?.password]
            return await named(
                settings.name,
                [Reachability.problem(url: settings.url)] + secrets.map(Self.problem) + [Self.file(settings.trustRoots)]
            )
        case .token(let settings):
            var problems =
                settings.keys.map(Self.file) + [Self.problem(settings.secret), Self.file(settings.trustRoots)]
            if let url = settings.keySet { problems.append(await Reachability.problem(url: url)) }
            return named(settings.name, problems)
        case .directory(let settings):
            var problems = [
                await Reachability.problem(host: settings.host, port: settings.port), Self.file(settings.roots),
            ]
            if case .found(_, _, _, let account) = settings.entry { problems.append(Self.problem(account.password)) }
            return named(settings.name, problems)
        case .program(let settings):
            let isThere = FileManager.default.isExecutableFile(atPath: settings.path)
            return named(settings.name, [isThere ? nil : "\(settings.path) is no program that can be run"])
        }
    }

    private func named(_ name: String, _ problems: [String?]) -> [String] {
        problems.compactMap { $0.map { "'\(name)': \($0)" } }
    }

    private static func file(_ path: String?) -> String? {
        guard let path, !FileManager.default.isReadableFile(atPath: path) else { return nil }
        return "the file \(path) can't be read"
    }

    private static func problem(_ secret: SecretReference?) -> String? {
        guard let secret, (try? secret.read()) == nil else { return nil }
        return switch secret {
        case .file(let path): "the secret in \(path) can't be read"
        case .environment(let name): "the variable \(name) is not set here"
        }
    }
}
