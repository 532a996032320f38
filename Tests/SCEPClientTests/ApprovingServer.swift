// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP
internal import Synchronization

/// A fake server that lets requests wait for a number of polls.
final class ApprovingServer: Sendable {
    private struct Transaction {
        var request: CertificationRequest
        var pollsLeft: Int
    }

    private let polls: Int
    private let transactions = Mutex<[String: Transaction]>([:])

    /// - Parameter polls: how many polls are answered by PENDING.
    init(polls: Int) {
        self.polls = polls
    }

    /// The fake server, and what it answers to a poll, given the request of the beginning, once that is decided.
    func server(
        _ decide: @escaping @Sendable (OpenedRequest, CertificationRequest, FakeServer) throws -> FakeServer.Answer = {
            poll,
            request,
            server in
            let issued = try TestCertificates.make(
                request.subject.description,
                key: TestCertificates.deviceKey(),
                publicKey: request.subjectPublicKeyInfo
            )
            return try server.success(poll, .certificates([issued.der]), password: request.challengePassword)
        }
    ) throws -> FakeServer {
        var server = try FakeServer()
        server.message = { [self] message, server in
            let id = message.message.received.transactionID.text
            if let request = message.certificationRequest {
                transactions.withLock { $0[id] = Transaction(request: request, pollsLeft: polls) }
                return try server.pending(message)
            }
            let request = transactions.withLock { transactions -> (CertificationRequest, Bool)? in
                guard let transaction = transactions[id] else { return nil }
                transactions[id]?.pollsLeft -= 1
                return (transaction.request, transaction.pollsLeft > 0)
            }
            guard case .poll = message.content, let (request, waits) = request else {
                return try server.failure(message, .badCertId)
            }
            return waits ? try server.pending(message) : try decide(message, request, server)
        }
        return server
    }
}
