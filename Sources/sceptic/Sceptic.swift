// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import ServerApp

#if canImport(Glibc)
internal import Glibc
#endif

/// The command line: subcommands, nothing else.
@main
struct Sceptic: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sceptic",
        abstract: "A SCEP server, registration authority and small CA.",
        discussion: """
            Exit codes: 0 done, 1 refused by a SCEP server or not as it was to be, 64 wrong command line, 70 something failed, \
            73 exists already or is not there, 75 busy, 77 not allowed, 78 the state folder can't be used.
            The client commands have codes of their own; see their help.
            """,
        version: ProductVersion.text,
        subcommands: [
            Initialize.self, Serve.self, CheckConfigCommand.self, DoctorCommand.self, HealthCommand.self,
            ChallengeCommand.self, RegistrationCommand.self, ProfileCommand.self,
            RAProfileCommand.self,
            RequestCommand.self,
            CertificateCommand.self, CACommand.self, OperatorCommand.self, TokenCommand.self, WhoAmICommand.self,
            AuditCommand.self, Enroll.self, Renew.self, Poll.self, GetCA.self, GetNextCA.self,
            GetCaps.self, GetCert.self, GetCRL.self, ProbeCommand.self, MigrateStoreCommand.self, VersionCommand.self,
        ]
    )

    /// Ends the process at once: what libraries clear away at the end, threads may still use that talk to a database.
    private static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    static func main() async {
        LibraryLifetime.isTheProcess()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            end(EXIT_SUCCESS)
        } catch let error as AppError {
            Terminal.complain(error)
            end(error.exitCode)
        } catch {
            exit(withError: error)
        }
    }
}
