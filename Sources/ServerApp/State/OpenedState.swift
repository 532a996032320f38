// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import Enrollment
internal import Storage

/// A state that is open: the folder, its store and its master key.
public struct OpenedState: Sendable {
    /// The folder.
    public let folder: StateFolder
    let store: any EnrollmentStore
    let database: DatabaseLocation
    /// The key under which its secrets lie.
    public let masterKey: MasterKey

    /// Its challenges.
    public var challenges: any ChallengeStore { store }
    /// The devices that are registered.
    public var registrations: any RegistrationStore { store }
    /// The traces of its requests.
    public var traces: any TraceStore { store }
    /// The certificates it issued.
    public var certificates: any IssuedCertificateStore { store }
    /// The requests that wait for somebody's decision, or did.
    public var approvals: any ApprovalStore { store }
    /// Who administers the server.
    public var operators: any OperatorStore { store }
    /// The audit log.
    public var audit: any AuditStore { store }
    /// What is revoked.
    public var revocations: any RevocationStore { store }
}
