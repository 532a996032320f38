// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment

@testable internal import ServerApp

/// Changes to profiles in few words: each is an operation, carried out by an administrator.
extension OpenedState {
    private func perform<Operation: LocalOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input
    ) async throws -> Operation.Output {
        let principal = Principal(name: "test", origin: "local", roles: [.administrator])
        do {
            return try await Administration(self).perform(operation, input, as: principal)
        } catch let problem as ProblemDetails {
            throw AppError(problem.code == .conflict ? .conflict : .usage, problem.detail, hint: problem.hint)
        }
    }

    /// Adds a SCEP profile, and tells why it is not served.
    func addProfile(_ name: String, _ settings: SCEPProfileSettings) async throws -> String? {
        try await perform(NewProfile<SCEPProfiles>.self, .init(named(name, settings))).reason
    }

    /// Adds an RA profile, and tells why its own URL is not served if it has one.
    func addProfile(_ name: String, _ settings: RAProfileSettings) async throws -> String? {
        let profile = try await perform(NewProfile<RAProfiles>.self, .init(named(name, settings)))
        return settings.scepProfile == nil ? nil : profile.reason
    }

    func changeProfile(_ name: String, _ edit: (inout SCEPProfileSettings) -> Void) async throws -> String? {
        let profile = try await perform(ShowProfile<SCEPProfiles>.self, .init(name: name))
        let input = try SCEPProfiles.input(changing: profile, edit)
        return try await perform(SetProfile<SCEPProfiles>.self, .init(input)).reason
    }

    func changeProfile(_ name: String, _ edit: (inout RAProfileSettings) -> Void) async throws -> String? {
        let profile = try await perform(ShowProfile<RAProfiles>.self, .init(name: name))
        let input = try RAProfiles.input(changing: profile, edit)
        return try await perform(SetProfile<RAProfiles>.self, .init(input)).reason
    }

    func enableProfile(_ kind: ProfileKind, _ name: String, _ isEnabled: Bool) async throws -> String? {
        switch (kind, isEnabled) {
        case (.scep, true): try await perform(EnableProfile<SCEPProfiles>.self, .init(name: name)).reason
        case (.scep, false): try await perform(DisableProfile<SCEPProfiles>.self, .init(name: name)).reason
        case (.registration, true): try await perform(EnableProfile<RAProfiles>.self, .init(name: name)).reason
        case (.registration, false): try await perform(DisableProfile<RAProfiles>.self, .init(name: name)).reason
        }
    }

    func deleteProfile(_ kind: ProfileKind, _ name: String) async throws {
        switch kind {
        case .scep: _ = try await perform(DeleteProfile<SCEPProfiles>.self, .init(name: name))
        case .registration: _ = try await perform(DeleteProfile<RAProfiles>.self, .init(name: name))
        }
    }

    func apply(_ text: String, isDryRun: Bool) async throws -> [ProfileOutcome] {
        try await apply(ApplyProfiles.Input(document: text, dryRun: isDryRun)).profiles
    }

    private func named(_ name: String, _ settings: some ProfileSettings) throws -> NamedSettings {
        NamedSettings(name: name, settings: try SettingsValue(canonical: settings).object.mapValues(\.json))
    }
}
