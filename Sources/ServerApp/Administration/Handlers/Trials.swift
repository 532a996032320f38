// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Enrollment
internal import PKIX

internal import struct Foundation.Data

extension TryRequest: LocalOperation {
    /// Tries a request.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        guard let der = Data(base64Encoded: input.request), der.count <= maximumByteCount,
            let request = try? CertificationRequest(derEncoded: Array(der))
        else { throw AppError(.usage, "This is no PKCS#10 request, DER in base64.", pointer: "/request") }
        let trial = try await context.state.tryOut(request, challenge: input.challenge, profile: input.profile)
        return TrialDocument(trial)
    }
}

extension TrialDocument {
    fileprivate init(_ trial: Trial) {
        let reason = ReasonCode(rawValue: trial.trace.reasonCode)
        let outcome: Outcome =
            switch reason.map(Verdict.init) {
            case .certificate: .issued
            case .pending: .waiting
            default: .refused
            }
        self.init(
            outcome: outcome,
            time: trial.trace.at,
            profile: trial.trace.profile,
            authenticated: trial.trace.isAuthenticated,
            reason: trial.trace.reasonCode,
            sentence: reason?.sentence,
            hint: reason?.hint,
            steps: trial.trace.steps.map { TraceDocument.Step($0) },
            certificate: trial.certificate.flatMap(CertificatePreview.init).map { Preview($0) }
        )
    }
}

extension TrialDocument.Preview {
    fileprivate init(_ preview: CertificatePreview) {
        self.init(
            subject: preview.subject,
            names: preview.names,
            key: preview.key,
            notBefore: preview.notBefore,
            notAfter: preview.notAfter,
            usages: preview.usages,
            extensions: preview.extensions
        )
    }
}
