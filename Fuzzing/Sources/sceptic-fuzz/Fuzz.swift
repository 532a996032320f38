// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibFuzzer
internal import Foundation
internal import FuzzTargets

/// The target of this process, named by `--target=` on its command line; libFuzzer passes over arguments that begin so.
private let target: FuzzTarget = {
    let names = CommandLine.arguments.compactMap { value(of: "--target=", in: $0) }
    guard let name = names.last, let target = FuzzTarget(rawValue: name) else {
        stop("Name a target: --target=\(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|"))")
    }
    return target
}()

private func value(of option: String, in argument: String) -> String? {
    argument.hasPrefix(option) ? String(argument.dropFirst(option.count)) : nil
}

private func stop(_ reason: String) -> Never {
    FileHandle.standardError.write(Data((reason + "\n").utf8))
    exit(2)
}

@main
enum Fuzz {
    /// Fuzzes, or writes the inputs to begin with when `--write-seeds=FOLDER` asks for it.
    static func main() {
        if let folder = CommandLine.arguments.compactMap({ value(of: "--write-seeds=", in: $0) }).last {
            return writeSeeds(to: URL(fileURLWithPath: folder))
        }
        _ = target
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        exit(unsafe LLVMFuzzerRunDriver(&count, &arguments, testOneInput))
    }

    private static func writeSeeds(to folder: URL) {
        do {
            for seed in try FuzzSeed.all() {
                let place = folder.appendingPathComponent(seed.target.rawValue)
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                try Data(seed.bytes).write(to: place.appendingPathComponent(seed.name))
            }
        } catch {
            stop("The seeds can't be written: \(error)")
        }
    }
}

/// Feeds the target with one input; a trap is what libFuzzer counts as a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do {
        try target.check(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        fatalError("does not hold: \(error)")
    }
    return 0
}

/// Changes one value in the tree of an encoding, with all lengths around it right; half of the time the bytes as they are.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32) -> Int {
    var mutation = StructureMutation(seed: seed)
    if target.isStructured, !seed.isMultiple(of: 3),
        let changed = mutation.change(unsafe Array(UnsafeBufferPointer(start: data, count: size))),
        changed.count <= maximum, !changed.isEmpty
    {
        _ = unsafe UnsafeMutableBufferPointer(start: data, count: changed.count).update(fromContentsOf: changed)
        return changed.count
    }
    return unsafe LLVMFuzzerMutate(data, size, maximum)
}

/// Mutates bytes as libFuzzer does.
func mutateBytes(_ bytes: [UInt8]) -> [UInt8] {
    let maximum = bytes.count + 64
    var buffer = bytes + [UInt8](repeating: 0, count: 64)
    let count = unsafe buffer.withUnsafeMutableBufferPointer { storage in
        unsafe storage.baseAddress.map { unsafe LLVMFuzzerMutate($0, bytes.count, maximum) } ?? 0
    }
    return Array(buffer.prefix(count))
}
