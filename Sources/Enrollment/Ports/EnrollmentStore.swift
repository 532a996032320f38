// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// All the ports that a storage engine stands behind.
public protocol EnrollmentStore: TransactionStore, ApprovalStore, IssuedCertificateStore, RevocationStore,
    ReplacementStore, ChallengeStore, UsedChallengeStore, RegistrationStore,
    TraceStore, ConfigurationStore, NodeStore, AuditStore, StoreHealth, StoreMeasuring, OperatorStore, IdempotencyStore
{
    /// What makes what is kept less safe than it should be: sentences for the operator.
    var warnings: [String] { get }

    /// Waits for the writes that were begun, and closes the database.
    ///
    /// What is asked of it later fails with `unavailable`.
    func close() async throws(StoreError)
}
