// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Enrollment

internal import struct Foundation.UUID

extension ListRequests: LocalOperation {
    /// Lists requests.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        var query = TraceQuery()
        query.profile = input.profile
        query.reasonCode = input.reason
        query.transactionID = input.transactionID
        query.remoteAddress = input.remoteAddress
        query.isAuthenticated = input.authenticated
        query.since = input.since
        query.until = input.until
        let found: Found<TraceRecord>
        do {
            found = try await context.state.traces.traces(
                matching: query,
                before: input.after?.uuid,
                limit: input.limit ?? 100
            )
        } catch {
            throw AppError(error)
        }
        return Page(found) { TraceDocument($0) }
    }
}

extension ExplainRequest: LocalOperation {
    /// Tells what became of a request.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let traces: [TraceRecord]
        do {
            traces = try await find(input.id, in: context.state.traces)
        } catch {
            throw AppError(error)
        }
        guard !traces.isEmpty else {
            throw AppError(
                .missing,
                "No request with the transactionID or id '\(input.id)' is on record.",
                hint: "Look with: sceptic request list"
            )
        }
        return Page(items: traces.map { TraceDocument($0) }, next: nil)
    }

    private static func find(_ text: String, in store: any TraceStore) async throws(StoreError) -> [TraceRecord] {
        let traces = try await store.traces(transactionID: text, limit: 50)
        // Some clients make up a UUID as their transactionID: that is whom the text names first.
        guard traces.isEmpty, let id = UUID(uuidString: text) else { return traces }
        guard let trace = try await store.trace(id) else { return [] }
        return [trace]
    }
}

extension Page {
    /// A part of what was found.
    init<Record>(_ found: Found<Record>, _ item: (Record) throws -> Item) rethrows {
        self.init(items: try found.records.map(item), next: found.next.map { Identifier($0).description })
    }
}

extension TraceDocument {
    /// A trace, with its code in words.
    init(_ trace: TraceRecord) {
        let reason = ReasonCode(rawValue: trace.reasonCode)
        // Where it was no client's message that was decided, but somebody's approval, no client heard anything.
        let isMessage = trace.steps.first?.name == "message"
        self.init(
            id: Identifier(trace.id),
            time: trace.at,
            profile: trace.profile,
            transactionID: trace.transactionID,
            authenticated: trace.isAuthenticated,
            remoteAddress: trace.remoteAddress,
            reason: trace.reasonCode,
            sentence: reason?.sentence,
            hint: reason?.hint,
            answer: isMessage ? reason.map { Verdict($0).sentence } : nil,
            steps: trace.steps.map { Step($0) }
        )
    }
}

extension TraceDocument.Step {
    /// A step of a trace.
    init(_ step: TraceStep) {
        let outcome: Outcome =
            switch step.outcome {
            case .passed: .passed
            case .failed: .failed
            case .noted: .noted
            }
        self.init(name: step.name, outcome: outcome, detail: step.detail)
    }
}
