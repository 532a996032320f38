// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import NIOCore
import NIOPosix
import TestPeers
import Testing

@testable import Connectors

/// Directories that are down, slow or lying.
@Suite struct DirectoryFaultTests {
    private static let accepted = ChallengeAnswer.accept(claims: [], strength: .unknown)

    /// Asks, and checks that the answer comes in time.
    private func unavailability(
        _ source: DirectoryChallengeSource,
        _ question: ChallengeQuestion,
        // On a machine that is busy with all tests at once; without a limit it would be never.
        within limit: Duration = .seconds(60)
    ) async -> String? {
        let start = ContinuousClock.now
        let answer = await source.judge(question)
        #expect(ContinuousClock.now - start < limit)
        guard case .unavailable(let sentence) = answer else {
            Issue.record("\(answer)")
            return nil
        }
        return sentence
    }

    @Test func directoryThatIsDownStoppedOrBackAgain() async throws {
        let server = try await DirectoryServer(name: "IP:127.0.0.1")
        defer { try? server.stop() }
        let lookup = server.searching("lookup", rest: #","attribute":"employeeNumber""#)
        let named = try server.source(DirectoryServer.named, seconds: 4)
        let searching = try server.source(lookup, seconds: 4)
        let encrypting = try server.source(lookup, .startTLS, seconds: 4)
        #expect(await searching.judge(try question("code-42")) == Self.accepted)
        try server.signal(SIGSTOP)
        for source in [named, searching, encrypting] {
            let challenge = try question(source.name == named.name ? "password of alice" : "code-42")
            #expect(await unavailability(source, challenge) == "the directory did not answer in time")
        }
        try server.signal(SIGCONT)
        #expect(await searching.judge(try question("code-42")) == Self.accepted)
        #expect(await named.judge(try question("password of alice")) == Self.accepted)
        try server.stop()
        for source in [named, searching] { #expect(await unavailability(source, try question("code-42")) != nil) }
    }

    @Test func deadPortIsToldAtOnce() async throws {
        let server = try await DirectoryServer.shared()
        let source = try server.source(DirectoryServer.named, port: try freePort(), seconds: 30)
        let sentence = await unavailability(source, try question("x"))
        #expect(sentence?.contains("can't be reached") == true)
    }

    @Test func entryOfTenMegabytesIsNotRead() async throws {
        let server = try await DirectoryServer.shared()
        let rest = server.searching("lookup", rest: #","attribute":"employeeNumber","attributes":["description"]"#)
        let sentence = await unavailability(try server.source(rest), try question("code-45", subject: "UID=big"))
        #expect(sentence?.contains("broke") == true)
        // Who does not ask for it does not get it.
        let other = server.searching("lookup", rest: #","attribute":"employeeNumber""#)
        #expect(await (try server.source(other)).judge(try question("code-45", subject: "UID=big")) == Self.accepted)
    }

    @Test func severalQuestionsShareTheAccountsConnection() async throws {
        let server = try await DirectoryServer.shared()
        let source = try server.source(server.searching("lookup", rest: #","attribute":"employeeNumber""#))
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<60 {
                group.addTask {
                    let isRight = index.isMultiple(of: 2)
                    guard let question = try? question(isRight ? "code-42" : "code-43") else { return false }
                    return await (source.judge(question) == Self.accepted) == isRight
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(source.pool.threads <= DirectoryPool.maximumThreads)
    }

    @Test func threadsEndWithTheirConnectionsWhenThereIsNothingToDo() async throws {
        let pool = DirectoryPool(idleSeconds: 0.1)
        let first = await pool.run(within: .seconds(30)) { [pool] _, _ in
            pool.threads == 1 ? .notMine : .unavailable("")
        }
        #expect(first == .notMine)
        for _ in 0..<600 where pool.threads > 0 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(pool.threads == 0)
        #expect(await pool.run(within: .seconds(30)) { _, _ in .notMine } == .notMine)
    }

    @Test func whatWaitsIsBoundedAndNobodyWaitsLongerThanTheLimit() async {
        let pool = DirectoryPool()
        let answers = await withTaskGroup(of: ChallengeAnswer.self) { group in
            for _ in 0..<(DirectoryPool.maximumThreads + DirectoryPool.maximumWaiting + 20) {
                group.addTask {
                    await pool.run(within: .milliseconds(500)) { _, _ in
                        // As a resolver does that can't be interrupted.
                        Thread.sleep(forTimeInterval: 2)
                        return .notMine
                    }
                }
            }
            var answers: [ChallengeAnswer] = []
            for await answer in group { answers.append(answer) }
            return answers
        }
        // Nobody's is the thread's, which comes later.
        #expect(answers.allSatisfy { if case .unavailable = $0 { true } else { false } })
        #expect(answers.contains(.unavailable("too many questions wait for the directory")))
    }

    // MARK: - Liars

    /// What a listener says: at once, and after each message that it gets.
    struct Liar: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var greeting: [UInt8] = []
        var answers: [[UInt8]] = []
        /// What is sent again and again, slowly.
        var drip: [UInt8] = []
    }

    private static let bound: [UInt8] = [0x30, 0x0C, 2, 1, 1, 0x61, 7, 0x0A, 1, 0, 4, 0, 4, 0]
    private static let reference: [UInt8] = [0x30, 0x0E, 2, 1, 2, 0x73, 9, 4, 7] + Array("ldap://".utf8)
    private static let entry: [UInt8] = [0x30, 9, 2, 1, 2, 0x64, 4, 4, 0, 0x30, 0]
    private static let done: [UInt8] = [0x30, 0x0C, 2, 1, 2, 0x65, 7, 0x0A, 1, 0, 4, 0, 4, 0]

    static let liars = [
        Liar(testDescription: "says nothing"),
        Liar(testDescription: "says garbage", greeting: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
        Liar(testDescription: "begins a message and never ends it", answers: [[0x30, 0x84, 0, 1, 0, 0, 2, 1, 1]]),
        Liar(testDescription: "sends a byte now and then", answers: [[0x30, 0x84, 0, 1, 0, 0, 2, 1, 1]], drip: [0]),
        Liar(testDescription: "announces a gigabyte", answers: [[0x30, 0x84, 0x40, 0, 0, 0, 2, 1, 1]]),
        Liar(testDescription: "answers a bind with an entry", answers: [[0x30, 9, 2, 1, 1, 0x64, 4, 4, 0, 0x30, 0]]),
        Liar(
            testDescription: "refers to elsewhere without end",
            answers: [bound, Array(repeatElement(reference, count: 1000).joined())]
        ),
        Liar(testDescription: "sends the answer to another question", answers: [bound, bound]),
        Liar(testDescription: "hangs up over a search", answers: [bound, []]),
    ]

    @Test(arguments: liars) func directoryThatLiesIsUnavailableInTime(liar: Liar) async throws {
        let listener = try await Listener(liar)
        for rest in [
            DirectoryServer.named,
            #""mode":"lookup","base":"dc=example","filter":"(uid=${csr.subject.UID})","attribute":"cn","account":{"dn":"cn=a","password":{"environment":"PATH"}}"#,
        ] {
            let json =
                #"{"url":"ldap://127.0.0.1:\#(listener.port)","allowInsecure":true,"timeoutSeconds":1,\#(rest)}"#
            let pool = DirectoryPool(idleSeconds: 0.1)
            let source = DirectoryChallengeSource(try directorySettings(json), pool: pool)
            if rest == DirectoryServer.named, liar.answers.first == Self.bound { continue }
            #expect(await unavailability(source, try question("x")) != nil)
            // The thread is free again, though libldap would go on waiting.
            for _ in 0..<600 where pool.threads > 0 { try await Task.sleep(for: .milliseconds(50)) }
            #expect(pool.threads == 0)
        }
        try await listener.close()
    }

    @Test func connectionThatTheDirectoryHasClosedIsMadeAnew() async throws {
        let found: [UInt8] = [0x30, 0x0D, 2, 1, 2, 0x64, 8, 4, 4] + Array("cn=a".utf8) + [0x30, 0]
        let listener = try await Listener(
            Liar(testDescription: "", answers: [Self.bound, found + Self.done, []])
        )
        let rest =
            #""mode":"lookup","base":"","filter":"(&(uid=${csr.subject.UID})(cn=${challenge}))","account":{"dn":"cn=a","password":{"environment":"PATH"}}"#
        let json = #"{"url":"ldap://127.0.0.1:\#(listener.port)","allowInsecure":true,"timeoutSeconds":30,\#(rest)}"#
        let source = DirectoryChallengeSource(try directorySettings(json))
        for _ in 0..<3 { #expect(await source.judge(try question("x")) == Self.accepted) }
        try await listener.close()
    }

    @Test func entryWithoutANameIsNotBoundAs() async throws {
        let listener = try await Listener(
            Liar(testDescription: "", answers: [Self.bound, Self.entry + Self.done, Self.bound])
        )
        let rest =
            #""mode":"bind","base":"dc=example","filter":"(uid=${csr.subject.UID})","account":{"dn":"cn=a","password":{"environment":"PATH"}}"#
        let json = #"{"url":"ldap://127.0.0.1:\#(listener.port)","allowInsecure":true,"timeoutSeconds":1,\#(rest)}"#
        let source = DirectoryChallengeSource(try directorySettings(json))
        guard case .reject(.challengeUnknown, _) = await source.judge(try question("x")) else {
            Issue.record("bound as nobody")
            return
        }
        try await listener.close()
    }

    /// A listener on this machine that says what it is told to.
    private struct Listener {
        let channel: any Channel

        init(_ liar: Liar) async throws {
            channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Handler(liar))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
        }

        var port: Int { channel.localAddress?.port ?? 0 }
        func close() async throws { try await channel.close() }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let liar: Liar
        private var answers: ArraySlice<[UInt8]>

        init(_ liar: Liar) {
            self.liar = liar
            self.answers = liar.answers[...]
        }

        func channelActive(context: ChannelHandlerContext) {
            if !liar.greeting.isEmpty { send(liar.greeting, context) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard let answer = answers.popFirst() else { return }
            guard !answer.isEmpty else { return context.close(promise: nil) }
            send(answer, context)
            if !liar.drip.isEmpty { drip(context.channel) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        }

        private func drip(_ channel: any Channel) {
            let bytes = liar.drip
            channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(200)) { task in
                guard channel.isActive else { return task.cancel() }
                channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            }
        }
    }
}
