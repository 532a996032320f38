// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser

/// The product's version.
enum ProductVersion {
    static let text = "0.1.0"
}

/// The command `sceptic version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Tells the version.")

    func run() {
        Terminal.result("sceptic \(ProductVersion.text)")
    }
}
