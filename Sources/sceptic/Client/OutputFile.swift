// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A file that a command writes whole or not at all.
struct OutputFile: Sendable {
    /// What to do with a file that is there already.
    enum Existing: Sendable {
        case refuse
        case replace
    }

    let path: String
    /// Who may do what with it, such as 0o600.
    let mode: UInt32
    let existing: Existing

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Looks whether the file can be written, before anything is asked of a server.
    func check() throws {
        var isFolder: ObjCBool = false
        if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard !isFolder.boolValue else { throw ClientFailure(.localFile, "\(path) is a folder") }
            guard existing == .replace else { throw alreadyThere }
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else { throw failure("write to the folder \(folder)") }
    }

    /// Writes the file: under another name, forced to the disk, then renamed.
    func write(_ bytes: [UInt8]) throws {
        let temporary = folder + "/.sceptic-\(hexadecimal((0..<8).map { _ in UInt8.random(in: .min ... .max) })).tmp"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(mode))
        guard descriptor >= 0 else { throw failure("create a file in \(folder)") }
        defer { _ = unsafe unlink(temporary) }
        do {
            defer { _ = close(descriptor) }
            // The creation mask may have taken away what others should have.
            guard fchmod(descriptor, mode_t(mode)) == 0 else { throw failure("set the permissions of \(path)") }
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = unsafe rest.withUnsafeBytes { unsafe writeBytes(descriptor, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw failure("write \(path)") }
                rest = rest.dropFirst(written)
            }
            guard fsync(descriptor) == 0 else { throw failure("write \(path) to the disk") }
        }
        try publish(temporary)
        let handle = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if handle >= 0 {
            _ = fsync(handle)
            _ = close(handle)
        }
    }

    private func publish(_ temporary: String) throws {
        if existing == .refuse {
            // A link, unlike a rename, fails when the name has been taken meanwhile.
            if unsafe link(temporary, path) == 0 { return }
            guard errno != EEXIST else { throw alreadyThere }
            // Some file systems have no links: look once more, then rename.
            guard unsafe access(path, F_OK) != 0 else { throw alreadyThere }
        }
        guard unsafe rename(temporary, path) == 0 else { throw failure("write \(path)") }
    }

    private var alreadyThere: ClientFailure {
        ClientFailure(.localFile, "\(path) is already there", hint: "choose another name, or replace it with --force")
    }

    private func failure(_ action: String) -> ClientFailure {
        ClientFailure(.localFile, "can't \(action): \(unsafe String(cString: strerror(errno)))")
    }
}

/// `write(2)`, which `OutputFile.write` hides.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
