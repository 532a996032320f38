// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PackageDescription

/// The settings of the root package's targets.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .treatWarning("ExplicitSendable", as: .error),
]

let package = Package(
    name: "sceptic-fuzzing",
    dependencies: [
        // Named, because the folder of a clone may be called anything.
        .package(name: "sceptic", path: "../")
    ],
    targets: [
        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "sceptic-fuzz",
            dependencies: ["CLibFuzzer", .product(name: "FuzzTargets", package: "sceptic")],
            swiftSettings: strict
        ),
    ]
)
