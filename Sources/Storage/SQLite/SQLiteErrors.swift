// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import GRDB
import GRDBSQLite

extension StoreError {
    /// What a result code of SQLite means for a caller; the message never holds a bound value.
    init(sqliteCode code: CInt, message: String?) {
        let detail = message.map { ": \($0)" } ?? ""
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED:
            self = .unavailable("The database is locked by another process\(detail).")
        case SQLITE_FULL:
            self = .unavailable("The disk is full\(detail).")
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            self = .unavailable("The database can't be written to\(detail).")
        case SQLITE_CANTOPEN:
            self = .unavailable("The database can't be opened\(detail).")
        case SQLITE_MISUSE:
            self = .unavailable("The database is closed\(detail).")
        case SQLITE_CONSTRAINT:
            self = .conflict("The database refuses the change\(detail).")
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT, SQLITE_ERROR, SQLITE_MISMATCH:
            self = .corrupted("The database is not as this program writes it\(detail).")
        default:
            self = .unavailable("The database failed (code \(code))\(detail).")
        }
    }

    /// What went wrong in a call into GRDB.
    init(sqlite error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            self.init(sqliteCode: error.extendedResultCode.rawValue, message: error.message)
        case is CancellationError:
            self = .unavailable("The read was cancelled.")
        default:
            self = .unavailable("The database failed.")
        }
    }
}
