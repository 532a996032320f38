// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI

extension ProblemDetails {
    /// What an error is to somebody who asks by HTTP.
    init(_ error: AppError) {
        self.init(
            Self.code(error.kind),
            error.sentence,
            hint: error.hint,
            reason: error.reason,
            violations: error.pointer.map { [Violation(pointer: $0, sentence: error.sentence)] } ?? []
        )
    }

    private static func code(_ kind: AppError.Kind) -> ProblemCode {
        switch kind {
        case .usage: .invalidValue
        case .conflict: .conflict
        case .missing: .notFound
        case .changed: .changedMeanwhile
        case .unauthenticated: .notAuthenticated
        case .denied: .notAllowed
        case .busy, .failure: .unavailable
        case .state: .failure
        }
    }
}
