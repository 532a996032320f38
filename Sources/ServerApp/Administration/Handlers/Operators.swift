// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment

internal import struct Foundation.Date
internal import struct Foundation.UUID

extension ListOperators: LocalOperation {
    /// Lists operators.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let limit = input.limit ?? 100
        let records = try await context.stored {
            store throws(StoreError) in
            try await store.operators(after: input.after?.uuid, limit: limit)
        }
        return Page(
            items: records.map(OperatorDocument.init),
            next: records.count < limit ? nil : records.last?.id.uuidString.lowercased()
        )
    }
}

extension ShowOperator: LocalOperation {
    /// Shows an operator.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        OperatorDocument(try await context.operator(input.name))
    }
}

extension NewOperator: LocalOperation {
    /// Enters an operator.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        var generator = SecureRandom()
        var record = OperatorRecord(
            id: .version7(at: context.now, using: &generator),
            name: input.name,
            roles: Set(input.roles.map(\.rawValue)),
            profiles: try await context.profiles(input.profiles, of: input.roles),
            createdAt: context.now
        )
        // Before the work on the password; the store has the last word.
        let known = try await context.stored { store throws(StoreError) in try await store.operator(named: input.name) }
        guard known == nil else { throw Self.taken(input.name) }
        if let password = input.password { record.passwordHash = try await PasswordWorker.shared.hash(password).text }
        let document = OperatorDocument(record)
        try context.audit("operator \(input.name)", after: document)
        guard try await context.change(.addOperator(record)) else { throw Self.taken(input.name) }
        return document
    }

    private static func taken(_ name: String) -> AppError {
        AppError(.conflict, "There is an operator '\(name)' already.")
    }
}

extension SetOperator: LocalOperation {
    /// Changes what an operator may do.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        guard input.profiles == nil || input.allProfiles != true else {
            throw AppError(.usage, "Either some profiles are named, or all.")
        }
        return try await context.update(input.name, force: input.force) { record in
            let roles = input.roles ?? record.roles.compactMap(Role.init(rawValue:))
            record.roles = Set(roles.map(\.rawValue))
            if let profiles = input.profiles {
                record.profiles = try await context.profiles(profiles, of: roles)
            } else if input.allProfiles == true || !roles.contains(.codeIssuer) {
                record.profiles = nil
            }
        }
    }
}

extension DisableOperator: LocalOperation {
    /// Disables an operator.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await context.update(input.name, force: input.force) { $0.isEnabled = false }
    }
}

extension EnableOperator: LocalOperation {
    /// Enables an operator.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        try await context.update(input.name, force: nil) { $0.isEnabled = true }
    }
}

extension DeleteOperator: LocalOperation {
    /// Removes an operator.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let record = try await context.operator(input.name)
        try context.audit("operator \(input.name)", before: OperatorDocument(record))
        _ = try await context.change(.deleteOperator(record.id), force: input.force)
        return NoContent()
    }
}

extension SetPassword: LocalOperation {
    /// Gives an operator another password.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        // A token is less than its operator: whoever found one must not become them.
        let isTheirOwn = context.principal.name == "operator:\(input.name)"
        guard isTheirOwn || context.principal.roles.contains(.administrator) else {
            throw AppError(
                .denied,
                "\(context.principal.name) may not change the password of '\(input.name)'.",
                hint: "People change their own, signed in with the old one; administrators change all."
            )
        }
        _ = try await context.operator(input.name)
        let hash = try await PasswordWorker.shared.hash(input.password).text
        _ = try await context.update(input.name, force: nil) { $0.passwordHash = hash }
        return NoContent()
    }
}

extension AdministrationContext {
    /// Asks the store.
    func stored<Value>(
        _ body: (any OperatorStore) async throws(StoreError) -> Value
    ) async throws -> Value {
        do {
            return try await body(state.operators)
        } catch {
            throw AppError(error)
        }
    }

    /// The operator with a name.
    func `operator`(_ name: String) async throws -> OperatorRecord {
        guard let record = try await stored({ store throws(StoreError) in try await store.operator(named: name) })
        else {
            throw AppError(
                .missing,
                "There is no operator '\(name)'.",
                hint: "Look with: sceptic operator list"
            )
        }
        return record
    }

    /// Makes a change, unless nobody would be left who may do everything; whoever is at the state folder gets in all the same.
    ///
    /// - Returns: whether it is made; false when a name or a secret is taken.
    func change(_ change: OperatorChange, force: Bool? = nil) async throws -> Bool {
        let isFree = principal.origin == "local" || force == true
        let outcome = try await stored { store throws(StoreError) in
            try await store.change(change, keepingAdministratorAt: isFree ? nil : now)
        }
        switch outcome {
        case .done: return true
        case .taken: return false
        case .missing: throw AppError(.missing, "It is gone already.")
        case .changed: throw AppError(.conflict, "Somebody else has changed the operator just now.", hint: "Try again.")
        case .lastAdministrator:
            throw AppError(
                .conflict,
                "Nobody would be left who may do everything.",
                hint:
                    "Give somebody else the role first, or force it; then only the command line beside the state folder gets in."
            )
        }
    }

    /// Changes an operator.
    func update(
        _ name: String,
        force: Bool?,
        _ body: (inout OperatorRecord) async throws -> Void
    ) async throws -> OperatorDocument {
        let before = try await self.operator(name)
        var record = before
        try await body(&record)
        let document = OperatorDocument(record)
        try audit("operator \(name)", before: OperatorDocument(before), after: document)
        _ = try await change(.updateOperator(record), force: force)
        return document
    }

    /// The profiles of a code issuer, all of which are there.
    func profiles(_ names: [String]?, of roles: [Role]) async throws -> Set<String>? {
        guard let names else { return nil }
        guard roles.contains(.codeIssuer) else {
            throw AppError(.usage, "Profiles limit a \(Role.codeIssuer.rawValue), and no other role.")
        }
        for name in names { try await state.requireProfile(name) }
        return Set(names)
    }
}

extension OperatorDocument {
    /// An operator.
    init(_ record: OperatorRecord) {
        self.init(
            id: Identifier(record.id),
            name: record.name,
            roles: Role.allCases.filter { record.roles.contains($0.rawValue) },
            profiles: record.profiles?.sorted(),
            enabled: record.isEnabled,
            hasPassword: record.passwordHash != nil,
            createdAt: record.createdAt
        )
    }
}
