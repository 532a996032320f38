// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.UUID

/// A row of `enrollment_transaction` by its state.
enum StoredTransaction: Sendable {
    case open(OpenTransaction)
    case issued(UUID)
    case abandoned

    private enum State: String {
        case reserved
        case issued
        case abandoned
    }

    /// Reads the columns that `TransactionSQL` selects.
    init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        let id = try row.uuid()
        let state = try row.value(State.self)
        let key = TransactionKey(
            profile: try row.text(),
            transactionID: try row.text(),
            signerDigest: try row.blob()
        )
        let publicKeyDigest = try row.blob()
        let issuerID = try row.uuid()
        let serialNumber = try row.blob()
        let toBeSigned = try row.optional { row throws(StoreError) in try row.blob() }
        let raProfile = try row.text()
        let owner = try row.optional { row throws(StoreError) in try row.uuid() }
        let until = try row.optional { row throws(StoreError) in try row.date() }
        switch state {
        case .issued:
            self = .issued(id)
        case .abandoned:
            self = .abandoned
        case .reserved:
            guard let toBeSigned, let owner, let until else { throw .corrupted("A reserved transaction has no order.") }
            self = .open(
                OpenTransaction(
                    id: id,
                    key: key,
                    publicKeyDigest: publicKeyDigest,
                    order: IssuanceOrder(issuerID: issuerID, serialNumber: serialNumber, toBeSigned: toBeSigned),
                    raProfile: raProfile,
                    lease: Lease(owner: owner, until: until)
                )
            )
        }
    }
}
