// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

#if canImport(Glibc)
internal import Glibc
#endif

/// Where a password comes from: a file, standard input, or whoever sits at the terminal.
struct PasswordOptions: ParsableArguments {
    @Option(
        help: "A file whose first line is the password; '-' for standard input. It is asked for if this is not given."
    )
    var passwordFile: String?

    func read() throws -> String {
        let password: String
        if let passwordFile {
            password = try DocumentFile.firstLine(passwordFile)
        } else {
            password = try Self.ask("Password: ")
            guard try Self.ask("Again: ") == password else { throw AppError(.usage, "These are two passwords.") }
        }
        guard OperatorPassword.length.contains(password.unicodeScalars.count) else {
            let length = OperatorPassword.length
            throw AppError(.usage, "A password has \(length.lowerBound) to \(length.upperBound) characters.")
        }
        return password
    }

    /// Asks at the terminal, without showing what is typed.
    private static func ask(_ prompt: String) throws -> String {
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw AppError(
                .usage,
                "There is no terminal to ask for the password.",
                hint: "Add --password-file FILE, or --password-file - for standard input."
            )
        }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            Terminal.note("")
        }
        Terminal.prompt(prompt)
        guard let line = readLine() else { throw AppError(.usage, "No password was typed.") }
        return line
    }
}
