// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography

public import struct Foundation.Date
public import struct Foundation.UUID

/// Registers devices.
public struct RegistrationAdministration: Sendable {
    /// A device that is to be registered.
    public struct Candidate: Sendable {
        /// What its requests name.
        public var name: RegisteredName
        /// Its secret; one is made when nil.
        public var secret: String?
        /// What its requests have to ask for beside that; nil leaves it free.
        public var boundTo: BoundIdentity?
        /// The only RA profile that it is good for; nil for all.
        public var raProfile: String?
        /// What is known of it, for certificate templates.
        public var attributes = ChallengeAttributes()
        /// How often it is good.
        public var uses: RegistrationUses
        /// When it ends; nil for never.
        public var expiresAt: Date?

        /// Names a device.
        public init(name: RegisteredName, uses: RegistrationUses = .once, expiresAt: Date? = nil) {
            self.name = name
            self.uses = uses
            self.expiresAt = expiresAt
        }
    }

    /// Devices that are ready to be registered.
    public struct Prepared: Sendable {
        /// The secrets that were made, by the order of the candidates, which are known nowhere else.
        public let secrets: [String?]
        fileprivate let records: [RegistrationRecord]
    }

    /// The fewest characters of a secret that somebody else made: it can be guessed at `maximumGuesses` times.
    public static let minimumSecretLength = 8

    private let store: any RegistrationStore
    private let masterKey: MasterKey
    private let time: any TimeSource

    /// Puts the use-case together.
    public init(store: any RegistrationStore, masterKey: MasterKey, time: any TimeSource) {
        self.store = store
        self.masterKey = masterKey
        self.time = time
    }

    /// Makes the secrets of devices.
    public func prepare(_ candidates: [Candidate], profile: String) -> Prepared {
        var generator = SecureRandom()
        let now = time.now
        var secrets: [String?] = []
        var records: [RegistrationRecord] = []
        for candidate in candidates {
            let made = candidate.secret == nil ? ChallengeCode.make(using: &generator) : nil
            var record = RegistrationRecord(
                id: .version7(at: now, using: &generator),
                profile: profile,
                name: candidate.name,
                lookup: masterKey.challengeLookup(candidate.secret ?? made ?? ""),
                isGenerated: made != nil,
                uses: candidate.uses,
                createdAt: now,
                expiresAt: candidate.expiresAt
            )
            record.raProfile = candidate.raProfile
            record.boundTo = candidate.boundTo
            record.attributes = candidate.attributes
            record.maker = AuditAct.current?.actor
            records.append(record)
            secrets.append(made)
        }
        return Prepared(secrets: secrets, records: records)
    }

    /// Registers devices, all or none.
    ///
    /// - Returns: nil when all are registered; else the name of the first one that is registered already, and none was added.
    public func register(_ prepared: Prepared) async throws(StoreError) -> RegisteredName? {
        try await store.register(prepared.records)?.name
    }
}
