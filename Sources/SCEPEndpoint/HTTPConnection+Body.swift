// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension HTTPConnection {
    /// Why a body of some bytes, announced or so far, is not taken; nil if it is.
    ///
    /// Devices' bodies are small. Those of the admin API are large, and strangers may send them too.
    func defect(ofBody count: Int, of incoming: IncomingRequest) -> RequestDefect? {
        let limits = environment.limits
        guard count <= limits.bodyBytes else { return .bodyTooLarge }
        guard incoming.route == .admin, count > limits.anonymousBodyBytes, count > takenBytes else { return nil }
        guard incoming.fields.contains(where: { $0.name == "authorization" }) else { return .bodyTooLarge }
        guard environment.bodies.take(count - takenBytes) else { return .tooBusy }
        takenBytes = count
        return nil
    }

    /// Gives the memory of a body back, when it is answered or its client has gone.
    func putBodyBack() {
        environment.bodies.putBack(takenBytes)
        takenBytes = 0
    }
}
