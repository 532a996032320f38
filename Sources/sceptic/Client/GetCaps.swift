// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import SCEP
internal import SCEPClient

/// `sceptic get-caps`: shows what a server says that it can do (RFC 8894 §3.5).
struct GetCaps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-caps",
        abstract: "Show the capabilities of a SCEP server.",
        discussion: """
            A server that answers with an error or nothing has no capabilities. Nothing here is authenticated.

            \(ClientExit.help([.done, .usage, .network]))
            """
    )

    @OptionGroup var server: ServerArguments

    func run() async throws {
        try await Terminal.run {
            let capabilities = try await SCEPSession.run(with: try server.server(), options: try server.options()) {
                session in
                try await session.capabilities()
            }
            let report = Report(
                keywords: capabilities.keywords.prefix(64).map { $0.harmless },
                scepStandard: capabilities.isSCEPStandard,
                transport: (capabilities.supportsPOST ? Transport.post : .get).rawValue,
                digest: capabilities.preferredDigest.rawValue,
                cipher: capabilities.preferredCipher.rawValue
            )
            guard !server.json else { return try Terminal.print(json: report) }
            print(report.keywords.isEmpty ? "(none)" : report.keywords.joined(separator: "\n"))
            print("")
            print("sceptic enroll would use: \(report.transport.uppercased()), \(report.digest), \(report.cipher)")
        }
    }

    private struct Report: Encodable {
        var keywords: [String]
        var scepStandard: Bool
        var transport: String
        var digest: String
        var cipher: String
    }
}

extension String {
    /// At most 80 characters that may stand on a terminal: what a server wrote must not move the cursor.
    var harmless: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.filter { $0.value >= 32 && !(127..<160).contains($0.value) }.prefix(80)
            )
        )
    }
}
