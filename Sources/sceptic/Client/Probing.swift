// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Foundation
internal import SCEPProbe
internal import ServerApp

/// One run of `sceptic probe`.
struct Probing {
    let arguments: ProbeCommand

    func run() async throws {
        let page = arguments.html.map { OutputFile(path: $0, mode: 0o644, existing: .replace) }
        try page?.check()
        let options = try options()
        let report: ProbeReport
        do throws(ProbeError) {
            report = try await Probe.run(options, version: ProductVersion.text)
        } catch {
            switch error {
            case .noURL: throw ClientFailure(.usage, "there is no URL to probe")
            case .notSaved(let why): throw ClientFailure(.localFile, why)
            }
        }
        try page?.write(Array(HTMLReport.render(report).utf8))
        print(arguments.json ? try JSONReport.render(report) : TextReport.render(report))
        guard !report.exchanges.allSatisfy({ $0.answer.hasPrefix("the server can't be reached") }) else {
            throw ClientFailure(
                .network,
                "the server could not be spoken to",
                hint: "is the URL right, and the server running?"
            )
        }
        guard report.conforms else { throw ExitCode(1) }
    }

    private func options() throws -> ProbeOptions {
        var options = ProbeOptions(url: try url(arguments.url, "the URL"))
        try add(arguments.manual, to: &options)
        try add(arguments.rollover, to: &options)
        try add(arguments.other, to: &options)
        try add(arguments.ec, to: &options)
        try add(arguments.noRenewal, to: &options)
        options.challenges[.main] = try InputFile.challenges(path: arguments.challengeFile, codes: arguments.challenge)
        guard let profile = ExpectationProfile.named(arguments.profile) else {
            let names = ExpectationProfile.all.map(\.name).joined(separator: ", ")
            throw ClientFailure(.usage, "there is no profile '\(arguments.profile)'", hint: "--profile takes \(names)")
        }
        options.profile = profile
        options.reusesChallenges = arguments.reuseChallenge
        options.sendsDangerousRequests = arguments.dangerous
        options.timeout = .seconds(try within(1...600, arguments.timeout, "--timeout"))
        options.totalLimit = .seconds(try within(1...86_400, arguments.totalTimeout, "--total-timeout"))
        options.pause = .milliseconds(try within(0...60_000, arguments.pause, "--pause"))
        options.approve = try arguments.approveCommand.map { try DecisionCommand($0).run }
        options.deny = try arguments.denyCommand.map { try DecisionCommand($0).run }
        options.save = try arguments.save.map { try ExchangeFolder(path: $0).save }
        return options
    }

    private func add<Kind>(_ further: FurtherURL<Kind>, to options: inout ProbeOptions) throws {
        if let text = further.url { options.urls[Kind.role] = try url(text, Kind.role.option) }
        if let path = further.challengeFile {
            options.challenges[Kind.role] = try InputFile.challenges(path: path, codes: [])
        }
    }

    private func url(_ text: String, _ name: String) throws -> ProbeURL {
        guard let url = ProbeURL(text) else {
            throw ClientFailure(.usage, "\(name) has to look like http://ca.example/scep, without a user name")
        }
        return url
    }

    private func within(_ range: ClosedRange<Int>, _ value: Int, _ name: String) throws -> Int {
        guard range.contains(value) else {
            throw ClientFailure(.usage, "\(name) takes \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

/// A folder that takes the bytes of exchanges: files that only their owner can read.
struct ExchangeFolder {
    let path: String

    init(path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw ClientFailure(.localFile, "can't make the folder \(path): \((error as NSError).localizedDescription)")
        }
    }

    @Sendable func save(_ number: Int, _ label: String, _ sent: [UInt8], _ received: [UInt8]) throws {
        // Labels are the prober's own words; what is no letter or digit becomes a hyphen all the same.
        let name = label.unicodeScalars.map {
            $0.isASCII && $0.properties.isAlphabetic || $0.properties.numericType != nil ? Character($0) : "-"
        }
        let digits = String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)"
        let stem = "\(path)/\(digits)-\(String(name.prefix(60)))"
        do {
            try OutputFile(path: stem + "-request.bin", mode: 0o600, existing: .replace).write(sent)
            try OutputFile(path: stem + "-answer.bin", mode: 0o600, existing: .replace).write(received)
        } catch let failure as ClientFailure {
            throw UnsavedExchange(description: failure.sentence)
        }
    }
}

/// Why an exchange was not saved.
struct UnsavedExchange: Error, CustomStringConvertible {
    let description: String
}

/// A command that decides a request that waits: a program and its arguments, run without a shell.
struct DecisionCommand {
    /// How a command ended that did not end well.
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private static let placeholder = "{transaction}"
    private let words: [String]

    init(_ text: String) throws {
        self.words = text.split(separator: " ").map { String($0) }
        guard !words.isEmpty, words.contains(where: { $0.contains(Self.placeholder) }) else {
            throw ClientFailure(.usage, "the command that decides needs \(Self.placeholder) among its arguments")
        }
    }

    @Sendable func run(_ transactionID: String) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["--"] + words.map { $0.replacing(Self.placeholder, with: transactionID) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else { throw Failed(description: "its exit status was \(status)") }
    }
}
