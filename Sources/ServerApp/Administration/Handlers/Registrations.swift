// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Enrollment

internal import struct Foundation.Date

extension NewRegistration: LocalOperation {
    /// Registers a device.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let candidate = try RegistrationAdministration.Candidate(input.device, at: "/device")
        let prepared = try await context.prepare([candidate], input.profile)
        try context.audit("registration \(input.profile)/\(candidate.name.text)", after: input.device)
        do {
            guard try await context.registrations.register(prepared) == nil else {
                throw AppError(.conflict, "'\(candidate.name.text)' is registered already.", pointer: "/device")
            }
        } catch let error as StoreError {
            throw AppError(error)
        }
        return Output(secret: prepared.secrets.first.flatMap(\.self))
    }
}

extension ImportRegistrations: LocalOperation {
    /// Registers devices, all or none.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        var places: [String: Int] = [:]
        var candidates: [RegistrationAdministration.Candidate] = []
        for (index, device) in input.devices.enumerated() {
            let candidate = try RegistrationAdministration.Candidate(device, at: "/devices/\(index)")
            guard places.updateValue(index, forKey: candidate.name.comparable) == nil else {
                throw AppError(
                    .usage,
                    "'\(candidate.name.text)' is there twice.",
                    pointer: "/devices/\(index)"
                )
            }
            candidates.append(candidate)
        }
        let prepared = try await context.prepare(candidates, input.profile)
        context.audit("\(candidates.count) registration\(candidates.count == 1 ? "" : "s") of \(input.profile)")
        do {
            if let known = try await context.registrations.register(prepared) {
                throw AppError(
                    .conflict,
                    "'\(known.text)' is registered already.",
                    hint: "Nothing was registered. Look with: sceptic registration list",
                    pointer: places[known.comparable].map { "/devices/\($0)" }
                )
            }
        } catch let error as StoreError {
            throw AppError(error)
        }
        let made = zip(candidates, prepared.secrets).compactMap { candidate, secret in
            secret.map { Output.Made(name: candidate.name.text, secret: $0) }
        }
        return Output(registered: candidates.count, secrets: made)
    }
}

extension ListRegistrations: LocalOperation {
    /// Lists registered devices.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let limit = input.limit ?? 100
        let records: [RegistrationRecord]
        do {
            records = try await context.state.registrations.registrations(
                profile: input.profile,
                after: input.after?.uuid,
                limit: limit
            )
        } catch {
            throw AppError(error)
        }
        return Page(
            items: records.map { RegistrationDocument($0, at: context.now) },
            next: records.count < limit ? nil : records.last.map { Identifier($0.id).description }
        )
    }
}

extension ShowRegistration: LocalOperation {
    /// Shows a registered device.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        RegistrationDocument(try await context.registration(input), at: context.now)
    }
}

extension RevokeRegistration: LocalOperation {
    /// Takes a registration back.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let record = try await context.registration(input)
        var after = record
        after.revokedAt = context.now
        try context.audit(record, after: after)
        do {
            guard try await context.state.registrations.revokeRegistration(record.id, at: context.now) else {
                throw AppError(.conflict, "The registration was taken back before.")
            }
        } catch let error as StoreError {
            throw AppError(error)
        }
        return NoContent()
    }
}

extension UnlockRegistration: LocalOperation {
    /// Unlocks a registered device.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let record = try await context.registration(input)
        var after = record
        after.failedGuesses = 0
        after.lockedAt = nil
        try context.audit(record, after: after)
        do {
            guard try await context.state.registrations.unlockRegistration(record.id) else {
                throw AppError(.conflict, "The registration is not locked.")
            }
        } catch let error as StoreError {
            throw AppError(error)
        }
        return NoContent()
    }
}

extension AdministrationContext {
    fileprivate var registrations: RegistrationAdministration {
        RegistrationAdministration(
            store: state.registrations,
            masterKey: state.masterKey,
            time: SystemTimeSource()
        )
    }

    /// Tells the audit log how a registration changes.
    fileprivate func audit(_ before: RegistrationRecord, after: RegistrationRecord) throws {
        try audit(
            "registration \(before.profile)/\(before.name.text)",
            before: RegistrationDocument(before, at: now),
            after: RegistrationDocument(after, at: now)
        )
    }

    fileprivate func prepare(
        _ candidates: [RegistrationAdministration.Candidate],
        _ profile: String
    ) async throws -> RegistrationAdministration.Prepared {
        try await state.requireProfile(profile)
        return registrations.prepare(candidates, profile: profile)
    }

    /// The device that is named.
    fileprivate func registration(_ input: RegistrationReference) async throws -> RegistrationRecord {
        do {
            if let name = RegisteredName(input.name),
                let record = try await state.registrations.registration(profile: input.profile, name: name)
            {
                return record
            }
        } catch {
            throw AppError(error)
        }
        throw AppError(
            .missing,
            "No device '\(input.name)' is registered for the SCEP profile '\(input.profile)'.",
            hint: "Look with: sceptic registration list"
        )
    }
}

extension RegistrationAdministration.Candidate {
    /// A device as it was described.
    fileprivate init(_ device: NewRegistrationDocument, at pointer: String) throws {
        guard let name = RegisteredName(device.name) else {
            throw AppError(
                .usage,
                "A name has 1 to \(RegisteredName.maximumByteCount) bytes.",
                pointer: pointer + "/name"
            )
        }
        self.init(name: name, uses: device.uses == .many ? .many : .once, expiresAt: device.expiresAt)
        if let secret = device.secret {
            guard secret.count >= RegistrationAdministration.minimumSecretLength else {
                throw AppError(
                    .usage,
                    "A secret has \(RegistrationAdministration.minimumSecretLength) characters or more.",
                    pointer: pointer + "/secret"
                )
            }
            self.secret = secret
        }
        do {
            boundTo = try .written(
                subject: device.subject,
                names: device.subjectAltNames,
                keyType: device.keyType
            )
        } catch var error as AppError {
            error.pointer = pointer
            throw error
        }
        raProfile = device.raProfile
        guard let attributes = RegistrationAttribute.attributes(device.attributes ?? [:]) else {
            throw AppError(.usage, "An attribute's key is none, or there is no room.", pointer: pointer + "/attributes")
        }
        self.attributes = attributes
    }
}

extension RegistrationDocument {
    /// A device as it is at a moment.
    fileprivate init(_ record: RegistrationRecord, at now: Date) {
        self.init(
            id: Identifier(record.id),
            name: record.name.text,
            profile: record.profile,
            uses: record.uses == .once ? .once : .many,
            state: State(record, at: now),
            createdAt: record.createdAt,
            failedGuesses: record.failedGuesses,
            attributes: record.attributes.values
        )
        expiresAt = record.expiresAt
        lockedAt = record.lockedAt
        usedAt = record.usedAt
        raProfile = record.raProfile
        boundSubject = record.boundTo?.subjectText
        boundNames = record.boundTo?.nameTexts
        boundKeyType = record.boundTo?.keyType
    }
}

extension RegistrationDocument.State {
    fileprivate init(_ record: RegistrationRecord, at now: Date) {
        if record.revokedAt != nil {
            self = .revoked
        } else if record.lockedAt != nil {
            self = .locked
        } else if record.usedAt != nil {
            self = .used
        } else if let expiresAt = record.expiresAt, expiresAt <= now {
            self = .expired
        } else {
            self = .open
        }
    }
}
