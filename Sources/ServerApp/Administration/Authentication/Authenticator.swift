// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Cryptography
internal import Enrollment
internal import Logging
internal import SCEPEndpoint
internal import Synchronization

internal import struct Foundation.Data
internal import struct Foundation.Date
internal import struct Foundation.UUID

/// Finds out who asks the admin API: by a token, or by an operator's name and password.
///
/// All that fail get the same answer. The log says why, and never what was tried.
final class Authenticator: Sendable {
    /// How many failures of an address a minute are answered; twice as many at once.
    static let usualFailuresPerMinute = 10
    /// For how long a password that was right need not be hashed again, in seconds.
    private static let memory = 300.0
    /// How many such passwords are remembered.
    private static let maximumRemembered = 1000
    /// What nobody's password hashes to: an unknown name takes as long as a known one.
    private static let nobodysHash =
        "$scrypt$ln=17,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    private let store: any OperatorStore
    private let masterKey: MasterKey
    private let time: any TimeSource
    private let logger: Logger
    private let worker: PasswordWorker
    private let failuresPerMinute: Int
    private let throttle = FailureThrottle()
    private let remembered = Mutex<[[UInt8]: Date]>([:])
    /// Under which passwords are remembered, in this process alone.
    private let memoryKey: [UInt8]

    init(
        store: any OperatorStore,
        masterKey: MasterKey,
        time: any TimeSource,
        logger: Logger,
        failuresPerMinute: Int = Authenticator.usualFailuresPerMinute,
        worker: PasswordWorker = .shared
    ) {
        self.store = store
        self.masterKey = masterKey
        self.time = time
        self.logger = logger
        self.failuresPerMinute = failuresPerMinute
        self.worker = worker
        var generator = SecureRandom()
        memoryKey = generator.bytes(32)
    }

    /// Why somebody is not who they say, for the log.
    private enum Failure: Error {
        case refused(String)
        case throttled(Double)
    }

    /// What a request says about who asks.
    private enum Credentials {
        case token(TokenSecret)
        case password(name: String, password: String)
    }

    /// Who asks; a problem if that can't be told.
    func authenticate(_ request: AdminHTTPRequest) async -> Result<Principal, ProblemDetails> {
        guard request.field("authorization") != nil else { return .failure(Self.unknown) }
        do {
            switch try Self.credentials(request) {
            case .token(let secret): return .success(try await principal(secret, request))
            case .password(let name, let password):
                return .success(try await principal(name, password, request))
            }
        } catch let failure as Failure {
            return .failure(answer(failure, to: request))
        } catch let error as StoreError {
            return .failure(ProblemDetails(AppError(error)))
        } catch {
            logger.error("who asks could not be found out", metadata: ["error": "\(type(of: error))"])
            return .failure(ProblemDetails(.failure, "The server failed, and has logged where."))
        }
    }

    private static var unknown: ProblemDetails {
        ProblemDetails(
            .notAuthenticated,
            "No valid token or password says who asks.",
            hint: "Make a token with: sceptic token new"
        )
    }

    /// Tells a failure, and counts it against the address that it came from.
    private func answer(_ failure: Failure, to request: AdminHTTPRequest) -> ProblemDetails {
        let now = time.now
        let seconds: Double
        switch failure {
        case .throttled(let wait): seconds = wait
        case .refused(let reason):
            logger.notice(
                "somebody was not let in",
                metadata: ["from": "\(request.remoteAddress)", "why": "\(reason)"]
            )
            guard let wait = refusal(request, at: now) else {
                count(1, request, at: now)
                return Self.unknown
            }
            seconds = wait
        }
        return ProblemDetails(
            .tooManyRequests,
            "Too many failures came from this address.",
            retryAfter: max(1, Int(seconds.rounded(.up)))
        )
    }

    private func refusal(_ request: AdminHTTPRequest, at now: Date) -> Double? {
        throttle.refusal(
            profile: "",
            address: request.remoteAddress,
            perMinute: failuresPerMinute,
            at: now
        )?.seconds
    }

    private func count(_ failures: Int, _ request: AdminHTTPRequest, at now: Date) {
        throttle.count(
            failures,
            profile: "",
            address: request.remoteAddress,
            perMinute: failuresPerMinute,
            at: now
        )
    }
}

// MARK: Reading

extension Authenticator {
    private static func credentials(_ request: AdminHTTPRequest) throws(Failure) -> Credentials {
        let fields = request.fields.filter { $0.name == "authorization" }
        guard fields.count == 1, let value = fields.first?.value, value.utf8.count <= 4096 else {
            throw .refused("the field Authorization is there twice, or too long")
        }
        let scheme = value.prefix { $0 != " " }
        let rest = String(value.dropFirst(scheme.count).drop { $0 == " " })
        switch scheme.lowercased() {
        case "bearer":
            guard let secret = TokenSecret(rest) else { throw .refused("this is no token") }
            return .token(secret)
        case "basic":
            guard request.isSecure || Server.isLoopback(request.remoteAddress) else {
                throw .refused("a password came unencrypted")
            }
            guard let data = Data(base64Encoded: rest), let text = String(validating: data, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { throw .refused("the name and password can't be read") }
            let (name, password) = (text[..<colon], text[text.index(after: colon)...])
            guard (1...64).contains(name.utf8.count), password.utf8.count <= 4096,
                !name.unicodeScalars.contains("\0"), !password.unicodeScalars.contains("\0")
            else { throw .refused("the name and password can't be read") }
            return .password(name: String(name), password: String(password))
        default: throw .refused("an unknown scheme")
        }
    }
}

// MARK: Tokens

extension Authenticator {
    private func principal(_ secret: TokenSecret, _ request: AdminHTTPRequest) async throws -> Principal {
        let lookup = secret.lookup(masterKey)
        guard let token = try await store.token(lookup: lookup),
            MessageAuthentication.areEqual(token.lookup, lookup)
        else { throw Failure.refused("an unknown token") }
        let now = time.now
        let which = "the token '\(token.name)' (\(token.id.uuidString.lowercased()))"
        if token.revokedAt != nil { throw Failure.refused("\(which) was taken back") }
        guard token.expiresAt > now else { throw Failure.refused("\(which) has expired") }
        var rights = Rights(roles: token.roles, profiles: token.profiles)
        var name = "token:\(token.name)"
        if let id = token.operatorID {
            guard let owner = try await store.operator(id), owner.isEnabled else {
                throw Failure.refused("the operator of \(which) is disabled")
            }
            rights = rights.limited(by: Rights(roles: owner.roles, profiles: owner.profiles))
            name += " (operator:\(owner.name))"
        }
        // A database that can only be read lets people look all the same.
        if token.lastUsedAt.map({ now.timeIntervalSince($0) >= 60 }) ?? true {
            try? await store.noteUse(ofToken: token.id, at: now)
        }
        return Principal(
            name: name,
            id: "token:\(Identifier(token.id))",
            origin: request.remoteAddress,
            roles: rights.roles,
            profiles: rights.profiles
        )
    }
}

// MARK: Passwords

extension Authenticator {
    private func principal(
        _ name: String,
        _ password: String,
        _ request: AdminHTTPRequest
    ) async throws -> Principal {
        let found = try await store.operator(named: name)
        let known = found.flatMap { $0.isEnabled ? $0 : nil }
        if let known, let hash = known.passwordHash, isRemembered(password, of: known, hash) {
            return Self.principal(known, request)
        }
        let now = time.now
        if let seconds = refusal(request, at: now) { throw Failure.throttled(seconds) }
        // Counted before: of many that come at once, no more are listened to than of those that come one by one.
        count(1, request, at: now)
        let hash = found?.passwordHash.flatMap { PasswordHash($0) }
        guard let hash = hash ?? PasswordHash(Self.nobodysHash),
            let matches = try await worker.matches(password, hash)
        else {
            count(-1, request, at: now)
            throw Failure.throttled(5)
        }
        guard matches, let known, let text = known.passwordHash else {
            count(-1, request, at: now)
            let who = found.map { "the operator '\($0.name)'" }
            guard let who else { throw Failure.refused("an unknown operator") }
            throw Failure.refused(matches ? "\(who) is disabled" : "a wrong password of \(who)")
        }
        count(-1, request, at: now)
        remember(password, of: known, text)
        return Self.principal(known, request)
    }

    private static func principal(_ record: OperatorRecord, _ request: AdminHTTPRequest) -> Principal {
        let rights = Rights(roles: record.roles, profiles: record.profiles)
        return Principal(
            name: "operator:\(record.name)",
            id: "operator:\(Identifier(record.id))",
            origin: request.remoteAddress,
            roles: rights.roles,
            profiles: rights.profiles
        )
    }

    /// What is remembered of a password: it is forgotten with the hash that it was compared with.
    private func digest(_ password: String, _ record: OperatorRecord, _ hash: String) -> [UInt8] {
        MessageAuthentication.sha256(
            key: memoryKey,
            message: Array("\(record.id)\0\(hash)\0\(password)".utf8)
        )
    }

    private func isRemembered(_ password: String, of record: OperatorRecord, _ hash: String) -> Bool {
        let digest = digest(password, record, hash)
        let now = time.now
        return remembered.withLock { $0[digest].map { $0 > now } ?? false }
    }

    private func remember(_ password: String, of record: OperatorRecord, _ hash: String) {
        let digest = digest(password, record, hash)
        let now = time.now
        remembered.withLock { remembered in
            if remembered.count >= Self.maximumRemembered { remembered = remembered.filter { $0.value > now } }
            if remembered.count >= Self.maximumRemembered { remembered = [:] }
            remembered[digest] = now.addingTimeInterval(Self.memory)
        }
    }
}
