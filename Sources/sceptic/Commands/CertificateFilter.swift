// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import PKIX
internal import ServerApp

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// The options that choose certificates.
struct CertificateFilter: ParsableArguments {
    @Option(help: "Only those with this serial number.")
    var serial: String?

    @Option(help: "Only those whose subject contains this, in whatever case.")
    var subject: String?

    @Option(help: "Only those issued through this SCEP profile.")
    var profile: String?

    @Flag(help: "Only revoked ones.")
    var revoked = false

    @Option(help: "Only those that end before this moment, such as 2026-12-31 or 2026-12-31T12:00:00Z.")
    var expiresBefore: Moment?

    /// How many certificates are read at once, so that memory does not grow with the store.
    private static let pageSize = 500

    /// Hands over the certificates that are chosen, in the order of their issuance.
    ///
    /// - Parameters:
    ///   - state: the state.
    ///   - start: only those after the one with this id.
    ///   - limit: how many at most.
    ///   - body: takes each.
    /// - Throws: `AppError`, or what `body` threw.
    func forEach(
        in state: OpenedState,
        after start: UUID? = nil,
        limit: Int = .max,
        _ body: (CertificateRecord) throws -> Void
    ) async throws {
        if let serial {
            for record in try await find(serial, state) where matches(record) { try body(record) }
            return
        }
        var (last, count) = (start, 0)
        while true {
            let page: [CertificateRecord]
            do {
                page = try await state.certificates.certificates(after: last, limit: Self.pageSize)
            } catch {
                throw AppError(error)
            }
            for record in page where matches(record) {
                guard count < limit else { return }
                count += 1
                try body(record)
            }
            guard let end = page.last?.id, count < limit else { return }
            last = end
        }
    }

    private func find(_ serial: String, _ state: OpenedState) async throws -> [CertificateRecord] {
        let search: CertificateSearch
        do {
            search = try await state.certificateAdministration.find(serial)
        } catch {
            throw AppError(error)
        }
        switch search {
        case .found(let record): return [record]
        case .ambiguous(let records): return records
        case .unknown: return []
        case .unreadable: throw AppError(.usage, "'\(serial)' is no serial number.")
        }
    }

    private func matches(_ record: CertificateRecord) -> Bool {
        if let subject, !record.subject.lowercased().contains(subject.lowercased()) { return false }
        if let profile, record.profile != profile { return false }
        if revoked, record.revocation == nil { return false }
        if let expiresBefore, record.notAfter >= expiresBefore.date { return false }
        return true
    }
}

extension CertificateRecord {
    /// Where it stands: `valid`, `expired`, `on hold` or `revoked`, the last one also when it has expired since.
    func status(at now: Date) -> String {
        if let revocation { return revocation.reason == .certificateHold ? "on hold" : "revoked" }
        return notAfter < now ? "expired" : "valid"
    }

    func json(at now: Date) -> [String: Any] {
        var object: [String: Any] = [
            "id": id.uuidString.lowercased(), "serialNumber": serialNumber.hexadecimal, "subject": subject,
            "profile": profile, "notBefore": Texts.moment(notBefore), "notAfter": Texts.moment(notAfter),
            "issuedAt": Texts.moment(issuedAt), "status": status(at: now),
        ]
        if let revocation {
            object["revokedAt"] = Texts.moment(revocation.at)
            object["reason"] = "\(revocation.reason)"
        }
        return object
    }
}
