// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import AdminClient
internal import ArgumentParser
internal import ServerApp

internal import class Foundation.ProcessInfo

/// The options that say where an operation is carried out: beside the state folder, or by a server.
struct AdministrationOptions: ParsableArguments {
    @OptionGroup var local: DataOption

    @Option(
        help:
            "The address of a server's admin listener, such as https://scep.example:8443, instead of a state folder; SCEPTIC_SERVER if no state folder is named either."
    )
    var server: String?

    @Option(
        help: "A file with the token for the server; SCEPTIC_TOKEN_FILE, or SCEPTIC_TOKEN itself, if it is not given."
    )
    var tokenFile: String?

    @Option(help: "A PEM file with the CAs that the server's certificate may be from; the system's if it is not given.")
    var serverCA: String?

    /// Where operations are carried out.
    var administrator: Administrator {
        get async throws {
            let environment = ProcessInfo.processInfo.environment
            guard server == nil || local.data == nil else {
                throw AppError(
                    .usage,
                    "Both a state folder and a server are named.",
                    hint: "Leave --data or --server out."
                )
            }
            func named(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
            // A state folder that is at hand needs no token, whatever else the environment names.
            let isHere = local.data != nil || named("SCEPTIC_DATA") != nil
            guard let server = server ?? (isHere ? nil : named("SCEPTIC_SERVER")) else {
                let principal = Principal(name: "local:\(StateFolder.user)", origin: "local", roles: [.administrator])
                return .local(Administration(try await local.folder.open()), principal)
            }
            do {
                return .remote(try AdminClient(server: server, token: try token(environment), authorities: serverCA))
            } catch let error as AdminClientError {
                guard case .unusable(let sentence, let hint) = error else { throw error }
                throw AppError(.usage, "The server can't be asked: \(sentence).", hint: hint)
            }
        }
    }

    private func token(_ environment: [String: String]) throws -> String {
        if let file = tokenFile ?? environment["SCEPTIC_TOKEN_FILE"] { return try DocumentFile.firstLine(file) }
        guard let token = environment["SCEPTIC_TOKEN"], !token.isEmpty else {
            throw AppError(
                .usage,
                "No token says who asks the server.",
                hint: "Add --token-file FILE, or set SCEPTIC_TOKEN."
            )
        }
        return token
    }
}
