// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLDAP
internal import Enrollment

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An entry as a search gives it.
struct DirectoryEntry: Sendable, Hashable {
    /// Its distinguished name.
    var dn: String
    /// The values of the attributes that were asked for, by their names as they were asked for.
    var values: [String: [[UInt8]]]
}

/// A connection of libldap that waits for nothing longer than it is told.
///
/// All calls into libldap are in this type. The socket is made here and not by libldap, which would by itself connect anew when a
/// connection is lost, and then without StartTLS: a session that failed once is closed, and never used again.
///
/// Safe, because the handle is made and freed here. To be used by one thread at a time.
@safe
final class DirectorySession {
    /// What came of a bind.
    enum BindOutcome: Hashable {
        case accepted
        /// The directory does not take the name and the password, and says why.
        case refused(String)
    }

    /// The most bytes of one answer: what is asked for has some hundred.
    static let maximumAnswerByteCount = 262_144
    /// The most answers to one search: two entries, the result, and references to elsewhere, which are passed over.
    private static let maximumAnswers = 16
    /// After how long a session is better made anew.
    private static let maximumAge = Duration.seconds(600)

    private let settings: DirectorySourceSettings
    private let lifeline: DirectoryLifeline
    private let madeAt = ContinuousClock.now
    private var handle: OpaquePointer?
    /// Whether the connection has become as safe as the settings want it, and has to stay so.
    private var isReady = false

    /// Connects, and encrypts the connection as the settings say.
    init(_ settings: DirectorySourceSettings, for job: DirectoryJob) throws(DirectoryFailure) {
        guard Self.isLibraryReady else { throw .unusable("libldap can't be used") }
        self.settings = settings
        let socket = try DirectorySocket.connect(settings.host, settings.port, until: job.deadline)
        self.lifeline = DirectoryLifeline(socket)
        let isIPv6 = settings.host.contains(":")
        let scheme = settings.encryption == .tls ? "ldaps" : "ldap"
        let url = "\(scheme)://\(isIPv6 ? "[\(settings.host)]" : settings.host):\(settings.port)"
        var made: OpaquePointer?
        guard unsafe ldap_init_fd(socket, LDAP_PROTO_TCP, url, &made) == LDAP_SUCCESS, let made = unsafe made else {
            Glibc.close(socket)
            throw .unusable("libldap can't use the connection")
        }
        unsafe self.handle = made
        do throws(DirectoryFailure) {
            try job.watch(lifeline)
            try unsafe configure(made, until: job.deadline)
            try unsafe encrypt(made, until: job.deadline)
            isReady = true
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// Ends the connection.
    func close() {
        lifeline.release()
        guard let open = unsafe handle else { return }
        unsafe ldap_unbind_ext_s(open, nil, nil)
        unsafe handle = nil
    }

    /// Whether the session may be used for another job, whose time then limits it.
    func isReusable(for job: DirectoryJob) throws(DirectoryFailure) -> Bool {
        guard unsafe handle != nil, .now - madeAt < Self.maximumAge else { return false }
        try job.watch(lifeline)
        return true
    }

    /// Has writes to a connection that the other side has closed fail on this thread, and not end the process.
    static func ignoreBrokenPipes() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    // MARK: - Setting up

    /// libldap reads its own configuration at its first call, which several threads must not make at once.
    private static let isLibraryReady: Bool = {
        var version: CInt = 0
        return unsafe ldap_get_option(nil, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS
    }()

    /// The trust roots of Debian's package ca-certificates.
    private static let systemRoots = "/etc/ssl/certs/ca-certificates.crt"

    /// Sets what libldap's own configuration files, which may lie anywhere, might say otherwise.
    private func configure(
        _ handle: OpaquePointer,
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) {
        var time = Self.time(until: deadline)
        var size = ber_len_t(Self.maximumAnswerByteCount)
        var buffer: OpaquePointer?
        let isSet =
            unsafe set(handle, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3)
            && set(handle, LDAP_OPT_DEREF, LDAP_DEREF_NEVER)
            && ldap_set_option(handle, LDAP_OPT_REFERRALS, nil) == LDAP_OPT_SUCCESS
            && ldap_set_option(handle, LDAP_OPT_RESTART, nil) == LDAP_OPT_SUCCESS
            && ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &time) == LDAP_OPT_SUCCESS
            && ldap_get_option(handle, LDAP_OPT_SOCKBUF, &buffer) == LDAP_OPT_SUCCESS
            && ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &size) == 1
        guard isSet else { throw .unusable("libldap can't be set up") }
    }

    private func set(_ handle: OpaquePointer, _ option: CInt, _ value: CInt) -> Bool {
        var value = value
        return unsafe ldap_set_option(handle, option, &value) == LDAP_OPT_SUCCESS
    }

    private func encrypt(
        _ handle: OpaquePointer,
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) {
        guard settings.encryption != .insecureNone else { return }
        let roots = settings.roots ?? Self.systemRoots
        guard unsafe access(roots, R_OK) == 0 else { throw .unusable("the file '\(roots)' can't be read") }
        let isSet =
            unsafe set(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND)
            // TLS 1.2.
            && set(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, 0x303)
            && ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTDIR, nil) == LDAP_OPT_SUCCESS
            && ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, roots) == LDAP_OPT_SUCCESS
            // Makes all of the above count, and has to be the last.
            && set(handle, LDAP_OPT_X_TLS_NEWCTX, 0)
        guard isSet else { throw .unusable("TLS can't be set up with the roots in '\(roots)'") }
        if settings.encryption == .startTLS { try unsafe startTLS(handle, until: deadline) }
        guard unsafe ldap_install_tls(handle) == LDAP_SUCCESS, unsafe ldap_tls_inplace(handle) == 1 else {
            throw .unusable("no TLS that can be trusted: \(unsafe diagnosis(handle))")
        }
    }

    private func startTLS(
        _ handle: OpaquePointer,
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) {
        var id: CInt = 0
        let status = unsafe ldap_start_tls(handle, nil, nil, &id)
        guard status == LDAP_SUCCESS else { throw lost(status) }
        let answer = try answer(id, until: deadline)
        guard answer.kind == Kind.extended else {
            discard(answer)
            throw .unusable("the directory answers StartTLS with something else")
        }
        let code = try code(answer)
        guard code == LDAP_SUCCESS else { throw .unusable("the directory does not start TLS: \(Self.text(code))") }
    }

    // MARK: - Asking

    /// Binds with a name and a password.
    ///
    /// Without either it would be an unauthenticated or anonymous bind, which proves nothing and many directories accept
    /// (RFC 4513 §5.1): that is refused here, whoever asks. So is a password with a zero byte, which some take for its end.
    func bind(
        _ dn: String,
        password: [UInt8],
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) -> BindOutcome {
        guard !dn.isEmpty, !password.isEmpty, !password.contains(0), !dn.utf8.contains(0) else {
            return .refused("without a name and a password nobody is asked")
        }
        let handle = try unsafe opened()
        var bytes = password.map { CChar(bitPattern: $0) }
        var id: CInt = 0
        let status = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            var credentials = unsafe berval(bv_len: ber_len_t(bytes.count), bv_val: bytes.baseAddress)
            return unsafe ldap_sasl_bind(handle, dn, nil, &credentials, nil, nil, &id)
        }
        guard status == LDAP_SUCCESS else { throw lost(status) }
        let answer = try answer(id, until: deadline)
        guard answer.kind == Kind.bind else {
            discard(answer)
            throw .unusable("the directory answers a bind with something else")
        }
        let code = try code(answer)
        switch code {
        case LDAP_SUCCESS: return .accepted
        // What directories say to a wrong password, to a name that is none or nobody's, and to an account that is locked.
        case LDAP_INVALID_CREDENTIALS, LDAP_INAPPROPRIATE_AUTH, LDAP_NO_SUCH_OBJECT, LDAP_INVALID_DN_SYNTAX,
            LDAP_UNWILLING_TO_PERFORM, LDAP_CONSTRAINT_VIOLATION:
            return .refused(Self.text(code))
        default: throw .unusable("the directory does not bind: \(Self.text(code))")
        }
    }

    /// The entries that a search finds: two at most, which says that there is more than one.
    func search(
        base: String,
        scope: CInt,
        filter: String,
        attributes: [String],
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) -> [DirectoryEntry] {
        let id = try send(base: base, scope: scope, filter: filter, attributes: attributes, until: deadline)
        var entries: [DirectoryEntry] = []
        for _ in 0..<Self.maximumAnswers {
            let answer = try answer(id, until: deadline)
            switch answer.kind {
            case Kind.entry:
                entries.append(try entry(answer, attributes))
                guard entries.count < 2 else {
                    // What else is on its way must not be taken for the answer to the next question.
                    close()
                    return entries
                }
            case Kind.reference: discard(answer)
            case Kind.result:
                let code = try code(answer)
                guard code == LDAP_SUCCESS else { throw .unusable("the directory does not search: \(Self.text(code))") }
                return entries
            default:
                discard(answer)
                throw .unusable("the directory answers a search with something else")
            }
        }
        throw .unusable("the directory answers a search with too much")
    }

    /// An answer, to be freed by whoever reads it.
    @safe
    private struct Answer {
        var kind: CInt
        var message: OpaquePointer
    }

    /// The answers' kinds (RFC 4511 §4).
    private enum Kind {
        static let bind: CInt = 0x61
        static let entry: CInt = 0x64
        static let result: CInt = 0x65
        static let reference: CInt = 0x73
        static let extended: CInt = 0x78
    }

    private func send(
        base: String,
        scope: CInt,
        filter: String,
        attributes: [String],
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) -> CInt {
        let handle = try unsafe opened()
        // Without a list a directory sends all that there is.
        var names = unsafe (attributes.isEmpty ? ["1.1"] : attributes).map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe names.indices { unsafe free(names[index]) } }
        var time = Self.time(until: deadline)
        var id: CInt = 0
        let status = unsafe ldap_search_ext(handle, base, scope, filter, &names, 0, nil, nil, &time, 2, &id)
        if status == LDAP_FILTER_ERROR { throw .unusable("the filter is malformed") }
        guard status == LDAP_SUCCESS else { throw lost(status) }
        return id
    }

    /// Waits for the next answer to a request.
    private func answer(
        _ id: CInt,
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) -> Answer {
        let handle = try unsafe opened()
        var time = Self.time(until: deadline)
        var message: OpaquePointer?
        let kind = unsafe ldap_result(handle, id, CInt(LDAP_MSG_ONE), &time, &message)
        guard kind > 0, let message = unsafe message else {
            throw kind == 0 ? .unusable("the directory did not answer in time") : lost(nil)
        }
        return unsafe Answer(kind: kind, message: message)
    }

    private func discard(_ answer: Answer) {
        _ = unsafe ldap_msgfree(answer.message)
    }

    /// The result code of an answer, which is freed.
    private func code(_ answer: Answer) throws(DirectoryFailure) -> CInt {
        let handle = try unsafe opened()
        var code: CInt = -1
        let status = unsafe ldap_parse_result(handle, answer.message, &code, nil, nil, nil, nil, 1)
        guard status == LDAP_SUCCESS else { throw .unusable("the directory's answer can't be read") }
        return code
    }

    /// What an entry holds, which is freed.
    private func entry(_ answer: Answer, _ attributes: [String]) throws(DirectoryFailure) -> DirectoryEntry {
        defer { discard(answer) }
        let handle = try unsafe opened()
        let message = unsafe answer.message
        guard let name = unsafe ldap_get_dn(handle, message) else { throw .unusable("an entry can't be read") }
        defer { unsafe ldap_memfree(name) }
        var entry = DirectoryEntry(dn: unsafe String(cString: name), values: [:])
        for attribute in attributes {
            guard let list = unsafe ldap_get_values_len(handle, message, attribute) else { continue }
            defer { unsafe ldap_value_free_len(list) }
            // The answer's size limits their number.
            let count = Int(unsafe ldap_count_values_len(list))
            entry.values[attribute] = (0..<max(0, count)).compactMap { index in
                guard let value = unsafe list[index] else { return nil }
                let bytes = unsafe UnsafeRawBufferPointer(start: value.pointee.bv_val, count: Int(value.pointee.bv_len))
                return unsafe Array(bytes)
            }
        }
        return entry
    }

    // MARK: - Failing

    /// The handle, if what is sent over it is as safe as the settings want it.
    private func opened() throws(DirectoryFailure) -> OpaquePointer {
        guard let handle = unsafe handle else { throw .lost("the connection is closed") }
        if isReady, settings.encryption != .insecureNone, unsafe ldap_tls_inplace(handle) != 1 {
            throw .lost("the connection is no longer encrypted")
        }
        return unsafe handle
    }

    private func lost(_ status: CInt?) -> DirectoryFailure {
        var code: CInt = LDAP_SERVER_DOWN
        if let handle = unsafe handle { _ = unsafe ldap_get_option(handle, LDAP_OPT_RESULT_CODE, &code) }
        close()
        return .lost("the connection to the directory broke: \(Self.text(status ?? code))")
    }

    /// libldap's own words for a code.
    private static func text(_ code: CInt) -> String {
        unsafe String(cString: ldap_err2string(code))
    }

    /// What libldap says about a handshake.
    private func diagnosis(_ handle: OpaquePointer) -> String {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text) == LDAP_OPT_SUCCESS,
            let text = unsafe text
        else { return "the handshake failed" }
        defer { unsafe ldap_memfree(text) }
        return unsafe String(String(cString: text).prefix(150))
    }

    private static func time(until deadline: ContinuousClock.Instant) -> timeval {
        let microseconds = Int(max(.zero, deadline - .now) / .microseconds(1))
        return timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
    }
}
