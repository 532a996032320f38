// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct PollCommandTests {
    private let enrolment = [
        "enroll", "--subject", "CN=device-1", "--key-out", "device.key", "--cert-out", "device.pem", "--pending-out",
        "pending.json",
    ]
    private let poll = ["poll", "--pending", "pending.json", "--key", "device.key", "--cert-out", "device.pem"]

    private func exists(_ name: String, in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
    }

    @Test func storesARequestThatWaitsAndPollsForItLater() async throws {
        try await LoopbackServer.run(try ApprovingServer(polls: 1).server().answer) { loopback in
            try await Command.inFolder { folder in
                let url = ["--url", loopback.url()]
                let first = try await Command.run(
                    enrolment + url + ["--challenge-file", "-", "--json"],
                    input: "swordfish\n",
                    in: folder
                )
                #expect(first.code == 6)
                let id = try #require(try first.json()["transactionID"] as? String)
                #expect(try first.json()["status"] as? String == "pending")
                #expect(
                    try first.json()["files"] as? [String: String] == ["key": "device.key", "pending": "pending.json"]
                )
                #expect(first.errors.contains("error: the request waits for approval\n"))
                #expect(
                    first.errors.contains(
                        "hint: once the server's operator has approved transaction \(id), "
                            + "run `sceptic poll --pending pending.json --key device.key`\n"
                    )
                )
                #expect(!first.errors.contains("note: "))
                let pending = folder.appendingPathComponent("pending.json")
                let mode = try FileManager.default.attributesOfItem(atPath: pending.path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let stored = try Data(contentsOf: pending)
                #expect(stored.range(of: Data("swordfish".utf8)) == nil)

                let second = try await Command.run(poll + url, in: folder)
                #expect(second.code == 6)
                #expect(try Data(contentsOf: pending) == stored)
                #expect(!exists("device.pem", in: folder))

                let third = try await Command.run(poll + url + ["--chain-out", "chain.pem", "--json"], in: folder)
                #expect(third.code == 0)
                #expect(try third.json()["transactionID"] as? String == id)
                #expect(exists("device.pem", in: folder))
                #expect(exists("chain.pem", in: folder))
                #expect(!exists("pending.json", in: folder))
            }
        }
    }

    @Test func waitsAndRemovesWhatItStored() async throws {
        try await LoopbackServer.run(try ApprovingServer(polls: 1).server().answer) { loopback in
            try await Command.inFolder { folder in
                let arguments = enrolment + ["--url", loopback.url(), "--wait", "60", "--poll-interval", "1"]
                let outcome = try await Command.run(arguments, in: folder)
                #expect(outcome.code == 0, "\(outcome.errors)")
                #expect(exists("device.pem", in: folder))
                #expect(!exists("pending.json", in: folder))
            }
        }
    }

    @Test func requirement134StopsWaitingWhenTheTimeIsOver() async throws {
        try await LoopbackServer.run(try ApprovingServer(polls: 1000).server().answer) { loopback in
            try await Command.inFolder { folder in
                let arguments = enrolment + ["--url", loopback.url(), "--wait", "2", "--poll-interval", "1"]
                let outcome = try await Command.run(arguments, in: folder)
                #expect(outcome.code == 6)
                #expect(outcome.errors.contains("error: the request still waits for approval after "))
                #expect(exists("pending.json", in: folder))
            }
        }
    }

    @Test func requirement133HasOneRequestWaitingAtATime() async throws {
        try await LoopbackServer.run(try ApprovingServer(polls: 1000).server().answer) { loopback in
            try await Command.inFolder { folder in
                let url = ["--url", loopback.url()]
                #expect(try await Command.run(enrolment + url, in: folder).code == 6)
                let before = loopback.requests.count
                let again = try await Command.run(
                    [
                        "enroll", "--subject", "CN=device-1", "--key", "device.key", "--cert-out", "device.pem",
                        "--pending-out", "pending.json",
                    ] + url,
                    in: folder
                )
                #expect(again.code == 7)
                #expect(again.errors.contains("error: pending.json is already there\n"))
                #expect(loopback.requests.count == before)
            }
        }
    }

    @Test func requirement134ForgetsARequestThatIsRefused() async throws {
        let server = try ApprovingServer(polls: 0).server { poll, _, server in try server.failure(poll, .badRequest) }
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                let url = ["--url", loopback.url()]
                #expect(try await Command.run(enrolment + url, in: folder).code == 6)
                let outcome = try await Command.run(poll + url + ["--json"], in: folder)
                #expect(outcome.code == 1)
                #expect(try outcome.json()["failInfo"] as? String == "badRequest")
                #expect(!exists("pending.json", in: folder))
            }
        }
    }

    @Test func keepsTheRequestWhenTheServerCannotBeReached() async throws {
        let server = try ApprovingServer(polls: 0).server { _, _, _ in .text("later", .serviceUnavailable) }
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                let url = ["--url", loopback.url()]
                let first = try await Command.run(enrolment + url, in: folder)
                let second = try await Command.run(poll + url, in: folder)
                #expect([first.code, second.code] == [6, 3])
                #expect(exists("pending.json", in: folder))
            }
        }
    }

    @Test(arguments: ["p256", "p384", "p521"])
    func requirement163EnrolsAndPollsForECKeys(_ type: String) async throws {
        try await LoopbackServer.run(try ApprovingServer(polls: 0).server().answer) { loopback in
            try await Command.inFolder { folder in
                let url = ["--url", loopback.url()]
                let challenge = ["SCEPTIC_CHALLENGE": "swordfish"]
                let first = try await Command.run(
                    enrolment + url + ["--key-type", type],
                    environment: challenge,
                    in: folder
                )
                #expect(first.code == 6, "\(first.errors)")
                let without = try await Command.run(poll + url, in: folder)
                #expect(without.code == 2)
                #expect(without.errors.contains("hint: give the challenge"))
                let second = try await Command.run(poll + url, environment: challenge, in: folder)
                #expect(second.code == 0, "\(second.errors)")
            }
        }
    }

    @Test func refusesWhatItCannotPollFor() async throws {
        try await LoopbackServer.run(try ApprovingServer(polls: 9).server().answer) { loopback in
            try await Command.inFolder { folder in
                let url = ["--url", loopback.url()]
                #expect(try await Command.run(enrolment + url, in: folder).code == 6)
                let other = try TestCertificates.otherKey().pkcs8()
                try Data(PEM.encode(other, label: PEM.privateKey).utf8)
                    .write(to: folder.appendingPathComponent("other.key"))
                try Data("{}".utf8).write(to: folder.appendingPathComponent("empty.json"))
                let before = loopback.requests.count
                let tail = ["--cert-out", "device.pem"] + url
                let attempts: [(Int32, [String], String)] = [
                    (2, ["--pending", "pending.json", "--key", "other.key"], "the key is not that of the certificate"),
                    (7, ["--pending", "empty.json", "--key", "device.key"], "there is no request in empty.json"),
                    (2, ["--pending", "device.key", "--key", "device.key"], "each file needs a name of its own"),
                    (7, ["--pending", "nothing", "--key", "device.key"], "can't read nothing"),
                    (
                        2, ["--pending", "pending.json", "--key", "device.key", "--wait", "0"],
                        "--wait takes 1 to 2592000 seconds"
                    ),
                    (
                        2, ["--pending", "pending.json", "--key", "device.key", "--poll-interval", "0"],
                        "--poll-interval takes 1 to 86400 seconds"
                    ),
                ]
                for (code, arguments, sentence) in attempts {
                    let outcome = try await Command.run(["poll"] + arguments + tail, in: folder)
                    #expect(outcome.code == code, "\(arguments): \(outcome.errors)")
                    #expect(outcome.errors.contains("error: \(sentence)"), "\(outcome.errors)")
                }
                #expect(loopback.requests.count == before)
                #expect(exists("pending.json", in: folder))
            }
        }
    }
}
