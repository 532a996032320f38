// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import PKIX
internal import Synchronization

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// An issuer that never signs on the spot, as a connector or an HSM does.
final class DeferredIssuer: Issuer {
    enum Behaviour: Sendable {
        case signs
        case refuses
        case doesNotKnow
        case decidesLater
        /// Signs something else than was ordered.
        case mixesUp([UInt8])
    }

    private struct State {
        var behaviour = Behaviour.signs
        var orders: [UUID: Int] = [:]
        var beforeAnswer: @Sendable () -> Void = {}
    }

    private let signer: BuiltInIssuer
    private let state = Mutex(State())

    init(_ signer: BuiltInIssuer, _ behaviour: Behaviour = .signs) {
        self.signer = signer
        state.withLock { $0.behaviour = behaviour }
    }

    var id: UUID { signer.id }

    /// How often each order was placed.
    var orders: [UUID: Int] { state.withLock { $0.orders } }

    func behave(_ behaviour: Behaviour) {
        state.withLock { $0.behaviour = behaviour }
    }

    /// Does something while the order is with the issuer.
    func beforeAnswer(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.beforeAnswer = body }
    }

    func prepare(
        _ contents: CertificateContents,
        template: CertificateTemplate,
        now: Date
    ) throws(IssuanceError) -> PreparedCertificate {
        try signer.prepare(contents, template: template, now: now)
    }

    func signNow(_ order: IssuanceOrder) throws(IssuanceError) -> [UInt8]? { nil }

    func issue(_ order: IssuanceOrder, orderID: UUID) async -> IssueOutcome {
        let (behaviour, beforeAnswer) = state.withLock { state in
            state.orders[orderID, default: 0] += 1
            return (state.behaviour, state.beforeAnswer)
        }
        beforeAnswer()
        switch behaviour {
        case .signs: return await signer.issue(order, orderID: orderID)
        case .refuses: return .refused("the other CA says no")
        case .doesNotKnow: return .unknown("the line went dead")
        case .decidesLater: return .pending(reference: "42")
        case .mixesUp(let der): return .issued(der)
        }
    }

    func collect(reference: String, orderID: UUID) async -> IssueOutcome { .pending(reference: reference) }
}

/// A CA whose key or rules are broken.
struct BrokenIssuer: Issuer {
    let signer: BuiltInIssuer
    let preparing: IssuanceError?
    let signing: IssuanceError?

    var id: UUID { signer.id }

    func prepare(
        _ contents: CertificateContents,
        template: CertificateTemplate,
        now: Date
    ) throws(IssuanceError) -> PreparedCertificate {
        if let preparing { throw preparing }
        return try signer.prepare(contents, template: template, now: now)
    }

    func signNow(_ order: IssuanceOrder) throws(IssuanceError) -> [UInt8]? {
        if let signing { throw signing }
        return try signer.signNow(order)
    }

    func issue(_ order: IssuanceOrder, orderID: UUID) async -> IssueOutcome { .unknown("it never comes to this") }
    func collect(reference: String, orderID: UUID) async -> IssueOutcome { .unknown("it never comes to this") }
}
