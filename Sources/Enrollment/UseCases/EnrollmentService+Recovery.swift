// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority

public import struct Foundation.Date
public import struct Foundation.UUID

extension EnrollmentService {
    /// Finishes what nodes left behind when they died: reserved transactions whose lease ran out.
    ///
    /// Clients get their certificate by sending their request again; this spares them the wait, and frees the challenges of
    /// what the issuer refuses.
    ///
    /// - Parameters:
    ///   - moment: leases that ended before it are taken over; a lone node that starts takes over all.
    ///   - issuers: the issuers by id.
    /// - Returns: how many were finished or given up.
    /// - Throws: `StoreError`.
    public func resume(before moment: Date, issuers: [UUID: any Issuer]) async throws -> Int {
        var (settled, undecided) = (0, 0)
        var seen: Set<UUID> = []
        while true {
            let lease = Lease(owner: node, until: time.now.addingTimeInterval(Self.leaseDuration))
            let batch = try await transactions.takeOverExpired(before: moment, lease: lease, limit: 100 + undecided)
            let new = batch.filter { seen.insert($0.id).inserted }
            for open in new {
                if try await settle(open, issuers[open.order.issuerID]) { settled += 1 } else { undecided += 1 }
            }
            // What is still undecided comes round again, before the others: it waits for its issuer.
            if new.isEmpty { return settled }
        }
    }

    private func settle(_ open: OpenTransaction, _ issuer: (any Issuer)?) async throws -> Bool {
        guard let issuer else { return try await transactions.abandon(open.id, at: time.now) }
        switch await issuer.issue(open.order, orderID: open.id) {
        case .issued(let der):
            let record = try Work(takingUp: open, now: time.now).record(received: der)
            _ = try await transactions.finish(open.id, certificate: record)
            return true
        case .refused:
            return try await transactions.abandon(open.id, at: time.now)
        case .pending, .unknown:
            return false
        }
    }
}
