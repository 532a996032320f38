// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
public import Enrollment
public import PKIX

internal import struct Foundation.UUID

extension OpenedState {
    /// Finds, revokes and releases certificates.
    public var certificateAdministration: CertificateAdministration {
        CertificateAdministration(certificates: store, revocations: store, time: SystemTimeSource())
    }

    /// The CRL of a CA, made now if the stored one is out of date.
    ///
    /// - Parameters:
    ///   - name: the CA's name in URLs.
    ///   - keyGeneration: which of its keys; the one that issues if nil.
    ///   - shard: the shard.
    /// - Returns: the CRL.
    /// - Throws: `AppError`; `conflict` when there is no such CA, key or shard.
    public func certificateList(_ name: String, keyGeneration: Int?, shard: Int) async throws -> CertificateListRecord {
        let generations = try await generations(of: name)
        let issuer =
            if let keyGeneration {
                generations.all.first { $0.keyGeneration == keyGeneration }
            } else {
                try generations.active()
            }
        guard let issuer else {
            throw AppError(
                .missing,
                "The CA '\(name)' has no key \(keyGeneration ?? 0).",
                hint: "Look with: sceptic ca rollover status"
            )
        }
        let authority = try ServedConfiguration.authority(issuer, masterKey)
        let lists = CertificateLists(store: store, time: SystemTimeSource()) { $0 == issuer.id ? authority : nil }
        do {
            guard let list = try await lists.current(issuerID: issuer.id, shard: shard) else {
                throw AppError(.missing, "The CA '\(name)' has no CRL of shard \(shard).")
            }
            return list
        } catch let error as StoreError {
            throw AppError(error)
        }
    }

    /// Runs a decision on a request that waits, with the profiles as they are served now.
    ///
    /// - Parameter decision: what to decide.
    /// - Returns: what became of it.
    /// - Throws: `AppError`.
    public func decide(
        _ decision: (ApprovalAdministration) async throws(StoreError) -> DecisionOutcome
    ) async throws -> DecisionOutcome {
        let traces = TraceRecorder(store: store)
        let (service, configuration) = try await service(traces: traces)
        let administration = ApprovalAdministration(service: service) { configuration.profiles[$0] }
        do {
            let outcome = try await decision(administration)
            // What was decided is done; a trace that is lost is only a trace.
            _ = try? await traces.flush()
            return outcome
        } catch {
            throw AppError(error)
        }
    }

    /// Tells what would become of a first enrolment with the profiles as they are served now; nothing is used up or stored.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - challenge: the challenge; the request's own when nil.
    ///   - profile: the name of the profile that it would be sent to.
    /// - Returns: the steps, and the certificate if there would be one.
    /// - Throws: `AppError`, also when the profile is not served.
    public func tryOut(_ request: CertificationRequest, challenge: String?, profile: String) async throws -> Trial {
        let (service, configuration) = try await service(traces: TraceRecorder(store: store))
        guard let served = configuration.profiles[profile] else {
            guard let reason = configuration.refusals[profile] else {
                throw AppError(
                    .missing,
                    "There is no SCEP profile '\(profile)'.",
                    hint: "Look with: sceptic profile list"
                )
            }
            throw AppError(.conflict, "The SCEP profile '\(profile)' is not served: \(reason).")
        }
        return await service.tryOut(request, challenge: challenge, profile: served)
    }

    /// The service as a server would have it, and what it would serve.
    private func service(
        traces: TraceRecorder
    ) async throws -> (service: EnrollmentService, configuration: ServedConfiguration) {
        let time = SystemTimeSource()
        let configuration = try served(try await configuration())
        let service = EnrollmentService(
            stores: EnrollmentService.Stores(transactions: store, approvals: store, certificates: store, health: store),
            lists: CertificateLists(store: store, time: time) { configuration.authorities[$0] },
            traces: traces,
            observer: SilentObserver(),
            time: time,
            masterKey: masterKey,
            node: UUID()
        )
        return (service, configuration)
    }
}

/// Hears of decisions and says nothing: a command tells its outcome itself.
private struct SilentObserver: EnrollmentObserver {
    func decided(_ summary: EnrollmentSummary) {}
}
