// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp

/// The command `sceptic version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Tells the version.")

    func run() {
        Terminal.result("sceptic \(ProductVersion.text)")
    }
}
